//! NAT gateways: each keeps an interface in its subnet, with the addresses that it translates to.

mod actions;
mod address_actions;
mod creation;
mod filters;
mod follower;
mod state;

pub(crate) use actions::actions;
pub(crate) use follower::follow;
pub use state::{NatGatewayCommand, NatGatewayState};
