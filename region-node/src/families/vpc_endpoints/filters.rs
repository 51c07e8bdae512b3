//! The filters of DescribeVpcEndpoints and DescribeVpcEndpointConnections.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{Tag, VpcEndpointConnection};

use super::VpcEndpointState;
use crate::entity::Published;
use crate::request::{Column, FilterTable, Row, Table};

/// AWS: DescribeVpcEndpoints.
pub(super) const FILTERS: FilterTable<VpcEndpointState> = &[
    ("ip-address-type", Column::Of(|endpoint, probe| probe.maybe(endpoint.state.public.ip_address_type.as_deref()))),
    ("service-name", Column::Of(|endpoint, probe| probe.text(endpoint.state.public.service_name()))),
    ("service-region", Column::Of(|endpoint, probe| probe.maybe(endpoint.state.public.service_region.as_deref()))),
    ("vpc-endpoint-id", Column::Id),
    ("vpc-endpoint-state", Column::Of(|endpoint, probe| probe.text(endpoint.state.public.state()))),
    ("vpc-endpoint-type", Column::Of(|endpoint, probe| probe.text(endpoint.state.public.vpc_endpoint_type()))),
    ("vpc-id", Column::Link(|endpoint, probe| probe.text(endpoint.state.public.vpc_id()))),
];

/// An endpoint as the owner of its service sees it.
pub(super) struct ConnectionRow {
    pub(super) endpoint: Arc<Published<VpcEndpointState>>,
    pub(super) shown: VpcEndpointConnection,
}

impl Row for ConnectionRow {
    fn id(&self) -> &str {
        &self.endpoint.id
    }

    fn tags(&self) -> &[Tag] {
        &self.shown.tags
    }
}

/// AWS: DescribeVpcEndpointConnections.
pub(super) const CONNECTIONS: Table<ConnectionRow> = &[
    ("ip-address-type", Column::Of(|row, probe| probe.maybe(row.shown.ip_address_type.as_deref()))),
    ("service-id", Column::Link(|row, probe| probe.text(row.shown.service_id()))),
    ("vpc-endpoint-id", Column::Id),
    ("vpc-endpoint-owner", Column::Of(|row, probe| probe.text(row.shown.vpc_endpoint_owner()))),
    ("vpc-endpoint-region", Column::Of(|row, probe| probe.maybe(row.shown.vpc_endpoint_region.as_deref()))),
    ("vpc-endpoint-state", Column::Of(|row, probe| probe.text(row.shown.vpc_endpoint_state()))),
];
