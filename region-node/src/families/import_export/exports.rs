//! Exports: of an instance that was imported (CreateInstanceExportTask), and of an image (ExportImage). Where they go is
//! told, and nothing is written: there is no object storage here.

use archipelago_proto::ec2::v1::{
    CancelExportTaskRequest, CancelExportTaskResponse, CreateInstanceExportTaskRequest, CreateInstanceExportTaskResult,
    DescribeExportImageTasksRequest, DescribeExportImageTasksResult, DescribeExportTasksRequest,
    DescribeExportTasksResult, ExportImageRequest, ExportImageResult, ExportImageTask, ExportTask,
    ExportTaskS3Location, ExportToS3Task, InstanceExportDetails, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::task::{Run, Stage, Task, TaskCommand, TaskState};
use super::told;
use crate::entity::{Entity as _, Kind};
use crate::families::images;
use crate::families::instances::Phase;
use crate::request::{Column, Context, Describe, FilterTable, required, tags_for};
use crate::time::{Millis, Transition};

const LONGEST_DESCRIPTION: usize = 255;
const FORMATS: [&str; 3] = ["VMDK", "RAW", "VHD"];

#[derive(Clone, PartialEq, Message)]
pub struct InstanceExport {
    #[prost(message, required, tag = "1")]
    pub public: ExportTask,
}

#[derive(Clone, PartialEq, Message)]
pub struct ImageExport {
    #[prost(message, required, tag = "1")]
    pub public: ExportImageTask,
}

impl Task for InstanceExport {
    const KIND: Kind = Kind {
        resource_type: "export-instance-task",
        prefix: "export-i",
        not_found: "InvalidExportTaskID.NotFound",
        malformed: "InvalidExportTaskID.Malformed",
        noun: "export task ID",
    };
    const MAKES: bool = false;

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.public.tags
    }
}

impl Task for ImageExport {
    const KIND: Kind = Kind {
        resource_type: "export-image-task",
        prefix: "export-ami",
        not_found: "InvalidExportTaskID.NotFound",
        malformed: "InvalidExportTaskID.Malformed",
        noun: "export task ID",
    };
    const MAKES: bool = false;

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.public.tags
    }
}

pub(super) async fn create_instance_export_task(
    cx: Context,
    input: CreateInstanceExportTaskRequest,
) -> Ec2Result<CreateInstanceExportTaskResult> {
    let kind = &TaskState::<InstanceExport>::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let description = input.description.clone().unwrap_or_default();
    if description.len() > LONGEST_DESCRIPTION {
        return Err(Ec2Error::invalid_parameter(format!(
            "The description may have at most {LONGEST_DESCRIPTION} bytes."
        )));
    }
    let target = required("ExportToS3", input.export_to_s3_task.as_ref())?;
    let bucket = required("ExportToS3.S3Bucket", target.s3_bucket.as_deref().filter(|name| !name.is_empty()))?;
    let environment = input.target_environment();
    let format = target
        .disk_image_format
        .clone()
        .unwrap_or_else(|| if matches!(environment, "microsoft" | "citrix") { "VHD" } else { "VMDK" }.to_owned());
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    if !matches!(instance.state.phase(), Phase::Running | Phase::Stopped) {
        return Err(Ec2Error::new(
            "IncorrectInstanceState",
            format!("The instance '{}' is not in a state from which it can be exported.", instance.id),
        ));
    }
    if !instance.state.private.imported {
        return Err(Ec2Error::new("NotExportable", "Only imported instances can be exported."));
    }
    let id = cx.instance_exports.fresh_id();
    let now = cx.shell.clock.now();
    let container = target.container_format.clone();
    let extension = container.as_ref().unwrap_or(&format).to_lowercase();
    let public = ExportTask {
        description: Some(description),
        export_task_id: Some(id.to_string()),
        export_to_s3_task: Some(ExportToS3Task {
            container_format: container,
            disk_image_format: Some(format),
            s3_bucket: Some(bucket.to_owned()),
            s3_key: Some(format!("{}{id}.{extension}", target.s3_prefix())),
        }),
        instance_export_details: Some(InstanceExportDetails {
            instance_id: Some(instance.id.to_string()),
            target_environment: input.target_environment.clone(),
        }),
        tags,
        ..ExportTask::default()
    };
    let run = Run::new(now, cx.shell.lifecycle.duration(Transition::Export));
    let state = TaskState::new(InstanceExport { public }, run);
    let export_task = Some(instance_view(&state));
    let mut batch = cx.batch();
    batch.create(&cx.instance_exports, &id, state)?;
    cx.commit(batch, CreateInstanceExportTaskResult { export_task }).await
}

