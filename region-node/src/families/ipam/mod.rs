//! VPC IP Address Manager: IPAMs, their scopes, and pools that hand out blocks of addresses.
//!
//! A pool decides alone what it hands out: to a pool below it, to a VPC, or to whoever asks for an allocation. What a
//! pool at the top is provisioned with is disjoint within its scope, which the scope decides.

mod allocation_actions;
mod allocations;
mod amazon;
mod cidr_actions;
mod filters;
mod follower;
mod ipam_actions;
mod life;
mod manager;
mod pool;
mod pool_actions;
mod resource_actions;
mod resources;
mod restart;
mod scope;
mod scope_actions;
mod space;
mod vpc;

use crate::request::Action;

pub use amazon::AmazonBlocks;
pub(crate) use follower::{follow, follow_pool};
pub use manager::IpamState;
pub use pool::PoolState;
pub(crate) use restart::{amazons_blocks, rebuild};
pub use scope::ScopeState;
pub use vpc::{Pooled, Wanted, allocate, release};

pub(crate) fn actions() -> Vec<Action> {
    [
        ipam_actions::actions(),
        scope_actions::actions(),
        pool_actions::actions(),
        cidr_actions::actions(),
        allocation_actions::actions(),
        resource_actions::actions(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
