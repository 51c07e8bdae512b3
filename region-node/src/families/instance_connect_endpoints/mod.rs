//! EC2 Instance Connect Endpoints: a way to instances that have no public address.

mod actions;
mod follower;
mod state;

pub(crate) use actions::actions;
pub(crate) use follower::follow;
pub use state::{ConnectEndpointCommand, ConnectEndpointState};
