//! Regions, zones and account attributes: facts, and no entities.

mod actions;
mod filters;

pub(crate) use actions::actions;
