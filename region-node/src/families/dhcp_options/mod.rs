//! DHCP options sets.

mod actions;
mod filters;
mod state;

pub use actions::Family;
pub use state::DhcpOptionsState;
