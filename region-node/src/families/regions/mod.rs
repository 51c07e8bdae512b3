//! Regions, zones and account attributes: facts, and no entities.

mod actions;
mod filters;

pub use actions::Family;
