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
    Ok(snapshot)
}

/// Why a copy fails of a snapshot that the account may see. AWS tells it when the copy is under way, by the copy's
/// state message (AWS: "Copy an Amazon EBS snapshot").
pub(crate) fn refusal(
    region: &Region,
    account: &str,
    snapshot: &Published<SnapshotState>,
    presigned_url: &str,
) -> Option<String> {
    // Keys cannot be shared here, so that only their account can read what they encrypt.
    let key = snapshot.state.public.kms_key_id.as_deref().and_then(key_account);
    if key.is_some_and(|owner| owner != account) {
        return Some("Given key ID is not accessible".to_owned());
    }
    if presigned_url.is_empty() {
        return None;
    }
    let request = match region.peers.verify(presigned_url) {
        Ok(request) => request,
        Err(why) => return Some(format!("The presigned URL is not valid: {why}")),
    };
    let agrees = request.region == region.facts.name
        && request.account == account
        && request.parameter("Action") == Some("CopySnapshot")
        && request.parameter("SourceRegion") == Some(region.facts.name)
        && request.parameter("SourceSnapshotId") == Some(&*snapshot.id);
    (!agrees).then(|| "The presigned URL is not valid: it does not ask its region for this copy".to_owned())
}
