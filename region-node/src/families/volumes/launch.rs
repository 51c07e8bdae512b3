//! The volumes that instances are launched with.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{BlockDeviceMapping, EbsBlockDevice, Tag, Volume};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::attachments::attachment;
use super::state::{AttachmentChange, IN_USE};
use super::{Attach, VolumeState};
use crate::entity::{Id, Published};
use crate::families::ebs_settings::{self, Spec, Wanted, Wish};
use crate::families::images;
use crate::families::snapshots::{self, SnapshotState};
use crate::request::Context;
use crate::time::{Millis, Transition};

/// A volume of a mapping, checked once for all the instances of a launch.
#[derive(Clone, Debug)]
pub struct VolumeTemplate {
    public: Volume,
    data_key: Option<String>,
    device: String,
    delete_on_termination: bool,
    ebs_card_index: Option<i32>,
    attaches_for: Millis,
}

/// Checks a mapping, merged with the image's, that has an EBS volume.
pub fn prepare(cx: &Context, mapping: &BlockDeviceMapping, zone: &Zone, tags: Vec<Tag>) -> Ec2Result<VolumeTemplate> {
    let device = mapping.device_name.as_deref().filter(|name| !name.is_empty());
    let device = device.ok_or_else(|| Ec2Error::missing_parameter("BlockDeviceMapping.DeviceName"))?;
    let ebs = mapping.ebs.as_ref().ok_or_else(|| invalid(format!("The device {device} has no EBS volume.")))?;
    let snapshot = ebs.snapshot_id.as_deref().filter(|id| !id.is_empty());
    let snapshot = snapshot.map(|id| usable(cx, id)).transpose()?;
    let spec = spec(ebs, snapshot.as_deref(), device)?;
    let source = snapshot.as_ref().and_then(|snapshot| snapshot.state.public.kms_key_id.as_deref());
    let wanted = Wanted { encrypted: ebs.encrypted, key: ebs.kms_key_id.as_deref() };
    let key = ebs_settings::encryption(cx, wanted, source)?;
    let data_key = data_key(key.as_deref(), snapshot.as_deref());
    let snapshot_id = snapshot.map(|snapshot| snapshot.id.to_string());
    Ok(VolumeTemplate {
        public: volume(zone, &spec, snapshot_id, key, tags),
        data_key,
        device: device.to_owned(),
        delete_on_termination: ebs.delete_on_termination.unwrap_or(true),
        ebs_card_index: ebs.ebs_card_index,
        attaches_for: cx.shell.lifecycle.duration(Transition::VolumeAttach),
    })
}

impl VolumeTemplate {
    /// What all volumes made from it have in common.
    pub fn public(&self) -> &Volume {
        &self.public
    }

    pub fn device(&self) -> &str {
        &self.device
    }

    pub fn encrypted(&self) -> bool {
        self.public.encrypted()
    }

    /// A volume that is being attached to an instance.
    pub fn volume(&self, id: &Id, instance_id: &str, now: Millis) -> VolumeState {
        let attach = Attach {
            instance_id: instance_id.to_owned(),
            device: self.device.clone(),
            delete_on_termination: self.delete_on_termination,
            ebs_card_index: self.ebs_card_index,
        };
        let public = Volume {
            volume_id: Some(id.to_string()),
            state: Some(IN_USE.into()),
            create_time: Some(now),
            attachments: vec![attachment(id, attach, now)],
            ..self.public.clone()
        };
        let change = AttachmentChange { instance_id: instance_id.to_owned(), at: now + self.attaches_for };
        VolumeState {
            data_key: fresh_data_key(&public, self.data_key.as_deref()),
            public,
            attachment_changes: vec![change],
            ..VolumeState::default()
        }
    }
}

fn invalid(message: String) -> Ec2Error {
    Ec2Error::new("InvalidBlockDeviceMapping", message)
}

/// A snapshot that the caller may use: by its own permission, or by that of an image that has it.
pub(super) fn usable(cx: &Context, id: &str) -> Ec2Result<Arc<Published<SnapshotState>>> {
    let found = cx.snapshots.index().get(id);
    let of_image = |snapshot: &Published<SnapshotState>| {
        cx.images.linked_to(&snapshot.id).values().any(|image| images::visible(&cx.account, image))
    };
    let snapshot = match found {
        Some(snapshot) if of_image(&snapshot) => snapshot,
        _ => snapshots::find(cx, id)?,
    };
    completed(snapshot)
}

pub(super) fn completed(snapshot: Arc<Published<SnapshotState>>) -> Ec2Result<Arc<Published<SnapshotState>>> {
    if snapshot.state.is_completed() {
        return Ok(snapshot);
    }
    let state = snapshot.state.public.state();
    Err(Ec2Error::new("IncorrectState", format!("Snapshot {} is in invalid state - {state}", snapshot.id)))
}

fn spec(ebs: &EbsBlockDevice, snapshot: Option<&Published<SnapshotState>>, device: &str) -> Ec2Result<Spec> {
    let least = snapshot.map(|snapshot| (snapshot.id.clone(), snapshot.state.public.volume_size()));
    let size = match (ebs.volume_size, &least) {
        (Some(size), Some((id, least))) if size < *least => {
            return Err(invalid(format!(
                "Volume of size {size}GB is smaller than snapshot '{id}', expect size >= {least}GB"
            )));
        }
        (Some(size), _) => size,
        (None, Some((_, least))) => *least,
        (None, None) => {
            return Err(Ec2Error::new(
                "MissingParameter",
                format!("The request must contain the parameter size or snapshotId for device {device}"),
            ));
        }
    };
    let volume_type = ebs.volume_type.as_deref();
    Wish { volume_type, size, iops: ebs.iops, throughput: ebs.throughput, multi_attach: false }.check()
}

/// What volumes have in common however they are created.
pub(super) fn volume(
    zone: &Zone,
    spec: &Spec,
    snapshot_id: Option<String>,
    key: Option<String>,
    tags: Vec<Tag>,
) -> Volume {
    Volume {
        availability_zone: Some(zone.name.to_owned()),
        availability_zone_id: Some(zone.id.to_owned()),
        size: Some(spec.size),
        volume_type: Some(spec.volume_type.to_owned()),
        iops: spec.iops,
        throughput: spec.throughput,
        multi_attach_enabled: Some(spec.multi_attach),
        snapshot_id: Some(snapshot_id.unwrap_or_default()),
        encrypted: Some(key.is_some()),
        kms_key_id: key,
        tags,
        ..Volume::default()
    }
}

/// The data key that is inherited: that of a snapshot which is encrypted with the same key.
pub(super) fn data_key(key: Option<&str>, snapshot: Option<&Published<SnapshotState>>) -> Option<String> {
    let public = &snapshot?.state.public;
    key.filter(|key| public.kms_key_id.as_deref() == Some(key)).and(public.data_encryption_key_id.clone())
}

pub(super) fn fresh_data_key(volume: &Volume, inherited: Option<&str>) -> String {
    match inherited {
        Some(key) => key.to_owned(),
        None if volume.encrypted() => ebs_settings::data_key(volume.volume_id()),
        None => String::new(),
    }
}
