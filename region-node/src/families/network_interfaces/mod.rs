//! Network interfaces: their addresses, their groups, and what they are attached to.

mod actions;
mod address_actions;
mod attachment;
mod attribute_actions;
mod attributes;
mod dns;
mod filters;
pub mod launch;
mod limits;
mod permissions;
mod plan;
mod prefixes;
mod public_pool;
mod removal;
mod restart;
pub mod service;
mod state;
mod view;

pub(crate) use actions::actions;
pub use attachment::{Attachment, AttachmentChange};
pub use attributes::Attribute;
pub use dns::{private_name, public_name};
pub use limits::Limits;
pub use public_pool::PublicPool;
pub use removal::{command, hand_back};
pub(crate) use restart::{of_account, rebuild};
pub use state::{Addresses, NetworkInterfaceCommand, NetworkInterfaceState};
pub use view::{instance_view, view};
