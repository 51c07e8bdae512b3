//! The actions on imports and exports (reference: "VM Import" and "VM Export"); each kind of task has a file of its own.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{CancelImportTaskRequest, CancelImportTaskResult};

use super::conversions::{cancel_conversion_task, describe_conversion_tasks, import_instance, import_volume};
use super::exports::{
    cancel_export_task, create_instance_export_task, describe_export_image_tasks, describe_export_tasks, export_image,
};
use super::import_image::{ImageImport, describe_import_image_tasks, import_image};
use super::import_snapshot::{describe_import_snapshot_tasks, import_snapshot};
use super::task::{Task as _, TaskCommand};
use super::told;
use crate::request::{Action, Context, required};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(import_instance),
        Action::new(import_volume),
        Action::new(describe_conversion_tasks),
        Action::new(cancel_conversion_task),
        Action::new(create_instance_export_task),
        Action::new(describe_export_tasks),
        Action::new(cancel_export_task),
        Action::new(import_image),
        Action::new(describe_import_image_tasks),
        Action::new(import_snapshot),
        Action::new(describe_import_snapshot_tasks),
        Action::new(cancel_import_task),
        Action::new(export_image),
        Action::new(describe_export_image_tasks),
    ]
}

/// Imports of images and of snapshots alike.
async fn cancel_import_task(cx: Context, input: CancelImportTaskRequest) -> Ec2Result<CancelImportTaskResult> {
    let id = required("ImportTaskId", input.import_task_id.as_deref())?;
    let cancel = TaskCommand::Cancel(input.cancel_reason.clone());
    let (before, after) = if id.starts_with(ImageImport::KIND.prefix) {
        let task = cx.image_imports.find(&cx.account, id)?;
        (task.state.run.clone(), cx.image_imports.ask(&task.id, cancel).await?.published.state.run.clone())
    } else {
        let task = cx.snapshot_imports.find(&cx.account, id)?;
        (task.state.run.clone(), cx.snapshot_imports.ask(&task.id, cancel).await?.published.state.run.clone())
    };
    Ok(CancelImportTaskResult {
        import_task_id: input.import_task_id,
        previous_state: Some(told(&before, 0, &[]).0.to_owned()),
        state: Some(told(&after, 0, &[]).0.to_owned()),
    })
}
