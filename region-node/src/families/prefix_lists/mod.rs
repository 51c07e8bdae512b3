//! Prefix lists: customers' own with their versions, and those that AWS keeps for its services.

mod actions;
mod aws;
mod entries;
mod filters;
mod reads;
mod state;
mod weight;

pub(crate) use actions::actions;
pub(crate) use aws::stock;
pub use state::{PrefixListCommand, PrefixListState};
pub use weight::{find, weigh_routes, weigh_rules};
