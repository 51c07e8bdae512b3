//! Launch templates: what instances are to be launched with, in versions.

mod actions;
mod data;
mod filters;
mod find;
mod merge;
mod names;
mod state;
mod versions;

pub(crate) use actions::actions;
pub use find::{Chosen, chosen};
pub(crate) use merge::{beneath, request};
pub use names::rebuild;
pub use state::{LaunchTemplateCommand, LaunchTemplateState};
