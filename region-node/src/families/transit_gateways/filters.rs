//! The filters of the describe actions on transit gateways.

use archipelago_proto::ec2::v1::{
    TransitGatewayAttachmentAssociation, TransitGatewayOptions, TransitGatewayVpcAttachment,
};

use super::TransitGatewayState;
use super::view::{AttachmentView, Seen, TableView};
use crate::request::{Column, FilterTable, Table};

macro_rules! option {
    ($name:literal, $get:ident) => {
        (
            concat!("options.", $name),
            Column::Of(|row, probe| {
                probe.maybe(row.state.public.options.as_ref().map(TransitGatewayOptions::$get));
            }),
        )
    };
}

/// botocore: DescribeTransitGateways.
pub(super) const GATEWAYS: FilterTable<TransitGatewayState> = &[
    option!("propagation-default-route-table-id", propagation_default_route_table_id),
    (
        "options.amazon-side-asn",
        Column::Of(|row, probe| {
            probe.number(row.state.public.options.as_ref().and_then(|options| options.amazon_side_asn));
        }),
    ),
    option!("association-default-route-table-id", association_default_route_table_id),
    option!("auto-accept-shared-attachments", auto_accept_shared_attachments),
    option!("default-route-table-association", default_route_table_association),
    option!("default-route-table-propagation", default_route_table_propagation),
    option!("dns-support", dns_support),
    option!("vpn-ecmp-support", vpn_ecmp_support),
    ("owner-id", Column::Of(|row, probe| probe.text(&row.account))),
    ("state", Column::Of(|row, probe| probe.text(row.state.public.state()))),
    ("transit-gateway-id", Column::Id),
];

/// botocore: DescribeTransitGatewayVpcAttachments.
pub(super) const VPC_ATTACHMENTS: Table<Seen<TransitGatewayVpcAttachment>> = &[
    ("state", Column::Of(|row, probe| probe.text(row.public.state()))),
    ("transit-gateway-attachment-id", Column::Id),
    ("transit-gateway-id", Column::Of(|row, probe| probe.text(row.public.transit_gateway_id()))),
    ("vpc-id", Column::Of(|row, probe| probe.text(row.public.vpc_id()))),
];

/// botocore: DescribeTransitGatewayAttachments.
pub(super) const ATTACHMENTS: Table<AttachmentView> = &[
    (
        "association.state",
        Column::Of(|row, probe| {
            probe.maybe(row.public.association.as_ref().map(TransitGatewayAttachmentAssociation::state));
        }),
    ),
    (
        "association.transit-gateway-route-table-id",
        Column::Of(|row, probe| {
            probe.maybe(
                row.public
                    .association
                    .as_ref()
                    .map(TransitGatewayAttachmentAssociation::transit_gateway_route_table_id),
            );
        }),
    ),
    ("resource-id", Column::Of(|row, probe| probe.text(row.public.resource_id()))),
    ("resource-owner-id", Column::Of(|row, probe| probe.text(row.public.resource_owner_id()))),
    ("resource-type", Column::Of(|row, probe| probe.text(row.public.resource_type()))),
    ("state", Column::Of(|row, probe| probe.text(row.public.state()))),
    ("transit-gateway-attachment-id", Column::Id),
    ("transit-gateway-id", Column::Of(|row, probe| probe.text(row.public.transit_gateway_id()))),
    ("transit-gateway-owner-id", Column::Of(|row, probe| probe.text(row.public.transit_gateway_owner_id()))),
];

/// botocore: DescribeTransitGatewayRouteTables.
pub(super) const TABLES: Table<TableView> = &[
    (
        "default-association-route-table",
        Column::Of(|row, probe| probe.flag(row.public.default_association_route_table)),
    ),
    (
        "default-propagation-route-table",
        Column::Of(|row, probe| probe.flag(row.public.default_propagation_route_table)),
    ),
    ("state", Column::Of(|row, probe| probe.text(row.public.state()))),
    ("transit-gateway-id", Column::Of(|row, probe| probe.text(row.public.transit_gateway_id()))),
    ("transit-gateway-route-table-id", Column::Id),
];
