//! VPC endpoints: routes of gateways, interfaces of services, and those of gateway load balancers.

mod actions;
mod connections;
mod creation;
mod filters;
mod follower;
mod modification;
mod notifications;
mod state;
mod subnets;
mod view;

pub(crate) use actions::actions;
pub(crate) use follower::follow;
pub use notifications::NotificationState;
pub use state::{VpcEndpointCommand, VpcEndpointState};
