//! The actions on pools.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    CreateIpamPoolRequest, CreateIpamPoolResult, DeleteIpamPoolRequest, DeleteIpamPoolResult, DescribeIpamPoolsRequest,
    DescribeIpamPoolsResult, IpamPool, IpamResourceTag, ModifyIpamPoolRequest, ModifyIpamPoolResult,
    RequestIpamResourceTag,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::filters::POOLS;
use super::life::{CREATING, DELETING, arn, incorrect_state, settles};
use super::manager::IpamState;
use super::pool::{PoolChange, PoolCommand, PoolState, check_lengths};
use super::scope::ScopeState;
use crate::entity::{Entity as _, Id, Published};
use crate::request::{Action, Context, Describe, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_ipam_pool),
        Action::new(delete_ipam_pool),
        Action::new(describe_ipam_pools),
        Action::new(modify_ipam_pool),
    ]
}

/// The locale of a pool that has none, as AWS spells it.
const NOWHERE: &str = "None";

fn refuse_import(wanted: bool) -> Ec2Result<()> {
    if wanted {
        return Err(Ec2Error::unsupported("Automatic import (AutoImport) into IPAM pools is not supported."));
    }
    Ok(())
}

fn resource_tags(tags: &[RequestIpamResourceTag]) -> Vec<IpamResourceTag> {
    tags.iter().map(|tag| IpamResourceTag { key: tag.key.clone(), value: tag.value.clone() }).collect()
}

/// AWS: the locale of a pool is that of the pool above, unless that has none.
fn locale(cx: &Context, wanted: Option<&str>, ipam: &IpamState, source: Option<&PoolState>) -> Ec2Result<String> {
    let wanted = wanted.filter(|wanted| !wanted.eq_ignore_ascii_case(NOWHERE));
    let above = source.map(|source| source.public.locale()).filter(|above| *above != NOWHERE);
    match (wanted, above) {
        (Some(wanted), Some(above)) if wanted != above => Err(Ec2Error::invalid_parameter(format!(
            "The locale {wanted} is not that of the source pool, which is {above}."
        ))),
        (Some(wanted), _) if !ipam.operates_in(wanted) => Err(Ec2Error::invalid_parameter(format!(
            "The locale {wanted} is not an operating region of the IPAM {} in {}.",
            ipam.public.ipam_id(),
            cx.facts.name
        ))),
        (wanted, above) => Ok(wanted.or(above).unwrap_or(NOWHERE).to_owned()),
    }
}

fn check_public(input: &CreateIpamPoolRequest, scope: &ScopeState, source: Option<&PoolState>) -> Ec2Result<()> {
    let ipv6 = input.address_family() == "ipv6";
    if !scope.is_public() {
        if input.public_ip_source.is_some() || input.publicly_advertisable.is_some() {
            return Err(Ec2Error::invalid_combination(
                "The parameters publicIpSource and publiclyAdvertisable apply to pools in public scopes only.",
            ));
        }
        return Ok(());
    }
    if input.publicly_advertisable.is_some() && !ipv6 {
        return Err(Ec2Error::invalid_combination("The parameter publiclyAdvertisable applies to IPv6 pools only."));
    }
    let own = input.public_ip_source.as_deref().unwrap_or("byoip") == "byoip" && source.is_none();
    if ipv6 && own && input.publicly_advertisable.is_none() {
        return Err(Ec2Error::missing_parameter("publiclyAdvertisable"));
    }
    Ok(())
}

async fn create_ipam_pool(cx: Context, input: CreateIpamPoolRequest) -> Ec2Result<CreateIpamPoolResult> {
    let kind = &PoolState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    refuse_import(input.auto_import())?;
    if input.source_resource.is_some() {
        return Err(Ec2Error::unsupported("Resource planning pools (SourceResource) are not supported."));
    }
    let scope = cx.ipam_scopes.find(&cx.account, input.ipam_scope_id())?;
    if scope.state.public.state() == DELETING {
        return Err(incorrect_state(&scope.id, DELETING));
    }
    let ipam = cx.ipams.find(&cx.account, &scope.state.ipam)?;
    let source = source(&cx, &input, &scope)?;
    let above = source.as_ref().map(|source| &source.state);
    check_public(&input, &scope.state, above)?;
    let id = cx.ipam_pools.fresh_id();
    let inherited = above.and_then(|above| above.public.public_ip_source.clone());
    let public = IpamPool {
        owner_id: Some(cx.account.to_string()),
        ipam_pool_id: Some(id.to_string()),
        source_ipam_pool_id: source.as_ref().map(|source| source.id.to_string()),
        ipam_pool_arn: Some(arn(&cx, kind.resource_type, &id)),
        ipam_scope_arn: scope.state.public.ipam_scope_arn.clone(),
        ipam_scope_type: scope.state.public.ipam_scope_type.clone(),
        ipam_arn: scope.state.public.ipam_arn.clone(),
        ipam_region: Some(cx.facts.name.to_owned()),
        locale: Some(locale(&cx, input.locale.as_deref(), &ipam.state, above)?),
        pool_depth: Some(above.map_or(1, |above| above.public.pool_depth() + 1)),
        state: Some(CREATING.to_owned()),
        description: input.description,
        auto_import: Some(false),
        publicly_advertisable: input.publicly_advertisable,
        address_family: input.address_family,
        allocation_min_netmask_length: input.allocation_min_netmask_length,
        allocation_max_netmask_length: input.allocation_max_netmask_length,
        allocation_default_netmask_length: input.allocation_default_netmask_length,
        allocation_resource_tags: resource_tags(&input.allocation_resource_tags),
        tags,
        aws_service: input.aws_service,
        public_ip_source: input.public_ip_source.or(inherited),
        ..IpamPool::default()
    };
    check_lengths(&public)?;
    let state = PoolState {
        public: public.clone(),
        ipam: scope.state.ipam.clone(),
        scope: scope.id.to_string(),
        settles: settles(&cx),
        ..PoolState::default()
    };
    let mut batch = cx.batch();
    batch.create(&cx.ipam_pools, &id, state)?;
    cx.commit(batch, CreateIpamPoolResult { ipam_pool: Some(public) }).await
}

