//! The actions on IPAMs themselves.

use archipelago_proto::ec2::v1::{
    AddIpamOperatingRegion, CreateIpamRequest, CreateIpamResult, DeleteIpamRequest, DeleteIpamResult,
    DescribeIpamsRequest, DescribeIpamsResult, Ipam, IpamOperatingRegion, IpamScope, ModifyIpamRequest,
    ModifyIpamResult, RemoveIpamOperatingRegion, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result, regions};

use super::filters::IPAMS;
use super::life::{CREATING, arn, settles};
use super::manager::{IpamChange, IpamCommand, IpamState};
use super::pool_actions::clear;
use super::scope::{ScopeCommand, ScopeState};
use crate::entity::{Entity as _, Id, Published};
use crate::request::{Action, Context, Describe, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![Action::new(create_ipam), Action::new(delete_ipam), Action::new(describe_ipams), Action::new(modify_ipam)]
}

/// Regions that there are.
fn operating_regions<'a>(names: impl Iterator<Item = &'a str>) -> Ec2Result<Vec<String>> {
    let check = |name: &str| match regions::find(name) {
        Some(_) => Ok(name.to_owned()),
        None => Err(Ec2Error::invalid_value("regionName", name)),
    };
    names.map(check).collect()
}

async fn create_ipam(cx: Context, input: CreateIpamRequest) -> Ec2Result<CreateIpamResult> {
    let kind = &IpamState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    // The home region is always watched.
    let mut watched = vec![cx.facts.name.to_owned()];
    for region in operating_regions(input.operating_regions.iter().map(AddIpamOperatingRegion::region_name))? {
        if !watched.contains(&region) {
            watched.push(region);
        }
    }
    let id = cx.ipams.fresh_id();
    let (private, public) = (cx.ipam_scopes.fresh_id(), cx.ipam_scopes.fresh_id());
    let shown = Ipam {
        owner_id: Some(cx.account.to_string()),
        ipam_id: Some(id.to_string()),
        ipam_arn: Some(arn(&cx, kind.resource_type, &id)),
        ipam_region: Some(cx.facts.name.to_owned()),
        public_default_scope_id: Some(public.to_string()),
        private_default_scope_id: Some(private.to_string()),
        scope_count: Some(2),
        description: input.description,
        operating_regions: watched.into_iter().map(|name| IpamOperatingRegion { region_name: Some(name) }).collect(),
        state: Some(CREATING.to_owned()),
        tags,
        default_resource_discovery_id: Some(cx.shell.ids.prefixed("ipam-res-disco").to_string()),
        default_resource_discovery_association_id: Some(cx.shell.ids.prefixed("ipam-res-disco-assoc").to_string()),
        resource_discovery_association_count: Some(1),
        tier: Some(input.tier.unwrap_or_else(|| "advanced".into())),
        enable_private_gua: Some(input.enable_private_gua.unwrap_or(false)),
        metered_account: Some(input.metered_account.unwrap_or_else(|| "ipam-owner".into())),
        ..Ipam::default()
    };
    let mut batch = cx.batch();
    for (scope, scope_type) in [(&private, "private"), (&public, "public")] {
        let state = new_scope(&cx, scope, &id, scope_type, true, None, Vec::new());
        batch.create(&cx.ipam_scopes, scope, state)?;
    }
    let state = IpamState { public: shown.clone(), settles: settles(&cx), ..IpamState::default() };
    batch.create(&cx.ipams, &id, state)?;
    cx.commit(batch, CreateIpamResult { ipam: Some(shown) }).await
}

pub(super) fn new_scope(
    cx: &Context,
    id: &Id,
    ipam: &Id,
    scope_type: &str,
    default: bool,
    description: Option<String>,
    tags: Vec<Tag>,
) -> ScopeState {
    let public = IpamScope {
        owner_id: Some(cx.account.to_string()),
        ipam_scope_id: Some(id.to_string()),
        ipam_scope_arn: Some(arn(cx, ScopeState::KIND.resource_type, id)),
        ipam_arn: Some(arn(cx, IpamState::KIND.resource_type, ipam)),
        ipam_region: Some(cx.facts.name.to_owned()),
        ipam_scope_type: Some(scope_type.to_owned()),
        is_default: Some(default),
        description,
        pool_count: Some(0),
        state: Some(CREATING.to_owned()),
        tags,
        external_authority_configuration: None,
    };
    ScopeState { public, ipam: ipam.to_string(), settles: settles(cx), blocks: Vec::new() }
}

fn view(cx: &Context, ipam: &Published<IpamState>) -> Ipam {
    let scopes = cx.ipam_scopes.linked_to(&ipam.id).len();
    Ipam { scope_count: i32::try_from(scopes).ok(), ..ipam.state.public.clone() }
}

async fn modify_ipam(cx: Context, input: ModifyIpamRequest) -> Ec2Result<ModifyIpamResult> {
    let change = IpamChange {
        add: operating_regions(input.add_operating_regions.iter().map(AddIpamOperatingRegion::region_name))?,
        remove: operating_regions(input.remove_operating_regions.iter().map(RemoveIpamOperatingRegion::region_name))?,
        description: input.description,
        tier: input.tier,
        enable_private_gua: input.enable_private_gua,
        metered_account: input.metered_account,
    };
    let ipam = cx.ipams.find(&cx.account, input.ipam_id.as_deref().unwrap_or_default())?;
    let pools = cx.ipam_pools.linked_to(&ipam.id);
    let used = pools.values().find(|pool| change.remove.iter().any(|region| region == pool.state.public.locale()));
    if let Some(pool) = used {
        let message = format!("The region cannot be removed: it is the locale of the IPAM pool {}.", pool.id);
        return Err(Ec2Error::dependency_violation(message));
    }
    let now = cx.ipams.ask(&ipam.id, IpamCommand::Modify(change)).await?.published;
    Ok(ModifyIpamResult { ipam: Some(view(&cx, &now)) })
}

async fn delete_ipam(cx: Context, input: DeleteIpamRequest) -> Ec2Result<DeleteIpamResult> {
    let ipam = cx.ipams.find(&cx.account, input.ipam_id.as_deref().unwrap_or_default())?;
    let shown = view(&cx, &ipam);
    if input.cascade() {
        let pools = cx.ipam_pools.linked_to(&ipam.id);
        // AWS: "You cannot delete the IPAM with this option if there is a pool in your public scope."
        if let Some(pool) = pools.values().find(|pool| pool.state.public.ipam_scope_type() == "public") {
            let message = format!("The IPAM {} has the pool {} in its public scope.", ipam.id, pool.id);
            return Err(Ec2Error::dependency_violation(message));
        }
        for pool in pools.values().filter(|pool| pool.state.source().is_none()) {
            clear(&cx, &pool.id).await?;
        }
        for scope in cx.ipam_scopes.linked_to(&ipam.id).values().filter(|scope| !scope.state.public.is_default()) {
            cx.ipam_scopes.ask(&scope.id, ScopeCommand::DeleteWithIpam).await?;
        }
    }
    let gone = cx.ipams.ask(&ipam.id, IpamCommand::Delete).await?.published;
    Ok(DeleteIpamResult { ipam: Some(Ipam { state: gone.state.public.state.clone(), ..shown }) })
}

async fn describe_ipams(cx: Context, input: DescribeIpamsRequest) -> Ec2Result<DescribeIpamsResult> {
    let describe = Describe {
        ids: &input.ipam_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.ipams, IPAMS)?;
    Ok(DescribeIpamsResult { ipams: page.map(|ipam| view(&cx, ipam)), next_token: page.next_token })
}
