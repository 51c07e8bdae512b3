//! Capacity Reservations: room for instances of a type in a zone, paid for whether it is used or not.

mod actions;
mod create;
mod filters;
mod places;
mod state;
mod usage;

pub(crate) use actions::actions;
pub(crate) use places::{count, open_room, settle};
pub use state::{CapacityReservationCommand, CapacityReservationState};
pub(crate) use usage::{Wish, leave, open, restore, targeted};
