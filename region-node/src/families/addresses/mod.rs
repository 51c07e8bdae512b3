//! Elastic IP addresses: each owns its association with an interface's private address.

mod actions;
mod association_actions;
mod attribute_actions;
mod filters;
mod follower;
mod state;
mod view;

pub(crate) use actions::actions;
pub(crate) use actions::{of_account, rebuild};
pub(crate) use follower::follow;
pub use state::{AddressCommand, AddressState, Association};
pub use view::{of_interface, view};
