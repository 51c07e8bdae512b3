//! Subnets: they hand out their addresses, and own their associations with an ACL and a route table.

mod actions;
mod addresses;
mod allocation;
mod attributes;
mod creation;
mod default_subnet;
mod filters;
mod ipv6;
mod reservations;
mod state;

pub(crate) use actions::actions;
pub use allocation::{allocate, allocate_ipv6, free, free_ipv6};
pub use creation::NewSubnet;
pub use state::{Allocated, Association, SubnetCommand, SubnetState, Wanted};
