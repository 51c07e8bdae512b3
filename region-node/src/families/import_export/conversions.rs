//! ImportInstance and ImportVolume: conversion tasks, which end in an instance or a volume. The ids of these are told
//! from the start, as AWS does.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    BlockDeviceMapping, CancelConversionRequest, CancelConversionTaskResponse, ConversionTask, CreateVolumeRequest,
    DescribeConversionTasksRequest, DescribeConversionTasksResult, DiskImageDescription, DiskImageDetail,
    DiskImageVolumeDescription, EbsBlockDevice, Image, ImportInstanceLaunchSpecification, ImportInstanceRequest,
    ImportInstanceResult, ImportInstanceTaskDetails, ImportInstanceVolumeDetailItem, ImportVolumeRequest,
    ImportVolumeResult, ImportVolumeTaskDetails, RunInstancesMonitoringEnabled, RunInstancesRequest, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;
use sha2::{Digest as _, Sha256};

use super::disks::{check_manifest, check_size};
use super::task::{Run, Stage, Task, TaskCommand, TaskState};
use crate::Region;
use crate::entity::{Id, Kind, Published};
use crate::families::{instances, volumes};
use crate::request::{Context, Describe, FilterTable, required, zone};
use crate::time::{Millis, Transition};

/// An upload that is not finished in a week is forgotten.
const EXPIRES_AFTER: Millis = 7 * 86_400_000;

#[derive(Clone, PartialEq, Message)]
pub struct Conversion {
    #[prost(message, required, tag = "1")]
    pub public: ConversionTask,
    /// How the instance is launched; none for a volume.
    #[prost(message, optional, tag = "2")]
    pub launch: Option<RunInstancesRequest>,
    #[prost(message, optional, tag = "3")]
    pub image: Option<Image>,
}

impl Task for Conversion {
    const KIND: Kind = Kind {
        resource_type: "conversion-task",
        prefix: "import-i",
        not_found: "InvalidConversionTaskId",
        malformed: "InvalidConversionTaskId.Malformed",
        noun: "conversion task ID",
    };
    const MAKES: bool = true;

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.public.tags
    }
}

pub(super) async fn import_volume(cx: Context, input: ImportVolumeRequest) -> Ec2Result<ImportVolumeResult> {
    let zone = zone(&cx, input.availability_zone.as_deref(), input.availability_zone_id.as_deref())?;
    let image = required("Image", input.image.as_ref())?;
    let gib = required("Volume", input.volume.as_ref())?.size();
    check(image, gib)?;
    let volume = cx.volumes.fresh_id();
    let details = ImportVolumeTaskDetails {
        availability_zone: Some(zone.name.to_owned()),
        availability_zone_id: Some(zone.id.to_owned()),
        bytes_converted: Some(0),
        description: Some(input.description.unwrap_or_default()),
        image: Some(description(image)),
        volume: Some(DiskImageVolumeDescription { id: Some(volume.to_string()), size: Some(gib) }),
    };
    let public = ConversionTask { import_volume: Some(details), ..ConversionTask::default() };
    let conversion_task = Some(begin(&cx, Conversion { public, launch: None, image: None }).await?);
    Ok(ImportVolumeResult { conversion_task })
}

fn check(image: &DiskImageDetail, gib: i64) -> Ec2Result<()> {
    check_manifest(image.import_manifest_url())?;
    check_size(image.format(), image.bytes(), gib).map(drop)
}

fn description(image: &DiskImageDetail) -> DiskImageDescription {
    let sum = Sha256::digest(image.import_manifest_url());
    let checksum = sum[..20].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    DiskImageDescription {
        checksum: Some(checksum),
        format: image.format.clone(),
        import_manifest_url: image.import_manifest_url.clone(),
        size: image.bytes,
    }
}

