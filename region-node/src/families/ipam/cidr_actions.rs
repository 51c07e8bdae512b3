//! What pools are provisioned with.

use archipelago_proto::ec2::v1::{
    DeprovisionIpamPoolCidrRequest, DeprovisionIpamPoolCidrResult, GetIpamPoolCidrsRequest, GetIpamPoolCidrsResult,
    IpamPoolAllocation, IpamPoolCidr, ProvisionIpamPoolCidrRequest, ProvisionIpamPoolCidrResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{IpNet, Ipv6Net};

use super::allocations::{ALLOCATION, Request};
use super::filters::CIDRS;
use super::life::settles;
use super::pool::{PoolCommand, PoolState, Provisioned};
use super::scope::ScopeCommand;
use crate::entity::{Id, Published, Undo, workflow};
use crate::request::{Action, Context, Describe, ipv4_block, ipv6_block};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(deprovision_ipam_pool_cidr),
        Action::new(get_ipam_pool_cidrs),
        Action::new(provision_ipam_pool_cidr),
    ]
}

/// A block of a pool's address family.
pub(super) fn block(pool: &PoolState, parameter: &str, text: &str) -> Ec2Result<IpNet> {
    match pool.public.address_family() {
        "ipv6" => ipv6_block(parameter, text).map(IpNet::from),
        _ => ipv4_block(parameter, text).map(IpNet::from),
    }
}

pub(super) fn length(pool: &PoolState, length: Option<i32>) -> Ec2Result<Option<u8>> {
    let most = if pool.public.address_family() == "ipv6" { 128 } else { 32 };
    let read = |length: i32| match u8::try_from(length) {
        Ok(fits) if fits <= most => Ok(fits),
        _ => Err(Ec2Error::invalid_value("netmaskLength", length)),
    };
    length.map(read).transpose()
}

async fn provision_ipam_pool_cidr(
    cx: Context,
    input: ProvisionIpamPoolCidrRequest,
) -> Ec2Result<ProvisionIpamPoolCidrResult> {
    if input.cidr_authorization_context.is_some()
        || input.verification_method.is_some()
        || input.ipam_external_resource_verification_token_id.is_some()
    {
        return Err(Ec2Error::unsupported("Addresses of one's own (BYOIP) are not supported in IPAM pools."));
    }
    let pool = cx.ipam_pools.find(&cx.account, input.ipam_pool_id())?;
    let cidr = input.cidr.as_deref().map(|text| block(&pool.state, "cidr", text)).transpose()?;
    let length = length(&pool.state, input.netmask_length)?;
    if cidr.is_some() == length.is_some() {
        return Err(Ec2Error::invalid_combination("Exactly one of the parameters cidr and netmaskLength is required."));
    }
    let mut undo = Undo::default();
    let outcome = async {
        let (cidr, allocation) = match pool.state.source() {
            Some(source) => from_pool(&cx, &mut undo, &pool, source, cidr, length).await?,
            None => (from_scope(&cx, &mut undo, &pool, cidr, length).await?, String::new()),
        };
        let public = IpamPoolCidr {
            cidr: Some(cidr.to_string()),
            state: Some("pending-provision".into()),
            ipam_pool_cidr_id: Some(cx.shell.ids.prefixed("ipam-pool-cidr").to_string()),
            netmask_length: Some(i32::from(cidr.prefix_len())),
            failure_reason: None,
        };
        let new = Provisioned { public: public.clone(), allocation, settles: settles(&cx) };
        cx.ipam_pools.ask(&pool.id, PoolCommand::Provision(new)).await?;
        Ok(ProvisionIpamPoolCidrResult { ipam_pool_cidr: Some(public) })
    }
    .await;
    workflow(undo, outcome).await
}

/// A part of what the pool above has.
async fn from_pool(
    cx: &Context,
    undo: &mut Undo,
    pool: &Published<PoolState>,
    source: &str,
    cidr: Option<IpNet>,
    length: Option<u8>,
) -> Ec2Result<(IpNet, String)> {
    let id = cx.shell.ids.fresh(&ALLOCATION).to_string();
    let allocation = IpamPoolAllocation {
        ipam_pool_allocation_id: Some(id.clone()),
        resource_id: Some(pool.id.to_string()),
        resource_type: Some("ipam-pool".into()),
        resource_region: Some(cx.facts.name.to_owned()),
        resource_owner: Some(cx.account.to_string()),
        ..IpamPoolAllocation::default()
    };
    let request = Request { cidr, length, allocation, ..Request::default() };
    let source = Id::new(source);
    let given = cx.ipam_pools.ask(&source, PoolCommand::Allocate(Box::new(request))).await?.reply;
    let (region, taken) = (cx.region.clone(), id.clone());
    undo.push(async move {
        drop(region.ipam_pools.ask(&source, PoolCommand::Release { allocation: taken, cidr: None }).await);
    });
    let cidr = given.and_then(|given| given.cidr().parse().ok()).ok_or_else(Ec2Error::internal)?;
    Ok((cidr, id))
}

