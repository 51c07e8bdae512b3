//! Event windows: when scheduled events may happen to instances.

mod actions;
mod filters;
mod state;
mod times;

pub use actions::Family;
pub use state::EventWindowState;