pub(super) async fn import_instance(cx: Context, input: ImportInstanceRequest) -> Ec2Result<ImportInstanceResult> {
    if input.disk_images.is_empty() {
        return Err(Ec2Error::missing_parameter("DiskImage"));
    }
    let mut devices = Vec::new();
    let mut disks = Vec::new();
    for (disk, letter) in input.disk_images.iter().zip('a'..='z') {
        let image = required("DiskImage.Image", disk.image.as_ref())?;
        let gib = required("DiskImage.Volume", disk.volume.as_ref())?.size();
        check(image, gib)?;
        let name = if letter == 'a' { "/dev/sda1".to_owned() } else { format!("/dev/sd{letter}") };
        let ebs = EbsBlockDevice {
            volume_size: i32::try_from(gib).ok(),
            delete_on_termination: Some(true),
            ..EbsBlockDevice::default()
        };
        devices.push(BlockDeviceMapping { device_name: Some(name), ebs: Some(ebs), ..BlockDeviceMapping::default() });
        disks.push((disk, image, gib));
    }
    let specification = input.launch_specification.clone().unwrap_or_default();
    let launch = launch(specification.clone());
    let image = image(&cx, &specification, devices);
    let zone = instances::check_imported(&cx, &launch, &image)?;
    let volumes = disks.into_iter().map(|(disk, image, gib)| ImportInstanceVolumeDetailItem {
        availability_zone: Some(zone.clone()),
        availability_zone_id: cx.facts.zone(&zone).map(|zone| zone.id.to_owned()),
        bytes_converted: Some(0),
        description: Some(disk.description.clone().unwrap_or_default()),
        image: Some(description(image)),
        volume: Some(DiskImageVolumeDescription { id: Some(cx.volumes.fresh_id().to_string()), size: Some(gib) }),
        ..ImportInstanceVolumeDetailItem::default()
    });
    let details = ImportInstanceTaskDetails {
        description: Some(input.description.unwrap_or_default()),
        instance_id: Some(cx.instances.fresh_id().to_string()),
        platform: input.platform.clone(),
        volumes: volumes.collect(),
    };
    let public = ConversionTask { import_instance: Some(details), ..ConversionTask::default() };
    let conversion = Conversion { public, launch: Some(launch), image: Some(image) };
    Ok(ImportInstanceResult { conversion_task: Some(begin(&cx, conversion).await?) })
}

fn launch(specification: ImportInstanceLaunchSpecification) -> RunInstancesRequest {
    let placement = specification.placement.map(|placement| archipelago_proto::ec2::v1::Placement {
        group_name: placement.group_name.filter(|name| !name.is_empty()),
        ..placement
    });
    RunInstancesRequest {
        instance_type: specification.instance_type,
        security_groups: specification.group_names,
        security_group_ids: specification.group_ids,
        additional_info: specification.additional_info,
        user_data: specification.user_data.and_then(|data| data.data),
        placement,
        monitoring: specification.monitoring.map(|enabled| RunInstancesMonitoringEnabled { enabled: Some(enabled) }),
        subnet_id: specification.subnet_id.filter(|id| !id.is_empty()),
        instance_initiated_shutdown_behavior: specification.instance_initiated_shutdown_behavior,
        private_ip_address: specification.private_ip_address,
        min_count: Some(1),
        max_count: Some(1),
        ..RunInstancesRequest::default()
    }
}

/// What the machine is made of, in the words of an image.
fn image(cx: &Context, specification: &ImportInstanceLaunchSpecification, devices: Vec<BlockDeviceMapping>) -> Image {
    let text = |text: &str| Some(text.to_owned());
    Image {
        // AWS keeps an image of its own for imported instances.
        image_id: Some(cx.images.fresh_id().to_string()),
        architecture: specification.architecture.clone().or_else(|| text("x86_64")),
        platform: text("windows"),
        platform_details: text("Windows"),
        usage_operation: text("RunInstances:0002"),
        root_device_name: text("/dev/sda1"),
        root_device_type: text("ebs"),
        virtualization_type: text("hvm"),
        hypervisor: text("xen"),
        ena_support: Some(true),
        block_device_mappings: devices,
        ..Image::default()
    }
}

/// Makes the task; it is told as it begins.
async fn begin(cx: &Context, mut conversion: Conversion) -> Ec2Result<ConversionTask> {
    let id = cx.conversions.fresh_id();
    let now = cx.shell.clock.now();
    let expires = jiff::Timestamp::from_millisecond(now + EXPIRES_AFTER).unwrap_or_default();
    conversion.public.conversion_task_id = Some(id.to_string());
    conversion.public.expiration_time = Some(format!("{expires:.0}"));
    let state = TaskState::new(conversion, Run::new(now, cx.shell.lifecycle.duration(Transition::Import)));
    let answer = view(&state, now);
    let mut batch = cx.batch();
    batch.create(&cx.conversions, &id, state)?;
    let answer = cx.commit(batch, answer).await?;
    cx.conversions.follow_up(&id).await;
    Ok(answer)
}

