//! Capacity Reservations: room for instances of a type in a zone, paid for whether it is used or not.

mod actions;
mod create;
mod filters;
mod state;
mod usage;

pub(crate) use actions::actions;
pub use state::{CapacityReservationCommand, CapacityReservationState};
pub(crate) use usage::{Wish, leave, open, restore, targeted};
