//! Snapshots of a volume.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{Snapshot, Tag};

use super::VolumeState;
use super::state::{AVAILABLE, IN_USE};
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
    let public = &volume.state.public;
    if !matches!(public.state(), AVAILABLE | IN_USE) {
        return Err(archipelago_proto::Ec2Error::new(
            "IncorrectState",
            format!("The volume '{}' is in the '{}' state.", volume.id, public.state()),
        ));
    }
    snapshots::create(cx, batch, public, &volume.state.data_key, description, tags)
}
