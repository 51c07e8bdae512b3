//! ImportSnapshot: a disk image that becomes a snapshot.

use std::sync::Arc;

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    DescribeImportSnapshotTasksRequest, DescribeImportSnapshotTasksResult, ImportSnapshotRequest, ImportSnapshotResult,
    ImportSnapshotTask, SnapshotTaskDetail, Tag,
};
use prost::Message;

use super::disks::{SNAPSHOT_FORMATS, source};
use super::task::{Run, Stage, Task, TaskCommand, TaskState};
use super::{check_client_data, told};
use crate::Region;
use crate::entity::{Entity as _, Id, Kind, Published};
use crate::families::ebs_settings::{self, Wanted};
use crate::families::snapshots::{self, Imported};
use crate::request::{Column, Context, Describe, FilterTable, required, tags_for};
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct SnapshotImport {
    #[prost(message, required, tag = "1")]
    pub public: ImportSnapshotTask,
    #[prost(string, tag = "2")]
    pub snapshot_id: String,
    #[prost(int32, tag = "3")]
    pub gib: i32,
}

impl Task for SnapshotImport {
    const KIND: Kind = Kind {
        resource_type: "import-snapshot-task",
        prefix: "import-snap",
        not_found: "InvalidConversionTaskId",
        malformed: "InvalidConversionTaskId.Malformed",
        noun: "import task ID",
    };
    const MAKES: bool = true;

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.public.tags
    }
}

pub(super) async fn import_snapshot(cx: Context, input: ImportSnapshotRequest) -> Ec2Result<ImportSnapshotResult> {
    let kind = &TaskState::<SnapshotImport>::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    check_client_data(input.client_data.as_ref())?;
    let container = required("DiskContainer", input.disk_container.as_ref())?;
    let disk = source(
        container.format.as_deref(),
        container.url.as_deref(),
        container.user_bucket.as_ref(),
        SNAPSHOT_FORMATS,
    )?;
    let wanted = Wanted { encrypted: input.encrypted, key: input.kms_key_id.as_deref() };
    let key = ebs_settings::encryption(&cx, wanted, None)?;
    let detail = SnapshotTaskDetail {
        description: container.description.clone(),
        disk_image_size: Some(disk.bytes),
        encrypted: Some(key.is_some()),
        format: Some(disk.format),
        kms_key_id: key,
        url: disk.url,
        user_bucket: disk.bucket,
        ..SnapshotTaskDetail::default()
    };
    let id = cx.snapshot_imports.fresh_id();
    let now = cx.shell.clock.now();
    let public = ImportSnapshotTask {
        description: input.description,
        import_task_id: Some(id.to_string()),
        snapshot_task_detail: Some(detail),
        tags,
    };
    let task = SnapshotImport { public, snapshot_id: cx.snapshots.fresh_id().to_string(), gib: disk.gib };
    let state = TaskState::new(task, Run::new(now, cx.shell.lifecycle.duration(Transition::Import)));
    let shown = view(&state, now);
    let answer = ImportSnapshotResult {
        description: shown.description,
        import_task_id: shown.import_task_id,
        snapshot_task_detail: shown.snapshot_task_detail,
        tags: shown.tags,
    };
    let mut batch = cx.batch();
    batch.create(&cx.snapshot_imports, &id, state)?;
    let answer = cx.commit(batch, answer).await?;
    cx.snapshot_imports.follow_up(&id).await;
    Ok(answer)
}

fn view(state: &TaskState<SnapshotImport>, now: Millis) -> ImportSnapshotTask {
    let mut public = state.task.public.clone();
    let detail = public.snapshot_task_detail.get_or_insert_default();
    let (status, message, progress) = told(&state.run, now, &["pending", "validated", "converting"]);
    detail.status = Some(status.into());
    (detail.status_message, detail.progress) = (message, progress);
    detail.snapshot_id = (state.run.stage() == Stage::Completed).then(|| state.task.snapshot_id.clone());
    public
}

const FILTERS: FilterTable<TaskState<SnapshotImport>> =
    &[("task-state", Column::Of(|task, probe| probe.text(told(&task.state.run, 0, &[]).0)))];

pub(super) async fn describe_import_snapshot_tasks(
    cx: Context,
    input: DescribeImportSnapshotTasksRequest,
) -> Ec2Result<DescribeImportSnapshotTasksResult> {
    let describe = Describe {
        ids: &input.import_task_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=1000,
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.snapshot_imports, FILTERS)?;
    let now = cx.shell.clock.now();
    let import_snapshot_tasks = page.map(|task| view(&task.state, now));
    Ok(DescribeImportSnapshotTasksResult { next_token: page.next_token, import_snapshot_tasks })
}

/// Makes the snapshot. It may have been made before a restart.
pub(crate) async fn follow(region: Arc<Region>, task: Arc<Published<TaskState<SnapshotImport>>>) {
    let cx = Context::internal(&region, &task.account);
    let ended = make(&cx, &task).await.map_err(|error| format!("ClientError: {}", error.message));
    let _ = cx.snapshot_imports.ask(&task.id, TaskCommand::End(ended)).await;
}

async fn make(cx: &Context, task: &Published<TaskState<SnapshotImport>>) -> Ec2Result<()> {
    let import = &task.state.task;
    let id = Id::new(&import.snapshot_id);
    if cx.snapshots.index().get(&id).is_some() {
        return Ok(());
    }
    let detail = import.public.snapshot_task_detail.clone().unwrap_or_default();
    let description = format!("Created by AWS-VMImport service for {}", task.id);
    let mut batch = cx.batch();
    let disk = Imported { gib: import.gib, key: detail.kms_key_id, description: &description, tags: Vec::new() };
    snapshots::imported(cx, &mut batch, &id, disk)?;
    batch.commit().await
}
