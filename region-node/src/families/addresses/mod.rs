//! Elastic IP addresses: each owns its association with an interface's private address.

mod actions;
mod association_actions;
mod attribute_actions;
mod classic;
mod filters;
mod follower;
mod state;
mod transfer;
mod transfer_actions;
mod view;

pub(crate) use actions::actions;
pub(crate) use actions::{of_account, rebuild};
pub use association_actions::associate_with;
pub(crate) use follower::follow;
pub use state::{AddressCommand, AddressState, Association};
pub(crate) use transfer_actions::follow as follow_transfer;
pub use view::{of_classic_instance, of_interface, view};