fn instance_view(state: &TaskState<InstanceExport>) -> ExportTask {
    let (told, message) = match state.run.stage() {
        Stage::Active | Stage::Ending => ("active", "Running"),
        Stage::Completed => ("completed", "Completed"),
        Stage::Cancelled | Stage::Failed => ("cancelled", "Cancelled"),
    };
    ExportTask { state: Some(told.into()), status_message: Some(message.into()), ..state.task.public.clone() }
}

const INSTANCE_FILTERS: FilterTable<TaskState<InstanceExport>> = &[];

pub(super) async fn describe_export_tasks(
    cx: Context,
    input: DescribeExportTasksRequest,
) -> Ec2Result<DescribeExportTasksResult> {
    let describe = Describe { ids: &input.export_task_ids, filters: &input.filters, ..Describe::default() };
    let page = describe.find(&cx, &cx.instance_exports, INSTANCE_FILTERS)?;
    Ok(DescribeExportTasksResult { export_tasks: page.map(|task| instance_view(&task.state)) })
}

/// Exports of instances and of images alike.
pub(super) async fn cancel_export_task(
    cx: Context,
    input: CancelExportTaskRequest,
) -> Ec2Result<CancelExportTaskResponse> {
    let id = input.export_task_id();
    if id.starts_with(ImageExport::KIND.prefix) {
        let task = cx.image_exports.find(&cx.account, id)?;
        cx.image_exports.ask(&task.id, TaskCommand::Cancel(None)).await?;
    } else {
        let task = cx.instance_exports.find(&cx.account, id)?;
        cx.instance_exports.ask(&task.id, TaskCommand::Cancel(None)).await?;
    }
    Ok(CancelExportTaskResponse {})
}

pub(super) async fn export_image(cx: Context, input: ExportImageRequest) -> Ec2Result<ExportImageResult> {
    let kind = &TaskState::<ImageExport>::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let location = required("S3ExportLocation", input.s3_export_location.as_ref())?;
    let bucket = location.s3_bucket.clone().filter(|bucket| !bucket.is_empty());
    let s3_bucket = Some(bucket.ok_or_else(|| Ec2Error::missing_parameter("S3ExportLocation.S3Bucket"))?);
    if !FORMATS.contains(&input.disk_image_format()) {
        return Err(Ec2Error::invalid_value("DiskImageFormat", input.disk_image_format()));
    }
    let image = images::launchable(&cx, input.image_id())?;
    if *image.account != *cx.account {
        return Err(Ec2Error::new("AuthFailure", format!("Not authorized for image:{}", image.id)));
    }
    if !image.state.public.product_codes.is_empty() || image.state.public.root_device_type() != "ebs" {
        return Err(Ec2Error::new("NotExportable", format!("The image '{}' cannot be exported.", image.id)));
    }
    let id = cx.image_exports.fresh_id();
    let now = cx.shell.clock.now();
    let public = ExportImageTask {
        description: input.description.clone(),
        export_image_task_id: Some(id.to_string()),
        image_id: input.image_id.clone(),
        s3_export_location: Some(ExportTaskS3Location { s3_bucket, s3_prefix: location.s3_prefix.clone() }),
        tags,
        ..ExportImageTask::default()
    };
    let run = Run::new(now, cx.shell.lifecycle.duration(Transition::Export));
    let state = TaskState::new(ImageExport { public }, run);
    let shown = image_view(&state, now);
    let answer = ExportImageResult {
        description: shown.description,
        disk_image_format: input.disk_image_format.clone(),
        export_image_task_id: shown.export_image_task_id,
        image_id: shown.image_id,
        role_name: Some(input.role_name.clone().unwrap_or_else(|| "vmimport".to_owned())),
        progress: shown.progress,
        s3_export_location: shown.s3_export_location,
        status: shown.status,
        status_message: shown.status_message,
        tags: shown.tags,
    };
    let mut batch = cx.batch();
    batch.create(&cx.image_exports, &id, state)?;
    cx.commit(batch, answer).await
}

fn image_view(state: &TaskState<ImageExport>, now: Millis) -> ExportImageTask {
    let (status, message, progress) = told(&state.run, now, &["validating", "converting", "updating"]);
    ExportImageTask { status: Some(status.into()), status_message: message, progress, ..state.task.public.clone() }
}

const IMAGE_FILTERS: FilterTable<TaskState<ImageExport>> =
    &[("task-state", Column::Of(|task, probe| probe.text(told(&task.state.run, 0, &[]).0)))];

pub(super) async fn describe_export_image_tasks(
    cx: Context,
    input: DescribeExportImageTasksRequest,
) -> Ec2Result<DescribeExportImageTasksResult> {
    let describe = Describe {
        ids: &input.export_image_task_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=500,
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.image_exports, IMAGE_FILTERS)?;
    let now: Millis = cx.shell.clock.now();
    let export_image_tasks = page.map(|task| image_view(&task.state, now));
    Ok(DescribeExportImageTasksResult { next_token: page.next_token, export_image_tasks })
}
