//! Whether images and snapshots may be shared with everybody (AWS: "Block public access").

use archipelago_proto::{Ec2Error, Ec2Result};

use super::find::of;
use crate::Region;
use crate::request::Context;

pub(super) const UNBLOCKED: &str = "unblocked";
pub(super) const BLOCK_ALL: &str = "block-all-sharing";
pub(super) const BLOCK_NEW: &str = "block-new-sharing";

pub(crate) fn check_image_sharing(cx: &Context) -> Ec2Result<()> {
    if !of(&cx.region, &cx.account).block_image_sharing {
        return Ok(());
    }
    Err(Ec2Error::new(
        "OperationNotPermitted",
        "You can't publicly share this image because block public access for AMIs is enabled in this Region.",
    ))
}

pub(crate) fn check_snapshot_sharing(cx: &Context) -> Ec2Result<()> {
    if of(&cx.region, &cx.account).block_snapshot_sharing.is_empty() {
        return Ok(());
    }
    Err(Ec2Error::new(
        "OperationNotPermitted",
        "You can't publicly share this snapshot because block public access for snapshots is enabled in this Region.",
    ))
}

/// Whether the snapshots of an account that are shared with everybody are seen by nobody for the time being.
pub(crate) fn hidden(region: &Region, owner: &str) -> bool {
    of(region, owner).block_snapshot_sharing == BLOCK_ALL
}
