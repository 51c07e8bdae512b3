//! Who sees a snapshot, and what of it.

use std::sync::Arc;

use archipelago_proto::ec2::v1;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::SnapshotState;
use super::state::{COMPLETED, PENDING};
use crate::entity::{Entity as _, Published};
use crate::families::account_settings;
use crate::request::Context;
use crate::time::Millis;

/// Owners see their snapshots, others those that they may make volumes from.
pub fn visible(cx: &Context, snapshot: &Published<SnapshotState>) -> bool {
    *snapshot.account == *cx.account
        || snapshot.state.users.iter().any(|user| **user == *cx.account)
        || (snapshot.state.permits(&cx.account) && !account_settings::hidden(&cx.region, &snapshot.account))
}

/// A snapshot that the caller may make volumes from.
pub fn find(cx: &Context, id: &str) -> Ec2Result<Arc<Published<SnapshotState>>> {
    match cx.snapshots.index().get(id).filter(|snapshot| visible(cx, snapshot)) {
        Some(snapshot) => Ok(snapshot),
        None => SnapshotState::KIND.check(id).and_then(|()| Err(SnapshotState::KIND.not_found(id))),
    }
}

/// A snapshot that the caller owns.
pub fn owned(cx: &Context, id: &str) -> Ec2Result<Arc<Published<SnapshotState>>> {
    let snapshot = find(cx, id)?;
    if *snapshot.account == *cx.account {
        return Ok(snapshot);
    }
    Err(Ec2Error::new("AuthFailure", format!("Not authorized for snapshot:{id}")))
}

/// The snapshot as it is described now: its progress goes with the time or with the copy.
pub fn view(state: &SnapshotState, now: Millis) -> v1::Snapshot {
    let mut public = state.public.clone();
    let percent = match (public.state(), &state.copy, state.completes) {
        (COMPLETED, ..) => 100,
        (_, Some(copy), _) => copy.percent(),
        (PENDING, None, Some(end)) => {
            let start = public.start_time();
            ((now - start) * 100 / (end - start).max(1)).clamp(0, 99)
        }
        _ => 0,
    };
    public.progress = Some(format!("{percent}%"));
    public
}
