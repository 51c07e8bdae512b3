//! Subnets: they hand out their addresses, and own their associations with an ACL and a route table.

mod actions;
mod addresses;
mod allocation;
mod attributes;
mod creation;
mod default_subnet;
mod filters;
mod ipv6;
mod ipv6_addresses;
#[cfg(test)]
mod properties;
mod reservations;
mod state;

pub(crate) use actions::actions;
pub use allocation::{
    allocate, allocate_ipv6, allocate_ipv6_prefixes, free, free_ipv6, free_ipv6_prefixes, no_free_blocks,
};
pub use creation::NewSubnet;
pub use ipv6_addresses::PREFIX_LENGTH as IPV6_PREFIX_LENGTH;
pub use state::{Allocated, Association, SubnetCommand, SubnetState, Wanted};
