//! The filters of DescribeFastSnapshotRestores.

use super::FastRestoreState;
use crate::request::{Column, FilterTable};

/// AWS: DescribeFastSnapshotRestores.
pub(super) const FILTERS: FilterTable<FastRestoreState> = &[
    ("availability-zone", Column::Of(|item, probe| probe.text(item.state.public.availability_zone()))),
    ("availability-zone-id", Column::Of(|item, probe| probe.text(item.state.public.availability_zone_id()))),
    ("owner-id", Column::Of(|item, probe| probe.text(item.state.public.owner_id()))),
    ("snapshot-id", Column::Of(|item, probe| probe.text(item.state.public.snapshot_id()))),
    ("state", Column::Of(|item, probe| probe.text(item.state.public.state()))),
];
