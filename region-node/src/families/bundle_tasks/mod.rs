//! Bundles of instance store-backed Windows instances, and what belongs to product codes.

mod actions;
mod filters;
mod state;

pub use actions::Family;
pub use state::BundleTaskState;
