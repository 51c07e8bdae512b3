//! What IPAMs and pools leave behind goes back, also after a restart.

use std::sync::Arc;

use archipelago_proto::Ec2Result;

use super::manager::{IpamCommand, IpamState};
use super::pool::{PoolCommand, PoolState, Provisioned};
use super::scope::{ScopeCommand, ScopeState};
use crate::Region;
use crate::entity::{Entity as _, Id, Published};

/// A deleted IPAM's default scopes go, and then the IPAM.
pub(crate) async fn follow(region: Arc<Region>, ipam: Arc<Published<IpamState>>) {
    for scope in region.ipam_scopes.linked_to(&ipam.id).values() {
        if let Err(error) = region.ipam_scopes.ask(&scope.id, ScopeCommand::DeleteWithIpam).await {
            tracing::warn!(scope = %scope.id, %error, "an IPAM's scope stays");
        }
    }
    if let Err(error) = region.ipams.ask(&ipam.id, IpamCommand::Left).await {
        tracing::warn!(ipam = %ipam.id, %error, "an IPAM stays");
    }
}

/// What a pool no longer has goes back to the pool above, or to its scope.
pub(crate) async fn follow_pool(region: Arc<Region>, pool: Arc<Published<PoolState>>) {
    for block in &pool.state.returned {
        let outcome = match give_back(&region, &pool, block).await {
            Ok(()) => {
                region.ipam_pools.ask(&pool.id, PoolCommand::Forget(block.public.cidr().to_owned())).await.map(drop)
            }
            Err(error) => Err(error),
        };
        if let Err(error) = outcome {
            tracing::warn!(pool = %pool.id, %error, "a pool's block does not go back");
        }
    }
}

pub(super) async fn give_back(region: &Arc<Region>, pool: &Published<PoolState>, block: &Provisioned) -> Ec2Result<()> {
    let cidr = block.public.cidr().to_owned();
    let Some(source) = pool.state.source() else {
        if let Some(net) = cidr.parse().ok().filter(|_| pool.state.is_amazons()) {
            region.ipam_blocks.free(net);
        }
        let free = ScopeCommand::Free { cidr, pool: pool.id.clone() };
        return known(region.ipam_scopes.ask(&Id::new(&pool.state.scope), free).await.map(drop));
    };
    let release = PoolCommand::Release { allocation: block.allocation.clone(), cidr: None };
    known(region.ipam_pools.ask(&Id::new(source), release).await.map(drop))
}

/// Where it came from may be gone, or have it back already.
fn known(outcome: Ec2Result<()>) -> Ec2Result<()> {
    let gone = [PoolState::KIND.not_found, ScopeState::KIND.not_found, super::allocations::ALLOCATION.not_found];
    match outcome {
        Err(error) if !gone.contains(&error.code.as_str()) => Err(error),
        _ => Ok(()),
    }
}
