//! Snapshots of disks that come from elsewhere.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{Snapshot, Tag};

use super::{Content, SnapshotState};
use crate::entity::{Batch, Id};
use crate::families::ebs_settings;
use crate::request::Context;

/// The volume of a snapshot that no volume was behind, as AWS tells it.
const NO_VOLUME: &str = "vol-ffffffff";

pub(crate) struct Imported<'a> {
    pub(crate) gib: i32,
    pub(crate) key: Option<String>,
    pub(crate) description: &'a str,
    pub(crate) tags: Vec<Tag>,
}

/// Adds a completed snapshot to a batch, under an id that was chosen before.
pub(crate) fn imported(cx: &Context, batch: &mut Batch, id: &Id, disk: Imported<'_>) -> Ec2Result<()> {
    let now = cx.shell.clock.now();
    let mut state = SnapshotState {
        seed: Content::of_volume(id, disk.gib).seed,
        public: Snapshot {
            snapshot_id: Some(id.to_string()),
            volume_id: Some(NO_VOLUME.into()),
            start_time: Some(now),
            owner_id: Some(cx.account.to_string()),
            description: Some(disk.description.to_owned()),
            volume_size: Some(disk.gib),
            encrypted: Some(disk.key.is_some()),
            data_encryption_key_id: disk.key.is_some().then(|| ebs_settings::data_key(id)),
            kms_key_id: disk.key,
            storage_tier: Some("standard".into()),
            tags: disk.tags,
            ..Snapshot::default()
        },
        ..SnapshotState::default()
    };
    state.complete(now);
    batch.create(&cx.snapshots, id, state)
}
