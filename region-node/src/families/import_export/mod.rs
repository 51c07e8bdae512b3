//! Imports and exports of machines and disks: tasks that run for a while and end in an instance, a volume, an image or a
//! snapshot.

mod actions;
mod conversions;
mod disks;
mod exports;
mod import_image;
mod import_snapshot;
mod task;

use archipelago_proto::ec2::v1::ClientData;
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::time::Millis;
use task::Stage;

pub(crate) use actions::actions;
pub use conversions::Conversion;
pub(crate) use conversions::follow as follow_conversion;
pub use exports::{ImageExport, InstanceExport};
pub use import_image::ImageImport;
pub(crate) use import_image::follow as follow_image;
pub use import_snapshot::SnapshotImport;
pub(crate) use import_snapshot::follow as follow_snapshot;
pub use task::{Run, Task, TaskState};

/// The status of an import or export of the newer kind, its message, and its progress in percent.
fn told(run: &Run, now: Millis, steps: &[&str]) -> (&'static str, Option<String>, Option<String>) {
    match run.stage() {
        Stage::Active | Stage::Ending => {
            ("active", Some(run.step(now, steps).to_owned()), Some(run.percent(now).to_string()))
        }
        Stage::Completed => ("completed", None, None),
        Stage::Cancelled | Stage::Failed => ("deleted", Some(run.message.clone()), None),
    }
}

/// What a client tells of its upload must make sense; nobody asks for it again.
fn check_client_data(data: Option<&ClientData>) -> Ec2Result<()> {
    let times = data.and_then(|data| data.upload_start.zip(data.upload_end));
    if times.is_some_and(|(start, end)| end < start) {
        return Err(Ec2Error::invalid_parameter("The upload may not end before it starts."));
    }
    Ok(())
}
