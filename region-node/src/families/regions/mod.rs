//! Regions, zones and account attributes: facts, and no entities. Which zones an account uses is a setting of it.

mod actions;
mod filters;
mod zone_groups;

pub(crate) use actions::actions;
pub use zone_groups::{check_opted_in, opt_in};
