//! What pools have handed out.

use archipelago_proto::ec2::v1::{
    AllocateIpamPoolCidrRequest, AllocateIpamPoolCidrResult, GetIpamPoolAllocationsRequest,
    GetIpamPoolAllocationsResult, IpamPoolAllocation, ReleaseIpamPoolAllocationRequest,
    ReleaseIpamPoolAllocationResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::allocations::{ALLOCATION, Request};
use super::cidr_actions::{block, length};
use super::filters::ALLOCATIONS;
use super::pool::PoolCommand;
use crate::request::{Action, Context, Describe, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(allocate_ipam_pool_cidr),
        Action::new(get_ipam_pool_allocations),
        Action::new(release_ipam_pool_allocation),
    ]
}

async fn allocate_ipam_pool_cidr(
    cx: Context,
    input: AllocateIpamPoolCidrRequest,
) -> Ec2Result<AllocateIpamPoolCidrResult> {
    let tags = tags_for(&ALLOCATION, &[&ALLOCATION], &input.tag_specifications)?;
    if input.cidr.is_some() && input.netmask_length.is_some() {
        return Err(Ec2Error::invalid_combination(
            "The parameters cidr and netmaskLength may not be specified together",
        ));
    }
    let pool = cx.ipam_pools.find(&cx.account, input.ipam_pool_id())?;
    let blocks = |name: &str, texts: &[String]| {
        texts.iter().map(|text| block(&pool.state, name, text)).collect::<Ec2Result<Vec<_>>>()
    };
    let preview = input.preview_next_cidr();
    let request = Request {
        cidr: input.cidr.as_deref().map(|text| block(&pool.state, "cidr", text)).transpose()?,
        length: length(&pool.state, input.netmask_length)?,
        allowed: blocks("allowedCidr", &input.allowed_cidrs)?,
        disallowed: blocks("disallowedCidr", &input.disallowed_cidrs)?,
        allocation: IpamPoolAllocation {
            ipam_pool_allocation_id: (!preview).then(|| cx.shell.ids.fresh(&ALLOCATION).to_string()),
            description: input.description,
            resource_type: Some("custom".into()),
            resource_region: Some(cx.facts.name.to_owned()),
            resource_owner: Some(cx.account.to_string()),
            tags,
            ..IpamPoolAllocation::default()
        },
        ruled: true,
        preview,
    };
    let ipam_pool_allocation = cx.ipam_pools.ask(&pool.id, PoolCommand::Allocate(Box::new(request))).await?.reply;
    Ok(AllocateIpamPoolCidrResult { ipam_pool_allocation })
}

async fn release_ipam_pool_allocation(
    cx: Context,
    input: ReleaseIpamPoolAllocationRequest,
) -> Ec2Result<ReleaseIpamPoolAllocationResult> {
    let pool = cx.ipam_pools.find(&cx.account, input.ipam_pool_id())?;
    let id = input.ipam_pool_allocation_id();
    ALLOCATION.check(id)?;
    let known = pool.state.allocations.iter().find(|known| known.ipam_pool_allocation_id() == id);
    // AWS: "You can only use this action to release manual allocations."
    if let Some(known) = known.filter(|known| known.resource_type() != "custom") {
        return Err(Ec2Error::invalid_parameter(format!(
            "The allocation {id} is of the {} {} and cannot be released manually.",
            known.resource_type(),
            known.resource_id()
        )));
    }
    let cidr = Some(block(&pool.state, "cidr", input.cidr())?.to_string());
    let release = PoolCommand::Release { allocation: id.to_owned(), cidr };
    cx.ipam_pools.ask(&pool.id, release).await?;
    Ok(ReleaseIpamPoolAllocationResult { success: Some(true) })
}

async fn get_ipam_pool_allocations(
    cx: Context,
    input: GetIpamPoolAllocationsRequest,
) -> Ec2Result<GetIpamPoolAllocationsResult> {
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1000..=100_000,
        ..Describe::default()
    };
    let pool = cx.ipam_pools.find(&cx.account, input.ipam_pool_id())?;
    let mut rows = pool.state.allocations.clone();
    if let Some(id) = input.ipam_pool_allocation_id.as_deref() {
        rows.retain(|known| known.ipam_pool_allocation_id() == id);
        if rows.is_empty() {
            ALLOCATION.check(id)?;
            return Err(ALLOCATION.not_found(id));
        }
    }
    let page = describe.pick_from(&pool.id, ALLOCATIONS, rows)?;
    Ok(GetIpamPoolAllocationsResult { ipam_pool_allocations: page.items, next_token: page.next_token })
}
