//! A volume's attachments: attaching, attached, detaching.

use archipelago_proto::ec2::v1::VolumeAttachment;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::VolumeState;
use super::state::{AVAILABLE, Attach, AttachmentChange, IN_USE};
use crate::entity::Facts;
use crate::time::{Millis, Transition};

pub(super) const ATTACHING: &str = "attaching";
pub(super) const ATTACHED: &str = "attached";
pub(super) const DETACHING: &str = "detaching";
/// Detaching, but the instance does not let go of the device.
pub(super) const BUSY: &str = "busy";

/// AWS: "Multi-Attach", considerations.
const MOST_INSTANCES: usize = 16;

pub(super) fn attach(volume: &mut VolumeState, attach: Attach, facts: &Facts<'_>) -> Ec2Result<()> {
    let attachments = &volume.public.attachments;
    let to_this = attachments.iter().any(|attachment| attachment.instance_id() == attach.instance_id);
    match volume.public.state() {
        AVAILABLE => {}
        IN_USE if volume.public.multi_attach_enabled() && !to_this => {
            if attachments.len() >= MOST_INSTANCES {
                let message = format!("Volume {} is attached to {MOST_INSTANCES} instances already", facts.id);
                return Err(Ec2Error::new("AttachmentLimitExceeded", message));
            }
        }
        IN_USE => {
            let message = format!("{} is already attached to an instance", facts.id);
            return Err(Ec2Error::new("VolumeInUse", message));
        }
        _ => return Err(Ec2Error::new("IncorrectState", format!("{} is not 'available'.", facts.id))),
    }
    let at = facts.after(Transition::VolumeAttach);
    volume.attachment_changes.push(AttachmentChange { instance_id: attach.instance_id.clone(), at });
    volume.public.attachments.push(attachment(facts.id, attach, facts.now));
    volume.public.state = Some(IN_USE.into());
    Ok(())
}

/// An attachment that begins now.
pub(super) fn attachment(volume_id: &str, attach: Attach, now: Millis) -> VolumeAttachment {
    VolumeAttachment {
        volume_id: Some(volume_id.to_owned()),
        instance_id: Some(attach.instance_id),
        device: Some(attach.device),
        state: Some(ATTACHING.into()),
        attach_time: Some(now),
        delete_on_termination: Some(attach.delete_on_termination),
        ebs_card_index: attach.ebs_card_index,
        ..VolumeAttachment::default()
    }
}

pub(super) fn detach(
    volume: &mut VolumeState,
    instance_id: Option<&str>,
    device: Option<&str>,
    force: bool,
    facts: &Facts<'_>,
) -> Ec2Result<()> {
    if volume.public.state() != IN_USE {
        return Err(volume.incorrect(facts));
    }
    let instance_id = match (instance_id, volume.public.attachments.as_slice()) {
        (Some(id), _) => id.to_owned(),
        (None, [only]) => only.instance_id().to_owned(),
        (None, _) => {
            return Err(Ec2Error::new(
                "MissingParameter",
                "The request must contain the parameter InstanceId for a volume that is attached to several instances",
            ));
        }
    };
    let attachment = of(volume, &instance_id, facts)?;
    if device.is_some_and(|device| attachment.device() != device) {
        return Err(no_attachment(facts.id, &instance_id, device));
    }
    match attachment.state() {
        DETACHING | BUSY if !force => {
            let state = attachment.state();
            let message = format!("Volume '{}' is in the '{state}' state.", facts.id);
            return Err(Ec2Error::new("IncorrectState", message));
        }
        _ => attachment.state = Some(DETACHING.into()),
    }
    let at = if force { facts.now } else { facts.after(Transition::VolumeDetach) };
    volume.attachment_changes.retain(|change| change.instance_id != instance_id);
    volume.attachment_changes.push(AttachmentChange { instance_id, at });
    Ok(())
}

/// The attachment to an instance.
pub(super) fn of<'a>(
    volume: &'a mut VolumeState,
    instance_id: &str,
    facts: &Facts<'_>,
) -> Ec2Result<&'a mut VolumeAttachment> {
    let attachments = &mut volume.public.attachments;
    let found = attachments.iter_mut().find(|attachment| attachment.instance_id() == instance_id);
    found.ok_or_else(|| no_attachment(facts.id, instance_id, None))
}

fn no_attachment(volume_id: &str, instance_id: &str, device: Option<&str>) -> Ec2Error {
    let device = device.map(|device| format!(" as device '{device}'")).unwrap_or_default();
    Ec2Error::new(
        "InvalidAttachment.NotFound",
        format!("Volume '{volume_id}' is not attached to instance '{instance_id}'{device}."),
    )
}

/// Whether the volume goes with the instance.
pub(super) fn terminated(volume: &mut VolumeState, instance_id: &str) -> bool {
    let attachments = &volume.public.attachments;
    let goes = attachments.iter().any(|a| a.instance_id() == instance_id && a.delete_on_termination());
    let shared = attachments.iter().any(|a| a.instance_id() != instance_id);
    remove(volume, instance_id);
    goes && !shared
}

pub(super) fn elapse(volume: &mut VolumeState, now: Millis) {
    let due: Vec<_> = volume.attachment_changes.iter().filter(|change| change.at <= now).cloned().collect();
    for AttachmentChange { instance_id, .. } in due {
        volume.attachment_changes.retain(|change| change.instance_id != instance_id);
        let attachments = &mut volume.public.attachments;
        match attachments.iter_mut().find(|attachment| attachment.instance_id() == instance_id) {
            Some(attachment) if attachment.state() == ATTACHING => attachment.state = Some(ATTACHED.into()),
            _ => remove(volume, &instance_id),
        }
    }
}

fn remove(volume: &mut VolumeState, instance_id: &str) {
    volume.attachment_changes.retain(|change| change.instance_id != instance_id);
    volume.public.attachments.retain(|attachment| attachment.instance_id() != instance_id);
    if volume.public.state() == IN_USE {
        volume.settle_state();
    }
}
