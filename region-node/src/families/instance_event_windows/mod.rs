//! Event windows: when scheduled events may happen to instances.

mod actions;
mod filters;
mod state;
mod times;

pub(crate) use actions::actions;
pub use state::EventWindowState;
