//! The filters of the describe actions (botocore: DescribeClientVpn…).

use archipelago_proto::ec2::v1::{AuthorizationRule, ClientVpnConnection, ClientVpnRoute, TargetNetwork};

use super::ClientVpnState;
use crate::request::{Column, FilterTable, Row, Table};

pub(super) const ENDPOINTS: FilterTable<ClientVpnState> = &[
    ("endpoint-id", Column::Id),
    ("transport-protocol", Column::Of(|endpoint, probe| probe.text(endpoint.state.public.transport_protocol()))),
];

impl Row for TargetNetwork {
    fn id(&self) -> &str {
        self.association_id()
    }
}

pub(super) const NETWORKS: Table<TargetNetwork> = &[
    ("association-id", Column::Id),
    ("target-network-id", Column::Of(|network, probe| probe.text(network.target_network_id()))),
    ("vpc-id", Column::Of(|network, probe| probe.text(network.vpc_id()))),
];

/// A route, and where a page ends.
pub(super) struct RouteRow {
    position: String,
    pub(super) public: ClientVpnRoute,
}

impl RouteRow {
    pub(super) fn new(public: ClientVpnRoute) -> Self {
        Self { position: format!("{} {}", public.destination_cidr(), public.target_subnet()), public }
    }
}

impl Row for RouteRow {
    fn id(&self) -> &str {
        &self.position
    }
}

pub(super) const ROUTES: Table<RouteRow> = &[
    ("destination-cidr", Column::Of(|row, probe| probe.text(row.public.destination_cidr()))),
    ("origin", Column::Of(|row, probe| probe.text(row.public.origin()))),
    ("target-subnet", Column::Of(|row, probe| probe.text(row.public.target_subnet()))),
];

/// A rule, likewise.
pub(super) struct RuleRow {
    position: String,
    pub(super) public: AuthorizationRule,
}

impl RuleRow {
    pub(super) fn new(public: AuthorizationRule) -> Self {
        Self { position: format!("{} {}", public.destination_cidr(), public.group_id()), public }
    }
}

impl Row for RuleRow {
    fn id(&self) -> &str {
        &self.position
    }
}

pub(super) const RULES: Table<RuleRow> = &[
    ("description", Column::Of(|row, probe| probe.maybe(row.public.description.as_deref()))),
    ("destination-cidr", Column::Of(|row, probe| probe.text(row.public.destination_cidr()))),
    ("group-id", Column::Of(|row, probe| probe.maybe(row.public.group_id.as_deref()))),
];

impl Row for ClientVpnConnection {
    fn id(&self) -> &str {
        self.connection_id()
    }
}

pub(super) const CONNECTIONS: Table<ClientVpnConnection> =
    &[("connection-id", Column::Id), ("username", Column::Of(|connection, probe| probe.text(connection.username())))];
