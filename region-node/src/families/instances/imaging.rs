//! Images and snapshots of whole instances (reference: CreateImage; AWS: CreateSnapshots).

use std::collections::HashSet;
use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    BlockDeviceMapping, CreateImageRequest, CreateImageResult, CreateSnapshotsRequest, CreateSnapshotsResult,
    EbsBlockDevice, Image, Snapshot, SnapshotInfo, Tag, TagSpecification, VolumeAttachment,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::lifecycle::Phase;
use super::state::{InstanceState, incorrect};
use crate::entity::{Batch, Entity as _, Published, Undo, workflow};
use crate::families::images::{self, ImageState};
use crate::families::snapshots::SnapshotState;
use crate::families::volumes::{self, VolumeState};
use crate::request::{Context, required, tags_for};

type Instance = Arc<Published<InstanceState>>;
type Volume = Arc<Published<VolumeState>>;

pub(super) async fn create_image(cx: Context, input: CreateImageRequest) -> Ec2Result<CreateImageResult> {
    let name = required("Name", input.name.as_deref().filter(|name| !name.is_empty()))?;
    if input.snapshot_location.as_deref() == Some("local") {
        return Err(Ec2Error::unsupported("Local snapshots require a Local Zone or an Outpost."));
    }
    let kinds = [&ImageState::KIND, &SnapshotState::KIND];
    let image_tags = tags_for(&ImageState::KIND, &kinds, &input.tag_specifications)?;
    let snapshot_tags = tags_for(&SnapshotState::KIND, &kinds, &input.tag_specifications)?;
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    if !matches!(instance.state.phase(), Phase::Running | Phase::Stopped | Phase::Stopping | Phase::Pending) {
        return Err(incorrect(&instance.id));
    }
    if instance.state.public.root_device_type() != "ebs" {
        return Err(Ec2Error::invalid_parameter(format!(
            "The instance '{}' does not have an EBS root device.",
            instance.id
        )));
    }

    let mut undo = Undo::default();
    let outcome = async {
        let mut batch = cx.batch();
        let mut image = Image { name: Some(name.to_owned()), tags: image_tags, ..of(&cx, &instance) };
        image.description.clone_from(&input.description);
        image.block_device_mappings = devices(&cx, &mut batch, &instance, &input, &snapshot_tags)?;
        let id = images::create(&cx, &mut undo, &mut batch, image).await?;
        cx.commit(batch, CreateImageResult { image_id: Some(id.to_string()) }).await
    };
    let outcome = Box::pin(outcome).await;
    workflow(undo, outcome).await
}

/// What an image takes over from the instance, and from the image that the instance was launched from.
fn of(cx: &Context, instance: &Instance) -> Image {
    let public = &instance.state.public;
    let source = cx.images.index().get(public.image_id());
    let source = source.map(|image| image.state.public.clone()).unwrap_or_default();
    Image {
        architecture: public.architecture.clone(),
        boot_mode: public.boot_mode.clone(),
        ena_support: public.ena_support,
        hypervisor: public.hypervisor.clone(),
        imds_support: source.imds_support,
        kernel_id: public.kernel_id.clone(),
        platform: public.platform.clone(),
        platform_details: public.platform_details.clone(),
        product_codes: public.product_codes.clone(),
        ramdisk_id: public.ramdisk_id.clone(),
        root_device_name: public.root_device_name.clone(),
        root_device_type: public.root_device_type.clone(),
        source_instance_id: public.instance_id.clone(),
        source_image_id: public.image_id.clone(),
        source_image_region: Some(cx.facts.name.to_owned()),
        sriov_net_support: public.sriov_net_support.clone(),
        tpm_support: public.tpm_support.clone(),
        usage_operation: public.usage_operation.clone(),
        virtualization_type: public.virtualization_type.clone(),
        ..Image::default()
    }
}

/// A snapshot of each volume but those that the request leaves out, and the volumes that the request adds.
fn devices(
    cx: &Context,
    batch: &mut Batch,
    instance: &Instance,
    input: &CreateImageRequest,
    tags: &[Tag],
) -> Ec2Result<Vec<BlockDeviceMapping>> {
    let mut wanted: Vec<&BlockDeviceMapping> = input.block_device_mappings.iter().collect();
    let mut mappings = Vec::new();
    for volume in volumes::of_instance(&cx.region, &instance.id) {
        let device = device(&volume, instance).to_owned();
        let changed =
            wanted.iter().position(|mapping| mapping.device_name() == device).map(|at| wanted.swap_remove(at));
        let root = device == instance.state.public.root_device_name();
        if changed.is_some_and(|mapping| mapping.no_device.is_some()) {
            if root {
                return Err(invalid(format!("The root device '{device}' cannot be left out.")));
            }
            continue;
        }
        let own = changed.and_then(|mapping| mapping.ebs.as_ref());
        if own.is_some_and(|own| own.snapshot_id.is_some() || own.encrypted.is_some() || own.kms_key_id.is_some()) {
            return Err(invalid(format!(
                "The snapshot and the encryption of the device '{device}' cannot be changed."
            )));
        }
        let (snapshot, _) =
            volumes::snapshot(cx, batch, &volume, &format!("Created by CreateImage({})", instance.id), tags.to_vec())?;
        let ebs = Some(ebs(&volume, instance, snapshot.to_string(), own)?);
        mappings.push(BlockDeviceMapping { device_name: Some(device), ebs, ..BlockDeviceMapping::default() });
    }
    let added = wanted.into_iter().filter(|mapping| mapping.no_device.is_none());
    mappings.extend(added.cloned());
    Ok(mappings)
}

