//! Flow logs: what traffic of a VPC, a subnet or an interface is to be written down, and where.

mod actions;
mod destination;
mod filters;
mod format;
mod state;

pub(crate) use actions::actions;
pub use state::FlowLogState;
