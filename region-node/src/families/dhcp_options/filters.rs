//! The filters of DescribeDhcpOptions.

use super::DhcpOptionsState;
use crate::request::{Column, FilterTable};

/// Reference: DescribeDhcpOptions.
pub(super) const FILTERS: FilterTable<DhcpOptionsState> = &[
    ("dhcp-options-id", Column::Id),
    (
        "key",
        Column::Of(|set, probe| {
            set.state.public.dhcp_configurations.iter().for_each(|option| probe.text(option.key()));
        }),
    ),
    ("owner-id", Column::Of(|set, probe| probe.text(&set.account))),
    (
        "value",
        Column::Of(|set, probe| {
            let values = set.state.public.dhcp_configurations.iter().flat_map(|option| &option.values);
            values.for_each(|value| probe.text(value.value()));
        }),
    ),
];