fn view(state: &TaskState<Conversion>, now: Millis) -> ConversionTask {
    let mut public = state.task.public.clone();
    let percent = state.run.percent(now);
    let (told, message) = match state.run.stage() {
        Stage::Active => ("active", state.run.step(now, &["Pending", "Downloaded", "Converting", "Booting"])),
        Stage::Ending => ("active", "Booting"),
        Stage::Completed => ("completed", ""),
        Stage::Cancelled | Stage::Failed => ("cancelled", state.run.message.as_str()),
    };
    public.state = Some(told.into());
    public.status_message = Some(message.into());
    let converted = |image: &Option<DiskImageDescription>| image.as_ref().map(|image| image.size() / 100 * percent);
    if let Some(import) = &mut public.import_volume {
        import.bytes_converted =
            if percent == 100 { import.image.as_ref().and_then(|i| i.size) } else { converted(&import.image) };
    }
    for volume in public.import_instance.iter_mut().flat_map(|import| &mut import.volumes) {
        volume.bytes_converted =
            if percent == 100 { volume.image.as_ref().and_then(|i| i.size) } else { converted(&volume.image) };
        volume.status = Some(told.into());
        volume.status_message = Some(message.into());
    }
    public
}

const FILTERS: FilterTable<TaskState<Conversion>> = &[];

pub(super) async fn describe_conversion_tasks(
    cx: Context,
    input: DescribeConversionTasksRequest,
) -> Ec2Result<DescribeConversionTasksResult> {
    let describe = Describe { ids: &input.conversion_task_ids, filters: &input.filters, ..Describe::default() };
    let page = describe.find(&cx, &cx.conversions, FILTERS)?;
    let now = cx.shell.clock.now();
    Ok(DescribeConversionTasksResult { conversion_tasks: page.map(|task| view(&task.state, now)) })
}

pub(super) async fn cancel_conversion_task(
    cx: Context,
    input: CancelConversionRequest,
) -> Ec2Result<CancelConversionTaskResponse> {
    let task = cx.conversions.find(&cx.account, input.conversion_task_id())?;
    cx.conversions.ask(&task.id, TaskCommand::Cancel(input.reason_message)).await?;
    Ok(CancelConversionTaskResponse {})
}

/// Makes the instance or the volume. It may have been made before a restart.
pub(crate) async fn follow(region: Arc<Region>, task: Arc<Published<TaskState<Conversion>>>) {
    let cx = Context::internal(&region, &task.account);
    let outcome = Box::pin(make(&cx, &task.state.task)).await;
    let ended = outcome.map_err(|error| format!("ClientError: {}", error.message));
    let _ = cx.conversions.ask(&task.id, TaskCommand::End(ended)).await;
}

async fn make(cx: &Context, conversion: &Conversion) -> Ec2Result<()> {
    let id = |volume: &Option<DiskImageVolumeDescription>| Id::new(volume.as_ref().map_or("", |volume| volume.id()));
    if let Some(import) = &conversion.public.import_volume {
        let volume = id(&import.volume);
        if cx.volumes.index().get(&volume).is_some() {
            return Ok(());
        }
        let size = import.volume.as_ref().and_then(|volume| i32::try_from(volume.size()).ok());
        let request = CreateVolumeRequest {
            availability_zone: import.availability_zone.clone(),
            size,
            ..CreateVolumeRequest::default()
        };
        return volumes::create_as(cx, &volume, &request).await.map(drop);
    }
    let import = conversion.public.import_instance.clone().unwrap_or_default();
    let instance = Id::new(import.instance_id());
    if cx.instances.index().get(&instance).is_some() {
        return Ok(());
    }
    let ids: Vec<_> = import.volumes.iter().map(|volume| id(&volume.volume)).collect();
    let (launch, image) = (conversion.launch.clone().unwrap_or_default(), conversion.image.clone().unwrap_or_default());
    instances::import(cx, &launch, &image, &instance, &ids).await
}
