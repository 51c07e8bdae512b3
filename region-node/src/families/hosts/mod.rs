//! Dedicated Hosts: machines of one's own, that instances are placed on.

mod actions;
mod capacity;
mod filters;
mod placement;
mod state;

pub use actions::Family;
pub(crate) use placement::{Wish, leave, place, restore};
pub use state::HostState;
