//! Snapshots of volumes.

use archipelago_proto::ec2::v1::{Snapshot, Tag, Volume};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::{Content, SnapshotState, state};
use crate::entity::{Batch, Id};
use crate::request::Context;
use crate::time::Transition;

/// Adds a snapshot of a volume to a batch; returns it as the answer shows it.
pub fn create(
    cx: &Context,
    batch: &mut Batch,
    volume: &Volume,
    data_key: &str,
    description: &str,
    tags: Vec<Tag>,
) -> Ec2Result<(Id, Snapshot)> {
    check_description(description)?;
    if !matches!(volume.state(), "available" | "in-use") {
        let message = format!("The volume '{}' is in the '{}' state.", volume.volume_id(), volume.state());
        return Err(Ec2Error::new("IncorrectState", message));
    }
    let id = cx.snapshots.fresh_id();
    let now = cx.shell.clock.now();
    let public = Snapshot {
        snapshot_id: Some(id.to_string()),
        volume_id: volume.volume_id.clone(),
        state: Some(state::PENDING.into()),
        start_time: Some(now),
        progress: Some(String::new()),
        owner_id: Some(cx.account.to_string()),
        description: Some(description.to_owned()),
        volume_size: volume.size,
        encrypted: Some(volume.encrypted()),
        kms_key_id: volume.kms_key_id.clone(),
        data_encryption_key_id: Some(data_key.to_owned()).filter(|key| !key.is_empty()),
        storage_tier: Some("standard".into()),
        tags,
        ..Snapshot::default()
    };
    let state = SnapshotState {
        seed: Content::of_volume(volume.volume_id(), volume.size()).seed,
        completes: Some(now + cx.shell.lifecycle.duration(Transition::SnapshotCreate)),
        public: public.clone(),
        volume_type: volume.volume_type().to_owned(),
        ..SnapshotState::default()
    };
    batch.create(&cx.snapshots, &id, state)?;
    Ok((id, public))
}

/// AWS: at most 255 characters.
const LONGEST_DESCRIPTION: usize = 255;

pub(super) fn check_description(description: &str) -> Ec2Result<()> {
    if description.chars().count() > LONGEST_DESCRIPTION {
        return Err(Ec2Error::invalid_parameter(format!(
            "The description may have at most {LONGEST_DESCRIPTION} characters"
        )));
    }
    Ok(())
}