/// AWS, "Plan your IPv6 address space": private pools have unique local addresses, of which each has a /48 or less.
const PRIVATE_IPV6: [u16; 8] = [0xfd00, 0, 0, 0, 0, 0, 0, 0];
const OWN_LENGTH: std::ops::RangeInclusive<u8> = 40..=60;

/// A part of the scope's space, which no other pool has; or of Amazon's.
async fn from_scope(
    cx: &Context,
    undo: &mut Undo,
    pool: &Published<PoolState>,
    cidr: Option<IpNet>,
    length: Option<u8>,
) -> Ec2Result<IpNet> {
    let public = &pool.state.public;
    let cidr = match (cidr, length) {
        (Some(cidr), _) if public.ipam_scope_type() == "private" => {
            check_private(cx, &pool.state, cidr)?;
            cidr
        }
        (None, Some(length)) if public.ipam_scope_type() == "public" && public.address_family() == "ipv6" => {
            if public.public_ip_source() != "amazon" {
                return Err(Ec2Error::unsupported("Addresses of one's own (BYOIP) are not supported in IPAM pools."));
            }
            if !OWN_LENGTH.contains(&length) || length % 4 != 0 {
                return Err(Ec2Error::invalid_value("netmaskLength", length));
            }
            let block = cx.ipam_blocks.take(length).ok_or_else(|| {
                Ec2Error::new("InsufficientCidrBlocks", "Amazon has no free IPv6 CIDR of this netmask length.")
            })?;
            let region = cx.region.clone();
            undo.push(async move { region.ipam_blocks.free(block) });
            block
        }
        (None, _) if public.ipam_scope_type() == "private" => {
            return Err(Ec2Error::invalid_combination(
                "The parameter netmaskLength requires a pool with a source pool, or a public IPv6 pool of Amazon's.",
            ));
        }
        _ => return Err(Ec2Error::unsupported("This CIDR cannot be provisioned to a pool in a public scope.")),
    };
    let scope = Id::new(&pool.state.scope);
    cx.ipam_scopes.ask(&scope, ScopeCommand::Take { cidr, pool: pool.id.clone() }).await?;
    let (region, pool) = (cx.region.clone(), pool.id.clone());
    undo.push(async move {
        drop(region.ipam_scopes.ask(&scope, ScopeCommand::Free { cidr: cidr.to_string(), pool }).await);
    });
    Ok(cidr)
}

fn check_private(cx: &Context, pool: &PoolState, cidr: IpNet) -> Ec2Result<()> {
    let gua = cx.ipams.index().get(&pool.ipam).is_some_and(|ipam| ipam.state.public.enable_private_gua());
    let local = Ipv6Net::new(PRIVATE_IPV6.into(), 8).is_ok_and(|local| IpNet::from(local).contains(&cidr));
    if matches!(cidr, IpNet::V6(_)) && !local && !gua {
        return Err(Ec2Error::invalid_parameter(format!(
            "The CIDR {cidr} is not a unique local address range (fd00::/8), and the IPAM does not have private GUA \
             enabled."
        )));
    }
    Ok(())
}

async fn deprovision_ipam_pool_cidr(
    cx: Context,
    input: DeprovisionIpamPoolCidrRequest,
) -> Ec2Result<DeprovisionIpamPoolCidrResult> {
    let pool = cx.ipam_pools.find(&cx.account, input.ipam_pool_id())?;
    let text = input.cidr.as_deref().ok_or_else(|| Ec2Error::missing_parameter("cidr"))?;
    let cidr = block(&pool.state, "cidr", text)?.to_string();
    let now = cx.ipam_pools.ask(&pool.id, PoolCommand::Deprovision(cidr.clone())).await?.published;
    let own = now.state.cidrs.iter().find(|own| own.public.cidr() == cidr);
    Ok(DeprovisionIpamPoolCidrResult { ipam_pool_cidr: own.map(|own| own.public.clone()) })
}

async fn get_ipam_pool_cidrs(cx: Context, input: GetIpamPoolCidrsRequest) -> Ec2Result<GetIpamPoolCidrsResult> {
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let pool = cx.ipam_pools.find(&cx.account, input.ipam_pool_id())?;
    let rows = pool.state.cidrs.iter().map(|own| own.public.clone()).collect();
    let page = describe.pick_from(&pool.id, CIDRS, rows)?;
    Ok(GetIpamPoolCidrsResult { ipam_pool_cidrs: page.items, next_token: page.next_token })
}
