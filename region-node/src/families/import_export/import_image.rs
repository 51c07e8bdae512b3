//! ImportImage: the disks of a machine that become snapshots, and an image of these.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    BlockDeviceMapping, DescribeImportImageTasksRequest, DescribeImportImageTasksResult, EbsBlockDevice, Image,
    ImageDiskContainer, ImportImageLicenseConfigurationResponse, ImportImageRequest, ImportImageResult,
    ImportImageTask, SnapshotDetail, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::disks::{IMAGE_FORMATS, source};
use super::task::{Run, Stage, Task, TaskCommand, TaskState};
use super::{check_client_data, told};
use crate::Region;
use crate::entity::{Batch, Entity as _, Id, Kind, Published, Undo, workflow};
use crate::families::ebs_settings::{self, Wanted};
use crate::families::images;
use crate::families::snapshots::{self, Imported};
use crate::request::{Column, Context, Describe, FilterTable, tags_for};
use crate::time::{Millis, Transition};

const STEPS: [&str; 6] = ["pending", "validating", "converting", "updating", "booting", "preparing ami"];

#[derive(Clone, PartialEq, Message)]
pub struct ImageImport {
    #[prost(message, required, tag = "1")]
    pub public: ImportImageTask,
    #[prost(string, tag = "2")]
    pub image_id: String,
    #[prost(message, repeated, tag = "3")]
    pub disks: Vec<Disk>,
}

/// A disk, in the order of the task's snapshot details.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Disk {
    #[prost(string, tag = "1")]
    pub snapshot_id: String,
    #[prost(int32, tag = "2")]
    pub gib: i32,
    /// The snapshot was there before.
    #[prost(bool, tag = "3")]
    pub given: bool,
}

