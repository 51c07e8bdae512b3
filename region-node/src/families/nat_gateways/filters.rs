//! The filters of DescribeNatGateways.

use super::NatGatewayState;
use crate::request::{Column, FilterTable};

/// AWS: DescribeNatGateways. A deleted gateway links to nothing, so that these are looked at one by one.
pub(super) const FILTERS: FilterTable<NatGatewayState> = &[
    ("nat-gateway-id", Column::Id),
    ("state", Column::Of(|gateway, probe| probe.text(gateway.state.public.state()))),
    ("subnet-id", Column::Of(|gateway, probe| probe.text(gateway.state.public.subnet_id()))),
    ("vpc-id", Column::Of(|gateway, probe| probe.text(gateway.state.public.vpc_id()))),
];
