//! The filters of VPNs' describe actions.

use archipelago_proto::ec2::v1::{Tag, VpnConnection, VpnConnectionOptions, VpnStaticRoute};

use super::{CustomerGatewayState, VpnGatewayState};
use crate::entity::Id;
use crate::request::{Column, FilterTable, Row, Table};

/// Reference: DescribeCustomerGateways.
pub(super) const CUSTOMER_GATEWAYS: FilterTable<CustomerGatewayState> = &[
    (
        "bgp-asn",
        Column::Of(|gateway, probe| {
            let public = &gateway.state.public;
            probe.maybe(public.bgp_asn.as_deref().or(public.bgp_asn_extended.as_deref()));
        }),
    ),
    ("customer-gateway-id", Column::Id),
    ("device-name", Column::Of(|gateway, probe| probe.maybe(gateway.state.public.device_name.as_deref()))),
    ("ip-address", Column::Of(|gateway, probe| probe.maybe(gateway.state.public.ip_address.as_deref()))),
    ("state", Column::Of(|gateway, probe| probe.text(gateway.state.public.state()))),
    ("type", Column::Of(|gateway, probe| probe.text(gateway.state.public.r#type()))),
];

/// Reference: DescribeVpnGateways.
pub(super) const GATEWAYS: FilterTable<VpnGatewayState> = &[
    ("amazon-side-asn", Column::Of(|gateway, probe| probe.number(gateway.state.public.amazon_side_asn))),
    (
        "attachment.state",
        Column::Of(|gateway, probe| gateway.state.public.vpc_attachments.iter().for_each(|a| probe.text(a.state()))),
    ),
    (
        "attachment.vpc-id",
        Column::Of(|gateway, probe| gateway.state.public.vpc_attachments.iter().for_each(|a| probe.text(a.vpc_id()))),
    ),
    ("availability-zone", Column::Of(|gateway, probe| probe.maybe(gateway.state.public.availability_zone.as_deref()))),
    ("state", Column::Of(|gateway, probe| probe.text(gateway.state.public.state()))),
    ("type", Column::Of(|gateway, probe| probe.text(gateway.state.public.r#type()))),
    ("vpn-gateway-id", Column::Id),
];

/// A connection as it is shown, with the number of its customer gateway.
pub(super) struct ConnectionRow {
    pub(super) id: Id,
    pub(super) shown: VpnConnection,
    pub(super) asn: String,
}

impl Row for ConnectionRow {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &[Tag] {
        &self.shown.tags
    }
}

/// Reference: DescribeVpnConnections.
pub(super) const CONNECTIONS: Table<ConnectionRow> = &[
    ("bgp-asn", Column::Of(|row, probe| probe.text(&row.asn))),
    (
        "customer-gateway-configuration",
        Column::Of(|row, probe| probe.maybe(row.shown.customer_gateway_configuration.as_deref())),
    ),
    ("customer-gateway-id", Column::Of(|row, probe| probe.text(row.shown.customer_gateway_id()))),
    (
        "option.static-routes-only",
        Column::Of(|row, probe| {
            probe.flag(row.shown.options.as_ref().map(VpnConnectionOptions::static_routes_only));
        }),
    ),
    (
        "route.destination-cidr-block",
        Column::Of(|row, probe| {
            row.shown.routes.iter().map(VpnStaticRoute::destination_cidr_block).for_each(|block| probe.text(block));
        }),
    ),
    ("state", Column::Of(|row, probe| probe.text(row.shown.state()))),
    ("transit-gateway-id", Column::Of(|row, probe| probe.maybe(row.shown.transit_gateway_id.as_deref()))),
    ("type", Column::Of(|row, probe| probe.text(row.shown.r#type()))),
    ("vpn-connection-id", Column::Id),
    ("vpn-gateway-id", Column::Of(|row, probe| probe.maybe(row.shown.vpn_gateway_id.as_deref()))),
];
