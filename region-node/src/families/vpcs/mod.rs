//! VPCs: their address blocks, their attributes, and what comes and goes with them.

mod actions;
mod attributes;
mod blocks;
mod cidr_blocks;
mod creation;
mod filters;
mod ipv6_pool;
mod pools;
mod public_access;
mod restart;
mod state;

pub(crate) use actions::actions;
pub use creation::{NewVpc, create};
pub use ipv6_pool::Ipv6Pool;
pub use public_access::block_public_access;
pub(crate) use restart::{ipv6_blocks, rebuild};
pub use state::{Attribute, VpcCommand, VpcState, no_association};
