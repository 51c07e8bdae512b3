//! The filters of DescribeBundleTasks.

use archipelago_proto::ec2::v1::{BundleTask, S3Storage};

use crate::request::{Column, Row, Table};

/// A task as it is at the time of the request.
pub(super) struct TaskRow(pub(super) BundleTask);

impl Row for TaskRow {
    fn id(&self) -> &str {
        self.0.bundle_id()
    }
}

impl TaskRow {
    fn s3(&self) -> Option<&S3Storage> {
        self.0.storage.as_ref()?.s3.as_ref()
    }
}

/// Reference: DescribeBundleTasks.
pub(super) const FILTERS: Table<TaskRow> = &[
    ("bundle-id", Column::Id),
    (
        "error-code",
        Column::Of(|row, probe| probe.maybe(row.0.bundle_task_error.as_ref().and_then(|error| error.code.as_deref()))),
    ),
    (
        "error-message",
        Column::Of(|row, probe| {
            probe.maybe(row.0.bundle_task_error.as_ref().and_then(|error| error.message.as_deref()));
        }),
    ),
    ("instance-id", Column::Of(|row, probe| probe.text(row.0.instance_id()))),
    ("progress", Column::Of(|row, probe| probe.text(row.0.progress()))),
    ("s3-bucket", Column::Of(|row, probe| probe.maybe(row.s3().and_then(|s3| s3.bucket.as_deref())))),
    ("s3-prefix", Column::Of(|row, probe| probe.maybe(row.s3().and_then(|s3| s3.prefix.as_deref())))),
    ("start-time", Column::Of(|row, probe| probe.time(row.0.start_time))),
    ("state", Column::Of(|row, probe| probe.text(row.0.state()))),
    ("update-time", Column::Of(|row, probe| probe.time(row.0.update_time))),
];
