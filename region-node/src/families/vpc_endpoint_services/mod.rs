//! Endpoint services: those that AWS has in every region, and those that accounts offer to each other.

mod actions;
mod catalogue;
mod discovery;
mod filters;
mod modification;
mod permissions;
mod state;

pub(crate) use actions::actions;
pub use discovery::{Offer, find_offer};
pub use state::{EndpointServiceCommand, EndpointServiceState};
