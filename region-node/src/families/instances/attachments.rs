//! AttachVolume and DetachVolume (reference: AttachVolume, DetachVolume).

use std::sync::Arc;

use archipelago_proto::ec2::v1::{AttachVolumeRequest, DetachVolumeRequest, VolumeAttachment};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::launch::check_device_name;
use super::lifecycle::Phase;
use super::state::{InstanceCommand, InstanceState, Place, incorrect};
use crate::entity::{Published, Undo, workflow};
use crate::families::instance_types;
use crate::families::volumes::{Attach, VolumeCommand, VolumeState};
use crate::request::{Context, required};

pub(super) async fn attach_volume(cx: Context, input: AttachVolumeRequest) -> Ec2Result<VolumeAttachment> {
    let device = required("Device", input.device.as_deref().filter(|device| !device.is_empty()))?;
    let volume = cx.volumes.find(&cx.account, input.volume_id())?;
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    check_device_name(device, instance.state.is_windows())?;
    check_card(&instance, input.ebs_card_index)?;
    check_zone(&volume, &instance)?;
    let phase = instance.state.phase();
    if !matches!(phase, Phase::Running | Phase::Stopped | Phase::Stopping | Phase::Pending) {
        return Err(Ec2Error::new(
            "IncorrectState",
            format!("Instance '{}' is not in a valid state, '{}', to attach a volume to.", instance.id, phase.name()),
        ));
    }

    let place = Place::Device(device.to_owned());
    let reserved = cx.instances.ask(&instance.id, InstanceCommand::Reserve(place.clone())).await?.reply.reserved;
    let attach = Attach {
        instance_id: instance.id.to_string(),
        device: device.to_owned(),
        delete_on_termination: false,
        ebs_card_index: input.ebs_card_index,
    };
    let mut undo = Undo::default();
    let outcome = async {
        check_attached(&cx, &instance, &place, device, reserved)?;
        let answer = cx.volumes.ask(&volume.id, VolumeCommand::Attach(attach)).await?;
        let (region, volume, instance_id) = (Arc::clone(&cx.region), volume.id.clone(), instance.id.to_string());
        undo.push(async move {
            let detach = VolumeCommand::Detach { instance_id: Some(instance_id), device: None, force: true };
            let _ = region.volumes.ask(&volume, detach).await;
        });
        Ok(answer.published)
    };
    let outcome = outcome.await;
    // The instance may have been terminated meanwhile; then it must not keep the volume.
    let unreserved = cx.instances.ask(&instance.id, InstanceCommand::Unreserve(place)).await;
    let attached = workflow(undo, outcome.and_then(|attached| unreserved.map(|_| attached))).await?;
    attachment(&attached, &instance.id)
}

/// What is attached is read after the place is reserved: whoever had it reserved before has published by then.
fn check_attached(
    cx: &Context,
    instance: &Published<InstanceState>,
    place: &Place,
    device: &str,
    reserved: usize,
) -> Ec2Result<()> {
    let volumes = cx.volumes.linked_to(&instance.id);
    let mut attachments = volumes.values().flat_map(|volume| &volume.state.public.attachments);
    if attachments.any(|known| known.instance_id() == &*instance.id && known.device() == device) {
        return Err(place.taken(&instance.id));
    }
    let info = instance_types::find(instance.state.public.instance_type()).map(instance_types::InstanceType::info);
    let Some(ebs) = info.and_then(|info| info.ebs_info) else { return Ok(()) };
    // Where the limit is shared, interfaces count as well (AWS: "Amazon EBS volume limits").
    let shared = ebs.attachment_limit_type() == "shared";
    let interfaces = if shared { cx.network_interfaces.linked_to(&instance.id).len() } else { 0 };
    let most = usize::try_from(ebs.maximum_ebs_attachments()).unwrap_or(usize::MAX);
    if volumes.len() + interfaces + reserved >= most {
        return Err(Ec2Error::new(
            "AttachmentLimitExceeded",
            format!("Instance '{}' has reached its limit of {most} attachments.", instance.id),
        ));
    }
    Ok(())
}

fn check_card(instance: &Published<InstanceState>, card: Option<i32>) -> Ec2Result<()> {
    let Some(card) = card else { return Ok(()) };
    let info = instance_types::find(instance.state.public.instance_type()).map(instance_types::InstanceType::info);
    let cards = info.and_then(|info| info.ebs_info).map_or(1, |ebs| ebs.maximum_ebs_cards.unwrap_or(1));
    if (0..cards).contains(&card) { Ok(()) } else { Err(Ec2Error::invalid_value("EbsCardIndex", card)) }
}

fn check_zone(volume: &Published<VolumeState>, instance: &Published<InstanceState>) -> Ec2Result<()> {
    let placement = instance.state.public.placement.clone().unwrap_or_default();
    if volume.state.public.availability_zone() == placement.availability_zone() {
        return Ok(());
    }
    Err(Ec2Error::new(
        "InvalidVolume.ZoneMismatch",
        format!("The volume '{}' is not in the same availability zone as instance '{}'", volume.id, instance.id),
    ))
}

fn attachment(volume: &Published<VolumeState>, instance: &str) -> Ec2Result<VolumeAttachment> {
    let mut attachments = volume.state.public.attachments.iter();
    attachments.find(|known| known.instance_id() == instance).cloned().ok_or_else(Ec2Error::internal)
}

pub(super) async fn detach_volume(cx: Context, input: DetachVolumeRequest) -> Ec2Result<VolumeAttachment> {
    let volume = cx.volumes.find(&cx.account, input.volume_id())?;
    let named = input.instance_id.as_deref().filter(|id| !id.is_empty());
    if let Some(id) = named {
        cx.instances.find(&cx.account, id)?;
    }
    let attached = volume.state.public.attachments.first().map(|attachment| attachment.instance_id().to_owned());
    let instance_id = named.map(str::to_owned);
    if let Some(id) = instance_id.as_ref().or(attached.as_ref()) {
        check_detachable(&cx, id, &volume)?;
    }
    let device = input.device.clone().filter(|device| !device.is_empty());
    let detach = VolumeCommand::Detach { instance_id: instance_id.clone(), device, force: input.force() };
    let answer = cx.volumes.ask(&volume.id, detach).await?;
    attachment(&answer.published, &instance_id.or(attached).unwrap_or_default())
}

/// The root volume stays as long as its instance runs.
fn check_detachable(cx: &Context, instance_id: &str, volume: &Published<VolumeState>) -> Ec2Result<()> {
    let Some(instance) = cx.instances.index().get(instance_id) else { return Ok(()) };
    if matches!(instance.state.phase(), Phase::Stopped | Phase::Terminated) {
        return Ok(());
    }
    let root = instance.state.public.root_device_name();
    let mut attachments = volume.state.public.attachments.iter();
    if attachments.any(|known| known.instance_id() == instance_id && known.device() == root) {
        return Err(Ec2Error::new(
            "OperationNotPermitted",
            format!("Unable to detach root volume '{}' from instance '{instance_id}'", volume.id),
        ));
    }
    if instance.state.phase() == Phase::ShuttingDown { Err(incorrect(instance_id)) } else { Ok(()) }
}
