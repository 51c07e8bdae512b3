//! Spot Fleet requests: the older sibling of EC2 Fleets, with words of its own and the same engine.

mod actions;
mod describe;
mod request;

pub(crate) use actions::actions;
