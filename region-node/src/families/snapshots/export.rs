//! Snapshots that are copied from here, to this region or another.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::SnapshotState;
use crate::Region;
use crate::entity::{Entity as _, Published};
use crate::families::ebs_settings::key_account;

/// A snapshot that an account may copy: its own, one that is shared with it, or a part of an image that is.
pub(crate) fn exportable(
    region: &Region,
    account: &str,
    id: &str,
    by_image: bool,
) -> Ec2Result<Arc<Published<SnapshotState>>> {
    let permitted = |snapshot: &Published<SnapshotState>| {
        *snapshot.account == *account || snapshot.state.permits(account) || by_image
    };
    let Some(snapshot) = region.snapshots.index().get(id).filter(|snapshot| permitted(snapshot)) else {
        SnapshotState::KIND.check(id)?;
        return Err(SnapshotState::KIND.not_found(id));
    };
    let public = &snapshot.state.public;
    if !snapshot.state.is_completed() {
        let message = format!("Snapshot {id} is in invalid state - {}", public.state());
        return Err(Ec2Error::new("IncorrectState", message));
    }
    // Keys cannot be shared here, so that only their account can read what they encrypt.
    if public.kms_key_id.as_deref().and_then(key_account).is_some_and(|owner| owner != account) {
        return Err(Ec2Error::new(
            "UnauthorizedOperation",
            format!("You are not authorized to use the key that encrypts the snapshot '{id}'."),
        ));
    }
    Ok(snapshot)
}
