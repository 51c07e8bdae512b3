//! The filters of DescribeSnapshots, and the rows that they are held against.

use archipelago_proto::ec2::v1::{Snapshot, Tag};

use crate::request::{Column, Row, Table};

/// A snapshot as the caller sees it now.
pub(super) struct SnapshotRow {
    pub(super) public: Snapshot,
    /// Whether it is within the scope of the request.
    pub(super) wanted: bool,
}

impl Row for SnapshotRow {
    fn id(&self) -> &str {
        self.public.snapshot_id()
    }

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }
}

/// Reference: DescribeSnapshots.
pub(super) const FILTERS: Table<SnapshotRow> = &[
    ("description", Column::Of(|row, probe| probe.text(row.public.description()))),
    ("encrypted", Column::Of(|row, probe| probe.flag(row.public.encrypted))),
    ("owner-alias", Column::Of(|row, probe| probe.maybe(row.public.owner_alias.as_deref()))),
    ("owner-id", Column::Of(|row, probe| probe.text(row.public.owner_id()))),
    ("progress", Column::Of(|row, probe| probe.text(row.public.progress()))),
    ("snapshot-id", Column::Id),
    ("start-time", Column::Of(|row, probe| probe.time(row.public.start_time))),
    ("status", Column::Of(|row, probe| probe.text(row.public.state()))),
    ("storage-tier", Column::Of(|row, probe| probe.text(row.public.storage_tier()))),
    ("transfer-type", Column::Of(|row, probe| probe.maybe(row.public.transfer_type.as_deref()))),
    ("volume-id", Column::Of(|row, probe| probe.text(row.public.volume_id()))),
    ("volume-size", Column::Of(|row, probe| probe.number(row.public.volume_size))),
];
