//! Traffic mirroring: which packets of an interface are copied to whom.

mod actions;
mod filter;
mod filter_actions;
mod filters;
mod rule_actions;
mod session;
mod session_actions;
mod target;

pub(crate) use actions::actions;
pub use filter::MirrorFilterState;
pub use session::MirrorSessionState;
pub use target::MirrorTargetState;
