//! What holds for all of an account's instances, images and snapshots in a region.

mod actions;
mod find;
mod metadata;
mod sharing;

pub(crate) use actions::actions;
pub(crate) use metadata::{check_tokens, credits, metadata};
pub(crate) use sharing::{check_image_sharing, check_snapshot_sharing, hidden};
