//! Dedicated Hosts: machines of one's own, that instances are placed on.

mod actions;
mod capacity;
mod filters;
mod placement;
mod state;

pub(crate) use actions::actions;
pub(crate) use placement::{Wish, leave, place, restore};
pub use state::HostState;
