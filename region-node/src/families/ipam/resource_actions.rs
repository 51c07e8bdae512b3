//! What an IPAM sees, and what of it is in which scope.

use archipelago_proto::ec2::v1::{
    GetIpamResourceCidrsRequest, GetIpamResourceCidrsResult, ModifyIpamResourceCidrRequest,
    ModifyIpamResourceCidrResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::{RESOURCES, ResourceRow};
use super::manager::{IpamCommand, Placement};
use super::resources;
use crate::request::{Action, Context, Describe};

pub(super) fn actions() -> Vec<Action> {
    vec![Action::new(get_ipam_resource_cidrs), Action::new(modify_ipam_resource_cidr)]
}

async fn get_ipam_resource_cidrs(
    cx: Context,
    input: GetIpamResourceCidrsRequest,
) -> Ec2Result<GetIpamResourceCidrsResult> {
    let wanted = [
        input.ipam_pool_id.as_deref(),
        input.resource_id.as_deref(),
        input.resource_type.as_deref(),
        input.resource_owner.as_deref(),
    ];
    let scopes: Vec<String> = wanted.iter().map(|wanted| wanted.unwrap_or_default().to_owned()).collect();
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        scope: &[&scopes],
        ..Describe::default()
    };
    let scope = cx.ipam_scopes.find(&cx.account, input.ipam_scope_id())?;
    if let Some(pool) = input.ipam_pool_id.as_deref() {
        cx.ipam_pools.find(&cx.account, pool)?;
    }
    let ipam = cx.ipams.find(&cx.account, &scope.state.ipam)?;
    let mut rows = resources::of(&cx, &ipam);
    let is = |wanted: Option<&str>, own: &str| wanted.is_none_or(|wanted| wanted == own);
    let tagged = |row: &ResourceRow| {
        input.resource_tag.as_ref().is_none_or(|tag| {
            let same =
                |known: &&str, value: &str| tag.key() == *known && tag.value.as_deref().is_none_or(|v| v == value);
            row.public.resource_tags.iter().any(|known| same(&known.key(), known.value()))
        })
    };
    rows.retain(|row| {
        row.public.ipam_scope_id() == &*scope.id
            && is(wanted[0], row.public.ipam_pool_id())
            && is(wanted[1], row.public.resource_id())
            && is(wanted[2], row.public.resource_type())
            && is(wanted[3], row.public.resource_owner_id())
            && tagged(row)
    });
    let page = describe.pick_from(&scope.id, RESOURCES, rows)?;
    Ok(GetIpamResourceCidrsResult {
        ipam_resource_cidrs: page.items.into_iter().map(|row| row.public).collect(),
        next_token: page.next_token,
    })
}

async fn modify_ipam_resource_cidr(
    cx: Context,
    input: ModifyIpamResourceCidrRequest,
) -> Ec2Result<ModifyIpamResourceCidrResult> {
    let scope = cx.ipam_scopes.find(&cx.account, input.current_ipam_scope_id())?;
    let ipam = cx.ipams.find(&cx.account, &scope.state.ipam)?;
    let destination = match input.destination_ipam_scope_id.as_deref() {
        Some(id) => cx.ipam_scopes.find(&cx.account, id)?,
        None => scope.clone(),
    };
    if destination.state.ipam != scope.state.ipam || destination.state.is_public() {
        return Err(Ec2Error::invalid_parameter("The destination scope is not a private scope of the same IPAM."));
    }
    if input.resource_region() != cx.facts.name {
        return Err(Ec2Error::unsupported("Only resources of the IPAM's home region can be changed."));
    }
    let is_wanted = |row: &ResourceRow| {
        row.public.resource_id() == input.resource_id()
            && row.public.resource_cidr() == input.resource_cidr()
            && row.public.ipam_scope_id() == &*scope.id
    };
    let find = |rows: Vec<ResourceRow>| rows.into_iter().find(is_wanted);
    let Some(found) = find(resources::of(&cx, &ipam)) else {
        return Err(Ec2Error::invalid_parameter(format!(
            "The CIDR {} of the resource {} is not in the scope {}.",
            input.resource_cidr(),
            input.resource_id(),
            scope.id
        )));
    };
    if found.public.resource_type() != "vpc" || found.public.management_state() == "managed" {
        return Err(Ec2Error::invalid_parameter(
            "Only the CIDRs of VPCs that are not managed by a pool can be moved or ignored.",
        ));
    }
    let placement = Placement {
        resource: input.resource_id().to_owned(),
        cidr: input.resource_cidr().to_owned(),
        scope: destination.id.to_string(),
        ignored: !input.monitored(),
    };
    let now = cx.ipams.ask(&ipam.id, IpamCommand::Place(placement)).await?.published;
    let rows = resources::of(&cx, &now);
    let moved = rows.into_iter().find(|row| row.position == found.position);
    Ok(ModifyIpamResourceCidrResult { ipam_resource_cidr: moved.map(|row| row.public) })
}
