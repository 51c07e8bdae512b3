//! VPC Block Public Access: an account's mode in the region, and the VPCs and subnets that are excluded from it.

mod actions;
mod exclusion;
mod exclusion_actions;

pub(crate) use actions::actions;
pub use exclusion::ExclusionState;
