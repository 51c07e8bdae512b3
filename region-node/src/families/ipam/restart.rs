//! After a crash: what was handed out for something that did not come to exist goes back.

use std::sync::Arc;

use ipnet::IpNet;

use super::pool::{PoolCommand, PoolState};
use super::scope::ScopeCommand;
use crate::Region;
use crate::entity::Id;

pub(crate) async fn rebuild(region: &Arc<Region>) {
    amazons_blocks(region, None).into_iter().for_each(|block| region.ipam_blocks.claim(block));
    for pool in region.ipam_pools.index().all() {
        for allocation in &pool.state.allocations {
            let id = allocation.ipam_pool_allocation_id();
            let used = match allocation.resource_type() {
                "vpc" => region
                    .vpcs
                    .index()
                    .get(allocation.resource_id())
                    .is_some_and(|vpc| vpc.state.pooled.iter().any(|pooled| pooled.allocation == id)),
                "ipam-pool" => region.ipam_pools.index().get(allocation.resource_id()).is_some_and(|below| {
                    below.state.cidrs.iter().chain(&below.state.returned).any(|own| own.allocation == id)
                }),
                _ => true,
            };
            if !used {
                let release = PoolCommand::Release { allocation: id.to_owned(), cidr: None };
                drop(region.ipam_pools.ask(&pool.id, release).await);
            }
        }
    }
    for scope in region.ipam_scopes.index().all() {
        for block in &scope.state.blocks {
            let has =
                |pool: &PoolState| pool.cidrs.iter().chain(&pool.returned).any(|own| own.public.cidr() == block.cidr);
            if !region.ipam_pools.index().get(&block.pool).is_some_and(|pool| has(&pool.state)) {
                let free = ScopeCommand::Free { cidr: block.cidr.clone(), pool: Id::new(&block.pool) };
                drop(region.ipam_scopes.ask(&scope.id, free).await);
            }
        }
    }
}

/// The blocks that the pools of one account have from Amazon, or those of all.
pub(crate) fn amazons_blocks(region: &Region, account: Option<&str>) -> Vec<IpNet> {
    let all = region.ipam_pools.index().all();
    let own = all.iter().filter(|pool| account.is_none_or(|account| *pool.account == *account));
    let own = own.filter(|pool| pool.state.source().is_none() && pool.state.is_amazons());
    own.flat_map(|pool| pool.state.cidrs.iter().filter_map(|own| own.public.cidr().parse().ok())).collect()
}
