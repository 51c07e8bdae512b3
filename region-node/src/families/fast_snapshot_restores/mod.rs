//! Fast snapshot restores: volumes of a snapshot that are made at full speed in a zone.

mod actions;
mod filters;
mod state;

pub(crate) use actions::actions;
pub(crate) use actions::enabled;
pub use state::FastRestoreState;
