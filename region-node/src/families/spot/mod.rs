//! Spot Instances: requests for them, their prices, and the feed of data about them.

mod actions;
mod changes;
mod datafeed;
mod evaluate;
mod filters;
mod history;
mod placement_scores;
mod request;

pub(crate) use actions::actions;
pub(crate) use changes::{instance_changed, interrupt, room_changed};
pub use datafeed::DatafeedState;
pub(crate) use evaluate::follow;
