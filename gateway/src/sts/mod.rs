//! As much of the Security Token Service as every client calls. The gateway answers it by itself: temporary keys need
//! no memory, since their session tokens carry everything.

mod actions;
mod assume_role;
mod names;
mod parameters;
mod xml;

pub(crate) use actions::Desk;
pub(crate) use names::unique_id;

/// Where it is asked without a region.
pub(crate) const REGION: &str = "us-east-1";

#[cfg(test)]
mod tests;
