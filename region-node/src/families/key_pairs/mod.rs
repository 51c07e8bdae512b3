//! Key pairs: made here, or imported by their public halves.

mod actions;
mod filters;
mod generate;
mod import;
mod names;
mod ppk;
mod public;
mod state;

pub(crate) use actions::actions;
pub use names::{named, rebuild};
pub use state::KeyPairState;
