//! The filters of DescribeVpcEndpointServiceConfigurations and DescribeVpcEndpointServices.

use archipelago_proto::ec2::v1::ServiceDetail;

use super::EndpointServiceState;
use crate::request::{Column, FilterTable, Table};

/// AWS: DescribeVpcEndpointServiceConfigurations.
pub(super) const FILTERS: FilterTable<EndpointServiceState> = &[
    ("service-id", Column::Id),
    ("service-name", Column::Of(|service, probe| probe.text(service.state.public.service_name()))),
    ("service-state", Column::Of(|service, probe| probe.text(service.state.public.service_state()))),
    (
        "supported-ip-address-types",
        Column::Of(|service, probe| {
            service.state.public.supported_ip_address_types.iter().for_each(|kind| probe.text(kind));
        }),
    ),
];

/// AWS: DescribeVpcEndpointServices.
pub(super) const DISCOVERY: Table<ServiceDetail> = &[
    ("owner", Column::Of(|service, probe| probe.text(service.owner()))),
    ("service-name", Column::Of(|service, probe| probe.text(service.service_name()))),
    ("service-region", Column::Of(|service, probe| probe.text(service.service_region()))),
    (
        "service-type",
        Column::Of(|service, probe| service.service_type.iter().for_each(|kind| probe.text(kind.service_type()))),
    ),
    (
        "supported-ip-address-types",
        Column::Of(|service, probe| service.supported_ip_address_types.iter().for_each(|kind| probe.text(kind))),
    ),
];
