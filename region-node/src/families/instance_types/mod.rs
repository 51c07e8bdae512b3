//! Instance types and where they are offered: a catalogue compiled into the binary, and no entities.
//!
//! The catalogue stays text. A line is read when somebody asks for its type, so that a node that
//! nobody asks spends nothing on it.

mod accelerators;
mod actions;
mod catalogue;
mod cells;
mod filters;
mod info;
mod offerings;
mod prices;
pub mod requirements;
mod vcpus;

pub(crate) use actions::actions;
pub use catalogue::{InstanceType, find, names, types};
pub use offerings::{offered, offered_in, zones_offering};
pub use prices::{on_demand, software};
pub use vcpus::{bucket, default_vcpus};
