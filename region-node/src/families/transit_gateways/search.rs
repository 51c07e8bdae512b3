//! The filters of SearchTransitGatewayRoutes: some compare blocks, the others texts.

use std::net::IpAddr;

use archipelago_proto::ec2::v1::{Filter, TransitGatewayRoute};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;

use crate::request::{Column, Row, Table};

/// A route of a table.
pub(super) struct RouteRow {
    pub(super) destination: IpNet,
    /// Where a page ends.
    pub(super) position: String,
    pub(super) public: TransitGatewayRoute,
}

impl RouteRow {
    pub(super) fn new(public: TransitGatewayRoute) -> Option<Self> {
        let destination: IpNet = public.destination_cidr_block().parse().ok()?;
        Some(Self { destination, position: destination.to_string(), public })
    }
}

impl Row for RouteRow {
    fn id(&self) -> &str {
        &self.position
    }
}

/// botocore: SearchTransitGatewayRoutes, but for those that compare blocks.
pub(super) const FILTERS: Table<RouteRow> = &[
    (
        "attachment.transit-gateway-attachment-id",
        Column::Of(|row, probe| {
            let attachments = row.public.transit_gateway_attachments.iter();
            attachments.for_each(|attachment| probe.text(attachment.transit_gateway_attachment_id()));
        }),
    ),
    (
        "attachment.resource-id",
        Column::Of(|row, probe| {
            let attachments = row.public.transit_gateway_attachments.iter();
            attachments.for_each(|attachment| probe.text(attachment.resource_id()));
        }),
    ),
    (
        "attachment.resource-type",
        Column::Of(|row, probe| {
            let attachments = row.public.transit_gateway_attachments.iter();
            attachments.for_each(|attachment| probe.text(attachment.resource_type()));
        }),
    ),
    ("prefix-list-id", Column::Of(|row, probe| probe.maybe(row.public.prefix_list_id.as_deref()))),
    ("state", Column::Of(|row, probe| probe.text(row.public.state()))),
    ("type", Column::Of(|row, probe| probe.text(row.public.r#type()))),
];

/// The routes that pass the filters `route-search.*`, and the filters that are left.
pub(super) fn narrow(rows: Vec<RouteRow>, filters: &[Filter]) -> Ec2Result<(Vec<RouteRow>, Vec<Filter>)> {
    let (mut rows, mut left) = (rows, Vec::new());
    for filter in filters {
        let Some(search) = filter.name().strip_prefix("route-search.") else {
            left.push(filter.clone());
            continue;
        };
        let wanted = filter.values.iter().map(|value| block(value)).collect::<Ec2Result<Vec<_>>>()?;
        match search {
            "exact-match" => rows.retain(|row| wanted.contains(&row.destination)),
            "subnet-of-match" => rows.retain(|row| wanted.iter().any(|block| block.contains(&row.destination))),
            "supernet-of-match" => rows.retain(|row| wanted.iter().any(|block| row.destination.contains(block))),
            "longest-prefix-match" => {
                let containing = |block: &IpNet| {
                    let containing = rows.iter().map(|row| row.destination).filter(|own| own.contains(block));
                    containing.max_by_key(IpNet::prefix_len)
                };
                let longest: Vec<_> = wanted.iter().filter_map(containing).collect();
                rows.retain(|row| longest.contains(&row.destination));
            }
            other => return Err(Ec2Error::invalid_parameter(format!("The filter 'route-search.{other}' is invalid"))),
        }
    }
    Ok((rows, left))
}

/// A block, or a single address.
fn block(value: &str) -> Ec2Result<IpNet> {
    let address = || value.parse::<IpAddr>().ok().map(IpNet::from);
    value.parse().ok().or_else(address).ok_or_else(|| Ec2Error::invalid_value("Filter.Value", value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, value: &str) -> Vec<String> {
        let row = |block: &str| {
            let route = TransitGatewayRoute { destination_cidr_block: Some(block.into()), ..Default::default() };
            RouteRow::new(route).unwrap()
        };
        let rows = ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "fd00::/8"].map(row).into();
        let filter = Filter { name: Some(format!("route-search.{name}")), values: vec![value.into()] };
        narrow(rows, &[filter]).unwrap().0.into_iter().map(|row| row.position).collect()
    }

    #[test]
    fn blocks_are_compared_as_documented() {
        assert_eq!(found("exact-match", "10.1.0.0/16"), ["10.1.0.0/16"]);
        assert_eq!(found("subnet-of-match", "10.0.0.0/8"), ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24"]);
        assert_eq!(
            found("supernet-of-match", "10.1.2.0/25"),
            ["0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24"]
        );
        assert_eq!(found("longest-prefix-match", "10.1.3.9"), ["10.1.0.0/16"]);
        assert_eq!(found("longest-prefix-match", "fd01::1"), ["fd00::/8"]);
    }
}