fn ebs(
    volume: &Volume,
    instance: &Instance,
    snapshot_id: String,
    wanted: Option<&EbsBlockDevice>,
) -> Ec2Result<EbsBlockDevice> {
    let public = &volume.state.public;
    let wanted = wanted.cloned().unwrap_or_default();
    if wanted.volume_size.is_some_and(|size| size < public.size()) {
        return Err(invalid(format!(
            "Volume of size {}GB is smaller than the volume '{}', expect size >= {}GB",
            wanted.volume_size(),
            volume.id,
            public.size()
        )));
    }
    let attachment = public.attachments.iter().find(|known| known.instance_id() == &*instance.id);
    let same_type = wanted.volume_type.is_none() || wanted.volume_type == public.volume_type;
    // gp2 has IOPS that cannot be asked for.
    let iops = public.iops.filter(|_| same_type && public.volume_type() != "gp2");
    Ok(EbsBlockDevice {
        delete_on_termination: wanted
            .delete_on_termination
            .or(attachment.and_then(|known| known.delete_on_termination)),
        iops: wanted.iops.or(iops),
        snapshot_id: Some(snapshot_id),
        volume_size: wanted.volume_size.or(public.size),
        volume_type: wanted.volume_type.or_else(|| public.volume_type.clone()),
        throughput: wanted.throughput.or(public.throughput.filter(|_| same_type)),
        encrypted: public.encrypted,
        ..EbsBlockDevice::default()
    })
}

fn device<'a>(volume: &'a Volume, instance: &Instance) -> &'a str {
    let attachments = volume.state.public.attachments.iter();
    attachments
        .filter(|known| known.instance_id() == &*instance.id)
        .map(VolumeAttachment::device)
        .next()
        .unwrap_or_default()
}

fn invalid(message: String) -> Ec2Error {
    Ec2Error::new("InvalidBlockDeviceMapping", message)
}

pub(super) async fn create_snapshots(cx: Context, input: CreateSnapshotsRequest) -> Ec2Result<CreateSnapshotsResult> {
    let specification = required("InstanceSpecification", input.instance_specification.as_ref())?;
    let id = required("InstanceSpecification.InstanceId", specification.instance_id.as_deref())?;
    if input.outpost_arn.is_some() || input.location.as_deref() == Some("local") {
        return Err(Ec2Error::unsupported("Local snapshots require a Local Zone or an Outpost."));
    }
    let kind = &SnapshotState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let instance = cx.instances.find(&cx.account, id)?;
    if matches!(instance.state.phase(), Phase::ShuttingDown | Phase::Terminated) {
        return Err(incorrect(id));
    }
    let chosen = chosen(&cx, &instance, specification.exclude_boot_volume(), &specification.exclude_data_volume_ids)?;

    let mut batch = cx.batch();
    let mut snapshots = Vec::new();
    for volume in chosen {
        let mut own = tags.clone();
        if input.copy_tags_from_source.as_deref() == Some("volume") {
            let copied = volume.state.public.tags.iter().filter(|tag| !tag.key().starts_with("aws:"));
            let new: Vec<_> = copied.filter(|tag| !own.iter().any(|known| known.key == tag.key)).cloned().collect();
            own.extend(new);
            // Both together must still be within the limits.
            let specification = TagSpecification { resource_type: Some(kind.resource_type.into()), tags: own };
            own = if specification.tags.is_empty() { Vec::new() } else { tags_for(kind, &[kind], &[specification])? };
        }
        let (_, snapshot) = volumes::snapshot(&cx, &mut batch, &volume, input.description(), own)?;
        snapshots.push(info(snapshot));
    }
    cx.commit(batch, CreateSnapshotsResult { snapshots }).await
}

/// The volumes of the instance but those that are excluded.
fn chosen(cx: &Context, instance: &Instance, without_root: bool, excluded: &[String]) -> Ec2Result<Vec<Volume>> {
    let attached = volumes::of_instance(&cx.region, &instance.id);
    let root = instance.state.public.root_device_name();
    for id in excluded {
        let known = attached.iter().find(|volume| *volume.id == **id);
        match known {
            Some(volume) if device(volume, instance) == root => {
                return Err(Ec2Error::invalid_parameter(format!(
                    "The volume '{id}' is the boot volume; exclude it by ExcludeBootVolume."
                )));
            }
            Some(_) => {}
            None => {
                cx.volumes.find(&cx.account, id)?;
                return Err(Ec2Error::invalid_parameter(format!(
                    "The volume '{id}' is not attached to the instance '{}'.",
                    instance.id
                )));
            }
        }
    }
    let excluded: HashSet<&str> = excluded.iter().map(String::as_str).collect();
    let left = attached.into_iter().filter(|volume| !excluded.contains(volume.id.as_str()));
    let chosen: Vec<_> = left.filter(|volume| !without_root || device(volume, instance) != root).collect();
    if chosen.is_empty() {
        return Err(Ec2Error::invalid_parameter("There are no volumes to make snapshots of."));
    }
    Ok(chosen)
}

fn info(snapshot: Snapshot) -> SnapshotInfo {
    SnapshotInfo {
        description: snapshot.description,
        tags: snapshot.tags,
        encrypted: snapshot.encrypted,
        volume_id: snapshot.volume_id,
        state: snapshot.state,
        volume_size: snapshot.volume_size,
        start_time: snapshot.start_time,
        progress: snapshot.progress,
        owner_id: snapshot.owner_id,
        snapshot_id: snapshot.snapshot_id,
        outpost_arn: snapshot.outpost_arn,
        sse_type: snapshot.sse_type,
        availability_zone: snapshot.availability_zone,
    }
}
