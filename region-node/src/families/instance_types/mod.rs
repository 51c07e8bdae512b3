//! Instance types and where they are offered: a catalogue compiled into the binary, and no entities.
//!
//! The catalogue stays text. A line is read when somebody asks for its type, so that a node that
//! nobody asks spends nothing on it.

mod actions;
mod catalogue;
mod cells;
mod filters;
mod info;
mod offerings;

pub(crate) use actions::actions;
pub use catalogue::{InstanceType, find};
pub use offerings::{offered, zones_offering};
