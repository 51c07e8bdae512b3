//! The filters of DescribeInternetGateways.

use super::InternetGatewayState;
use crate::request::{Column, FilterTable};

/// Reference: DescribeInternetGateways.
pub(super) const FILTERS: FilterTable<InternetGatewayState> = &[
    (
        "attachment.state",
        Column::Of(|gateway, probe| {
            gateway.state.public.attachments.iter().for_each(|attachment| probe.text(attachment.state()));
        }),
    ),
    ("attachment.vpc-id", Column::Link(|gateway, probe| probe.maybe(gateway.state.vpc()))),
    ("internet-gateway-id", Column::Id),
    ("owner-id", Column::Of(|gateway, probe| probe.text(&gateway.account))),
];
