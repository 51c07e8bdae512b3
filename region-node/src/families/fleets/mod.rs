//! Fleets: instances of several types and places, launched and kept together up to a capacity. The engine here is that
//! of EC2 Fleets and of Spot Fleets alike.

mod actions;
mod create;
mod describe;
mod fill;
mod follow;
mod health;
mod history;
mod lifecycle;
mod members;
mod pools;
mod shrink;
mod state;
mod strategy;

pub(crate) use actions::actions;
pub(crate) use create::{MOST, launchable, put};
pub(crate) use describe::{active_instances, activity};
pub(crate) use follow::{follow, instance_changed, room_changed};
pub(crate) use health::{rebalance, replace_unhealthy};
pub(crate) use history::records;
pub(crate) use members::fulfilled;
pub use state::{Change, Fleet, FleetCommand, FleetIntent, FleetState, Of};
