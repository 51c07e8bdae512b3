//! What an IPAM, a scope and a pool have in common: create-in-progress, create-complete, modify-in-progress,
//! modify-complete, delete-in-progress, gone.

use archipelago_proto::Ec2Error;

use crate::entity::Facts;
use crate::request::Context;
use crate::time::{Millis, Transition};

pub(super) const CREATING: &str = "create-in-progress";
pub(super) const MODIFYING: &str = "modify-in-progress";
pub(super) const DELETING: &str = "delete-in-progress";

/// When what begins now is over.
#[allow(clippy::unnecessary_wraps)] // What is due is an optional field.
pub(super) fn settles(cx: &Context) -> Option<Millis> {
    Some(cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::IpamChange))
}

#[allow(clippy::unnecessary_wraps)] // What is due is an optional field.
pub(super) fn after(facts: &Facts<'_>) -> Option<Millis> {
    Some(facts.after(Transition::IpamChange))
}

/// The state that follows by itself; None when nothing does.
pub(super) fn settled(state: &str) -> Option<String> {
    state.strip_suffix("-in-progress").map(|begun| format!("{begun}-complete"))
}

pub(super) fn incorrect_state(id: &str, state: &str) -> Ec2Error {
    Ec2Error::new("IncorrectState", format!("{id} is in state {state} and cannot be changed."))
}

/// IPAM's resources are named without a region.
pub(super) fn arn(cx: &Context, resource_type: &str, id: &str) -> String {
    format!("arn:{}:ec2::{}:{resource_type}/{id}", cx.facts.partition.id(), cx.account)
}
