//! Snapshots of a volume.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{Snapshot, Tag};

use super::VolumeState;
use crate::entity::{Batch, Id, Published};
use crate::families::snapshots;
use crate::request::Context;

/// Adds a snapshot of a volume to a batch; returns it as the answer shows it.
pub fn snapshot(
    cx: &Context,
    batch: &mut Batch,
    volume: &Published<VolumeState>,
    description: &str,
    tags: Vec<Tag>,
) -> Ec2Result<(Id, Snapshot)> {
    snapshots::create(cx, batch, &volume.state.public, &volume.state.data_key, description, tags)
}
