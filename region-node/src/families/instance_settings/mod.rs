//! What is set on instances by actions of its own: placement, reservations, maintenance, credits, events.

mod actions;
mod placement;

pub(crate) use actions::actions;
