//! The filters of DescribePlacementGroups.

use super::PlacementGroupState;
use crate::request::{Column, FilterTable};

/// Reference and AWS: DescribePlacementGroups.
pub(super) const FILTERS: FilterTable<PlacementGroupState> = &[
    ("group-arn", Column::Of(|group, probe| probe.maybe(group.state.public.group_arn.as_deref()))),
    ("group-id", Column::Id),
    ("group-name", Column::Of(|group, probe| probe.text(group.state.public.group_name()))),
    ("spread-level", Column::Of(|group, probe| probe.maybe(group.state.public.spread_level.as_deref()))),
    ("state", Column::Of(|group, probe| probe.text(group.state.public.state()))),
    ("strategy", Column::Of(|group, probe| probe.text(group.state.public.strategy()))),
];
