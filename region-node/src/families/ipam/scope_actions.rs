//! The actions on scopes.

use archipelago_proto::ec2::v1::{
    CreateIpamScopeRequest, CreateIpamScopeResult, DeleteIpamScopeRequest, DeleteIpamScopeResult,
    DescribeIpamScopesRequest, DescribeIpamScopesResult, IpamScope, ModifyIpamScopeRequest, ModifyIpamScopeResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::SCOPES;
use super::ipam_actions::new_scope;
use super::life::{DELETING, incorrect_state};
use super::scope::{ScopeCommand, ScopeState};
use crate::entity::{Entity as _, Published};
use crate::request::{Action, Context, Describe, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_ipam_scope),
        Action::new(delete_ipam_scope),
        Action::new(describe_ipam_scopes),
        Action::new(modify_ipam_scope),
    ]
}

fn refuse_external(given: bool) -> Ec2Result<()> {
    if given {
        return Err(Ec2Error::unsupported("External authorities of IPAM scopes are not supported."));
    }
    Ok(())
}

fn view(cx: &Context, scope: &Published<ScopeState>) -> IpamScope {
    let pools = cx.ipam_pools.linked_to(&scope.id).len();
    IpamScope { pool_count: i32::try_from(pools).ok(), ..scope.state.public.clone() }
}

async fn create_ipam_scope(cx: Context, input: CreateIpamScopeRequest) -> Ec2Result<CreateIpamScopeResult> {
    let kind = &ScopeState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    refuse_external(input.external_authority_configuration.is_some())?;
    let ipam = cx.ipams.find(&cx.account, input.ipam_id())?;
    if ipam.state.public.state() == DELETING {
        return Err(incorrect_state(&ipam.id, DELETING));
    }
    let id = cx.ipam_scopes.fresh_id();
    // AWS: scopes beside the default ones are private.
    let state = new_scope(&cx, &id, &ipam.id, "private", false, input.description, tags);
    let shown = state.public.clone();
    let mut batch = cx.batch();
    batch.create(&cx.ipam_scopes, &id, state)?;
    cx.commit(batch, CreateIpamScopeResult { ipam_scope: Some(shown) }).await
}

async fn modify_ipam_scope(cx: Context, input: ModifyIpamScopeRequest) -> Ec2Result<ModifyIpamScopeResult> {
    refuse_external(
        input.external_authority_configuration.is_some() || input.remove_external_authority_configuration(),
    )?;
    let scope = cx.ipam_scopes.find(&cx.account, input.ipam_scope_id())?;
    let modify = ScopeCommand::Modify { description: input.description };
    let now = cx.ipam_scopes.ask(&scope.id, modify).await?.published;
    Ok(ModifyIpamScopeResult { ipam_scope: Some(view(&cx, &now)) })
}

async fn delete_ipam_scope(cx: Context, input: DeleteIpamScopeRequest) -> Ec2Result<DeleteIpamScopeResult> {
    let scope = cx.ipam_scopes.find(&cx.account, input.ipam_scope_id())?;
    let gone = cx.ipam_scopes.ask(&scope.id, ScopeCommand::Delete).await?.published;
    Ok(DeleteIpamScopeResult { ipam_scope: Some(gone.state.public.clone()) })
}

async fn describe_ipam_scopes(cx: Context, input: DescribeIpamScopesRequest) -> Ec2Result<DescribeIpamScopesResult> {
    let describe = Describe {
        ids: &input.ipam_scope_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.ipam_scopes, SCOPES)?;
    Ok(DescribeIpamScopesResult { ipam_scopes: page.map(|scope| view(&cx, scope)), next_token: page.next_token })
}
