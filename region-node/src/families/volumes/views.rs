//! Volumes as an instance shows them.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{EbsInstanceBlockDevice, InstanceBlockDeviceMapping};

use super::VolumeState;
use crate::Region;
use crate::entity::{Id, Published};

/// The volumes that are attached to an instance, in the order of their devices.
pub fn of_instance(region: &Region, instance_id: &Id) -> Vec<Arc<Published<VolumeState>>> {
    let mut volumes: Vec<_> = region.volumes.linked_to(instance_id).values().cloned().collect();
    volumes.sort_by(|a, b| device(a, instance_id).cmp(device(b, instance_id)));
    volumes
}

fn device<'a>(volume: &'a Published<VolumeState>, instance_id: &str) -> &'a str {
    let attachments = volume.state.public.attachments.iter();
    attachments
        .filter(|a| a.instance_id() == instance_id)
        .map(archipelago_proto::ec2::v1::VolumeAttachment::device)
        .next()
        .unwrap_or_default()
}

/// A volume in an instance's block device mapping.
pub fn instance_view(volume: &Published<VolumeState>, instance_id: &str) -> Option<InstanceBlockDeviceMapping> {
    let attachment = volume.state.public.attachments.iter().find(|a| a.instance_id() == instance_id)?;
    let ebs = EbsInstanceBlockDevice {
        attach_time: attachment.attach_time,
        delete_on_termination: attachment.delete_on_termination,
        status: attachment.state.clone(),
        volume_id: attachment.volume_id.clone(),
        ..EbsInstanceBlockDevice::default()
    };
    Some(InstanceBlockDeviceMapping { device_name: attachment.device.clone(), ebs: Some(ebs) })
}
