//! Bundles of instance store-backed Windows instances, and what belongs to product codes.

mod actions;
mod filters;
mod state;

pub(crate) use actions::actions;
pub use state::BundleTaskState;