/// The pool above: of the same scope and the same address family.
fn source(
    cx: &Context,
    input: &CreateIpamPoolRequest,
    scope: &Published<ScopeState>,
) -> Ec2Result<Option<Arc<Published<PoolState>>>> {
    let Some(id) = input.source_ipam_pool_id.as_deref() else { return Ok(None) };
    let source = cx.ipam_pools.find(&cx.account, id)?;
    if source.state.public.state() == DELETING {
        return Err(incorrect_state(id, DELETING));
    }
    if source.state.scope != *scope.id {
        return Err(Ec2Error::invalid_parameter(format!("The source pool {id} is not in the scope {}.", scope.id)));
    }
    if source.state.public.address_family() != input.address_family() {
        let family = source.state.public.address_family();
        return Err(Ec2Error::invalid_parameter(format!("The source pool {id} is of the address family {family}.")));
    }
    Ok(Some(source))
}

async fn modify_ipam_pool(cx: Context, input: ModifyIpamPoolRequest) -> Ec2Result<ModifyIpamPoolResult> {
    refuse_import(input.auto_import())?;
    if input.clear_allocation_default_netmask_length() && input.allocation_default_netmask_length.is_some() {
        return Err(Ec2Error::invalid_combination(
            "The parameters AllocationDefaultNetmaskLength and ClearAllocationDefaultNetmaskLength may not be \
             specified together",
        ));
    }
    let pool = cx.ipam_pools.find(&cx.account, input.ipam_pool_id())?;
    let change = PoolChange {
        min: input.allocation_min_netmask_length,
        max: input.allocation_max_netmask_length,
        default: input.allocation_default_netmask_length,
        clear_default: input.clear_allocation_default_netmask_length(),
        add_tags: resource_tags(&input.add_allocation_resource_tags),
        remove_tags: resource_tags(&input.remove_allocation_resource_tags),
        description: input.description,
    };
    let now = cx.ipam_pools.ask(&pool.id, PoolCommand::Modify(change)).await?.published;
    Ok(ModifyIpamPoolResult { ipam_pool: Some(now.state.public.clone()) })
}

async fn delete_ipam_pool(cx: Context, input: DeleteIpamPoolRequest) -> Ec2Result<DeleteIpamPoolResult> {
    let pool = cx.ipam_pools.find(&cx.account, input.ipam_pool_id())?;
    let gone = if input.cascade() {
        if pool.state.public.ipam_scope_type() == "public" {
            // AWS: "You can only use this option to delete pools in the private scope …"
            return Err(Ec2Error::invalid_combination(
                "The parameter Cascade applies to pools in private scopes only.",
            ));
        }
        clear(&cx, &pool.id).await?
    } else {
        cx.ipam_pools.ask(&pool.id, PoolCommand::Delete).await?.published
    };
    Ok(DeleteIpamPoolResult { ipam_pool: Some(gone.state.public.clone()) })
}

/// Deletes a pool with all pools below it and with what they have handed out.
pub(super) fn clear<'a>(cx: &'a Context, id: &'a Id) -> BoxFuture<'a, Ec2Result<Arc<Published<PoolState>>>> {
    async move {
        for below in cx.ipam_pools.linked_to(id).values() {
            clear(cx, &below.id).await?;
        }
        cx.ipam_pools.ask(id, PoolCommand::Clear).await?;
        Ok(cx.ipam_pools.ask(id, PoolCommand::Delete).await?.published)
    }
    .boxed()
}

async fn describe_ipam_pools(cx: Context, input: DescribeIpamPoolsRequest) -> Ec2Result<DescribeIpamPoolsResult> {
    let describe = Describe {
        ids: &input.ipam_pool_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.ipam_pools, POOLS)?;
    let ipam_pools = page.map(|pool| pool.state.public.clone());
    Ok(DescribeIpamPoolsResult { ipam_pools, next_token: page.next_token })
}
