//! DHCP options sets.

mod actions;
mod filters;
mod state;

pub(crate) use actions::actions;
pub use state::DhcpOptionsState;
