//! The filters of DescribeManagedPrefixLists and DescribePrefixLists.

use super::PrefixListState;
use crate::request::{Column, FilterTable};

/// AWS: DescribeManagedPrefixLists.
pub(super) const FILTERS: FilterTable<PrefixListState> = &[
    ("owner-id", Column::Of(|list, probe| probe.text(list.state.public.owner_id()))),
    ("prefix-list-id", Column::Id),
    ("prefix-list-name", Column::Of(|list, probe| probe.text(list.state.public.prefix_list_name()))),
];

/// AWS: DescribePrefixLists.
pub(super) const SERVICE_FILTERS: FilterTable<PrefixListState> = &[
    ("prefix-list-id", Column::Id),
    ("prefix-list-name", Column::Of(|list, probe| probe.text(list.state.public.prefix_list_name()))),
];
