//! The filters of DescribeRouteTables.

use archipelago_proto::ec2::v1::{Route, RouteTableAssociation};

use super::view::View;
use crate::request::{Column, Probe, Table};

macro_rules! route {
    ($name:literal, $field:ident) => {
        (
            $name,
            Column::Of(|view: &View, probe: &mut Probe<'_>| {
                view.table.routes.iter().for_each(|route: &Route| probe.maybe(route.$field.as_deref()));
            }),
        )
    };
}

macro_rules! association {
    ($name:literal, $field:ident) => {
        (
            $name,
            Column::Of(|view: &View, probe: &mut Probe<'_>| {
                let associations = view.table.associations.iter();
                associations.for_each(|association: &RouteTableAssociation| probe.maybe(association.$field.as_deref()));
            }),
        )
    };
}

/// Reference: DescribeRouteTables, and those that came later.
pub(super) const FILTERS: Table<View> = &[
    association!("association.gateway-id", gateway_id),
    ("association.main", Column::Of(|view, probe| view.table.associations.iter().for_each(|a| probe.flag(a.main)))),
    association!("association.route-table-association-id", route_table_association_id),
    association!("association.route-table-id", route_table_id),
    association!("association.subnet-id", subnet_id),
    ("owner-id", Column::Of(|view, probe| probe.maybe(view.table.owner_id.as_deref()))),
    route!("route.carrier-gateway-id", carrier_gateway_id),
    route!("route.destination-cidr-block", destination_cidr_block),
    route!("route.destination-ipv6-cidr-block", destination_ipv6_cidr_block),
    route!("route.destination-prefix-list-id", destination_prefix_list_id),
    route!("route.egress-only-internet-gateway-id", egress_only_internet_gateway_id),
    route!("route.gateway-id", gateway_id),
    route!("route.instance-id", instance_id),
    route!("route.local-gateway-id", local_gateway_id),
    route!("route.nat-gateway-id", nat_gateway_id),
    route!("route.network-interface-id", network_interface_id),
    route!("route.origin", origin),
    route!("route.state", state),
    route!("route.transit-gateway-id", transit_gateway_id),
    route!("route.vpc-peering-connection-id", vpc_peering_connection_id),
    ("route-table-id", Column::Id),
    ("vpc-id", Column::Link(|view, probe| probe.maybe(view.table.vpc_id.as_deref()))),
];