impl Task for ImageImport {
    const KIND: Kind = Kind {
        resource_type: "import-image-task",
        prefix: "import-ami",
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

pub(super) async fn import_image(cx: Context, input: ImportImageRequest) -> Ec2Result<ImportImageResult> {
    let kind = &TaskState::<ImageImport>::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    check(&input)?;
    let wanted = Wanted { encrypted: input.encrypted, key: input.kms_key_id.as_deref() };
    let key = ebs_settings::encryption(&cx, wanted, None)?;
    let parts = input.disk_containers.iter().zip('a'..='z').map(|(container, letter)| disk(&cx, container, letter));
    let (snapshot_details, disks) = parts.collect::<Ec2Result<(Vec<_>, Vec<_>)>>()?;
    let id = cx.image_imports.fresh_id();
    let now = cx.shell.clock.now();
    let platform = input.platform.clone().unwrap_or_else(|| "Linux".to_owned());
    let license_type =
        input.license_type.clone().unwrap_or_else(|| if platform == "Windows" { "AWS" } else { "BYOL" }.to_owned());
    let public = ImportImageTask {
        architecture: Some(input.architecture.clone().unwrap_or_else(|| "x86_64".to_owned())),
        description: input.description.clone(),
        encrypted: Some(key.is_some()),
        hypervisor: input.hypervisor.clone().or_else(|| Some("xen".to_owned())),
        import_task_id: Some(id.to_string()),
        kms_key_id: key,
        license_type: Some(license_type),
        platform: Some(platform),
        snapshot_details,
        tags,
        license_specifications: licenses(&input),
        usage_operation: input.usage_operation.clone(),
        boot_mode: input.boot_mode.clone(),
        ..ImportImageTask::default()
    };
    let task = ImageImport { public, image_id: cx.images.fresh_id().to_string(), disks };
    let state = TaskState::new(task, Run::new(now, cx.shell.lifecycle.duration(Transition::Import)));
    let shown = view(&state, now);
    let answer = ImportImageResult {
        architecture: shown.architecture,
        description: shown.description,
        encrypted: shown.encrypted,
        hypervisor: shown.hypervisor,
        image_id: None,
        import_task_id: shown.import_task_id,
        kms_key_id: shown.kms_key_id,
        license_type: shown.license_type,
        platform: shown.platform,
        progress: shown.progress,
        snapshot_details: shown.snapshot_details,
        status: shown.status,
        status_message: shown.status_message,
        license_specifications: shown.license_specifications,
        tags: shown.tags,
        usage_operation: shown.usage_operation,
    };
    let mut batch = cx.batch();
    batch.create(&cx.image_imports, &id, state)?;
    let answer = cx.commit(batch, answer).await?;
    cx.image_imports.follow_up(&id).await;
    Ok(answer)
}

fn check(input: &ImportImageRequest) -> Ec2Result<()> {
    check_client_data(input.client_data.as_ref())?;
    if input.disk_containers.is_empty() {
        return Err(Ec2Error::missing_parameter("DiskContainer"));
    }
    for (name, value, known) in [
        ("Architecture", &input.architecture, &["i386", "x86_64", "arm64"][..]),
        ("Hypervisor", &input.hypervisor, &["xen"]),
        ("Platform", &input.platform, &["Windows", "Linux"]),
        ("LicenseType", &input.license_type, &["AWS", "BYOL"]),
        ("BootMode", &input.boot_mode, &["legacy-bios", "uefi"]),
    ] {
        if let Some(value) = value.as_deref().filter(|value| !known.contains(value)) {
            return Err(Ec2Error::invalid_parameter(format!(
                "Value ({value}) for parameter {name} is invalid. Valid values: {}.",
                known.join(", ")
            )));
        }
    }
    Ok(())
}

fn licenses(input: &ImportImageRequest) -> Vec<ImportImageLicenseConfigurationResponse> {
    let arns = input.license_specifications.iter().map(|license| license.license_configuration_arn.clone());
    arns.map(|license_configuration_arn| ImportImageLicenseConfigurationResponse { license_configuration_arn })
        .collect()
}

fn disk(cx: &Context, container: &ImageDiskContainer, letter: char) -> Ec2Result<(SnapshotDetail, Disk)> {
    let name = if letter == 'a' { "/dev/sda1".to_owned() } else { format!("/dev/sd{letter}") };
    let device_name = container.device_name.clone().filter(|name| !name.is_empty()).or(Some(name));
    let detail =
        SnapshotDetail { description: container.description.clone(), device_name, ..SnapshotDetail::default() };
    if let Some(id) = container.snapshot_id.as_deref().filter(|id| !id.is_empty()) {
        if container.url.is_some() || container.user_bucket.is_some() {
            return Err(Ec2Error::invalid_combination(
                "A disk container may not have both a SnapshotId and a Url or a UserBucket.",
            ));
        }
        let snapshot = snapshots::owned(cx, id)?;
        if !snapshot.state.is_completed() {
            return Err(Ec2Error::new("IncorrectState", format!("Snapshot {id} is not completed.")));
        }
        let gib = snapshot.state.public.volume_size();
        let detail = SnapshotDetail { snapshot_id: Some(id.to_owned()), ..detail };
        return Ok((detail, Disk { snapshot_id: id.to_owned(), gib, given: true }));
    }
    let (url, bucket) = (container.url.as_deref(), container.user_bucket.as_ref());
    let disk = source(container.format.as_deref(), url, bucket, IMAGE_FORMATS)?;
    let detail = SnapshotDetail {
        disk_image_size: Some(disk.bytes),
        format: Some(disk.format),
        url: disk.url,
        user_bucket: disk.bucket,
        ..detail
    };
    Ok((detail, Disk { snapshot_id: cx.snapshots.fresh_id().to_string(), gib: disk.gib, given: false }))
}

fn view(state: &TaskState<ImageImport>, now: Millis) -> ImportImageTask {
    let mut public = state.task.public.clone();
    let (status, message, progress) = told(&state.run, now, &STEPS);
    public.status = Some(status.into());
    (public.status_message, public.progress) = (message, progress);
    let done = state.run.stage() == Stage::Completed;
    public.image_id = done.then(|| state.task.image_id.clone());
    for (detail, disk) in public.snapshot_details.iter_mut().zip(&state.task.disks) {
        detail.status = Some(status.into());
        if done {
            detail.snapshot_id = Some(disk.snapshot_id.clone());
        }
    }
    public
}

const FILTERS: FilterTable<TaskState<ImageImport>> =
    &[("task-state", Column::Of(|task, probe| probe.text(told(&task.state.run, 0, &[]).0)))];

pub(super) async fn describe_import_image_tasks(
    cx: Context,
    input: DescribeImportImageTasksRequest,
) -> Ec2Result<DescribeImportImageTasksResult> {
    let describe = Describe {
        ids: &input.import_task_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=1000,
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.image_imports, FILTERS)?;
    let now = cx.shell.clock.now();
    let import_image_tasks = page.map(|task| view(&task.state, now));
    Ok(DescribeImportImageTasksResult { next_token: page.next_token, import_image_tasks })
}

/// Makes the snapshots and the image. They may have been made before a restart, but then all of them.
pub(crate) async fn follow(region: Arc<Region>, task: Arc<Published<TaskState<ImageImport>>>) {
    let cx = Context::internal(&region, &task.account);
    let (mut undo, batch) = (Undo::default(), cx.batch());
    let outcome = make(&cx, &mut undo, batch, &task).await;
    let ended = workflow(undo, outcome).await.map_err(|error| format!("ClientError: {}", error.message));
    let _ = cx.image_imports.ask(&task.id, TaskCommand::End(ended)).await;
}

async fn make(
    cx: &Context,
    undo: &mut Undo,
    mut batch: Batch,
    task: &Published<TaskState<ImageImport>>,
) -> Ec2Result<()> {
    let import = &task.state.task;
    let id = Id::new(&import.image_id);
    if cx.images.index().get(&id).is_some() {
        return Ok(());
    }
    let public = &import.public;
    let description = format!("Created by AWS-VMImport service for {}", task.id);
    for disk in import.disks.iter().filter(|disk| !disk.given) {
        let key = public.kms_key_id.clone();
        let new = Imported { gib: disk.gib, key, description: &description, tags: Vec::new() };
        snapshots::imported(cx, &mut batch, &Id::new(&disk.snapshot_id), new)?;
    }
    images::create_as(cx, undo, &mut batch, &id, image(cx, &task.id, import)).await?;
    batch.commit().await
}

fn image(cx: &Context, task: &Id, import: &ImageImport) -> Image {
    let public = &import.public;
    let text = |text: &str| Some(text.to_owned());
    let windows = public.platform() == "Windows";
    let device = |(detail, disk): (&SnapshotDetail, &Disk)| {
        let known = cx.snapshots.index().get(&disk.snapshot_id);
        let encrypted = known.map_or(public.encrypted, |snapshot| snapshot.state.public.encrypted);
        let ebs = EbsBlockDevice {
            delete_on_termination: Some(true),
            snapshot_id: Some(disk.snapshot_id.clone()),
            volume_size: Some(disk.gib),
            volume_type: text("gp2"),
            encrypted,
            ..EbsBlockDevice::default()
        };
        BlockDeviceMapping { device_name: detail.device_name.clone(), ebs: Some(ebs), ..BlockDeviceMapping::default() }
    };
    let billed = windows && public.license_type() == "AWS";
    let usage_operation = public.usage_operation.clone();
    Image {
        // The name of an imported image is that of its task.
        name: Some(task.to_string()),
        description: public
            .description
            .clone()
            .or_else(|| Some(format!("AWS-VMImport service: {} - {}", public.platform(), public.license_type()))),
        architecture: public.architecture.clone(),
        platform: windows.then(|| "windows".to_owned()),
        platform_details: text(if billed { "Windows" } else { "Linux/UNIX" }),
        usage_operation: usage_operation.or_else(|| text(if billed { "RunInstances:0002" } else { "RunInstances" })),
        root_device_name: public.snapshot_details.first().and_then(|detail| detail.device_name.clone()),
        root_device_type: text("ebs"),
        virtualization_type: text("hvm"),
        ena_support: Some(true),
        sriov_net_support: text("simple"),
        boot_mode: public.boot_mode.clone(),
        block_device_mappings: public.snapshot_details.iter().zip(&import.disks).map(device).collect(),
        ..Image::default()
    }
}
