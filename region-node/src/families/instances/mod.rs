//! Instances, and what changes them together with what is attached to them.

mod actions;
mod attachments;
mod attribute_actions;
mod attributes;
mod console;
mod filters;
mod follow;
mod imaging;
mod interface_attachments;
mod launch;
mod lifecycle;
mod options;
mod row;
mod state;
mod status;
mod transitions;

pub(crate) use actions::actions;
pub(crate) use follow::follow;
pub use lifecycle::Phase;
pub use state::{InstanceCommand, InstanceState};
