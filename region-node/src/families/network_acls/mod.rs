//! Network ACLs, their entries, and which subnets use them.

mod actions;
mod association;
mod entries;
mod filters;
mod protocol;
mod state;
mod view;

pub(crate) use actions::actions;
pub use state::{NetworkAclCommand, NetworkAclState, allow_ipv6};
