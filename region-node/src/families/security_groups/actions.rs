//! The actions on security groups (reference: CreateSecurityGroup and those beside it).

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    CreateSecurityGroupRequest, CreateSecurityGroupResult, DeleteSecurityGroupRequest, DeleteSecurityGroupResult,
    DescribeSecurityGroupsRequest, DescribeSecurityGroupsResult, SecurityGroup,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::classic;
use super::filters::{FILTERS, GroupRow};
use super::find::{by_id_or_name, by_name, default_vpc};
use super::names::{check_description, check_name};
use super::references::{describe_security_group_references, describe_stale_security_groups};
use super::rule_actions::{
    authorize_security_group_egress, authorize_security_group_ingress, describe_security_group_rules,
    modify_security_group_rules, revoke_security_group_egress, revoke_security_group_ingress,
    update_security_group_rule_descriptions_egress, update_security_group_rule_descriptions_ingress,
};
use super::vpc_associations::{
    associate_security_group_vpc, describe_security_group_vpc_associations, disassociate_security_group_vpc,
    get_security_groups_for_vpc,
};
use super::{SecurityGroupCommand, SecurityGroupState};
use crate::entity::{Entity as _, Id, Undo, workflow};
use crate::families::accounts::{AccountCommand, Name, account_id};
use crate::request::{Action, Context, Describe, required, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_security_group),
        Action::new(delete_security_group),
        Action::new(describe_security_groups),
        Action::new(authorize_security_group_ingress),
        Action::new(authorize_security_group_egress),
        Action::new(revoke_security_group_ingress),
        Action::new(revoke_security_group_egress),
        Action::new(describe_security_group_rules),
        Action::new(modify_security_group_rules),
        Action::new(update_security_group_rule_descriptions_ingress),
        Action::new(update_security_group_rule_descriptions_egress),
        Action::new(describe_security_group_references),
        Action::new(describe_stale_security_groups),
        Action::new(get_security_groups_for_vpc),
        Action::new(associate_security_group_vpc),
        Action::new(disassociate_security_group_vpc),
        Action::new(describe_security_group_vpc_associations),
    ]
}

async fn create_security_group(cx: Context, input: CreateSecurityGroupRequest) -> Ec2Result<CreateSecurityGroupResult> {
    let kind = &SecurityGroupState::KIND;
    let name = required("groupName", input.group_name.as_deref())?;
    let description = required("GroupDescription", input.description.as_deref())?;
    let vpc = match input.vpc_id.as_deref().filter(|id| !id.is_empty()) {
        Some(id) => Some(id.to_owned()),
        None => default_vpc(&cx).map(|vpc| vpc.id.to_string()),
    };
    if vpc.is_none() && cx.has_classic() {
        classic::check_name(name, description)?;
    } else {
        check_name(name)?;
        check_description(description)?;
    }
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let vpc = match vpc {
        Some(id) => Some(cx.vpcs.find(&cx.account, &id)?),
        None if cx.has_classic() => None,
        None => return Err(Ec2Error::new("VPCIdNotSpecified", "No default VPC for this user")),
    };
    let id = cx.security_groups.fresh_id();
    let arn = cx.arn(kind.resource_type, &id);
    let public = SecurityGroup {
        tags: tags.clone(),
        vpc_id: vpc.as_ref().map(|vpc| vpc.id.to_string()),
        security_group_arn: Some(arn.clone()),
        owner_id: Some(cx.account.to_string()),
        group_name: Some(name.to_owned()),
        description: Some(description.to_owned()),
        ..SecurityGroup::default()
    };
    let state = match &vpc {
        None => SecurityGroupState::classic(&id, public),
        Some(vpc) if vpc.state.public.ipv6_cidr_block_association_set.is_empty() => {
            SecurityGroupState::new(&id, public, &cx.shell.ids)
        }
        Some(_) => SecurityGroupState::new(&id, public, &cx.shell.ids).with_ipv6_egress(&cx.shell.ids),
    };
    let response = CreateSecurityGroupResult { group_id: Some(id.to_string()), tags, security_group_arn: Some(arn) };
    let mut undo = Undo::default();
    let outcome = create(&cx, &mut undo, &id, state, response).await;
    workflow(undo, outcome).await
}

/// Takes the name in the VPC first: two groups of one name never exist.
async fn create(
    cx: &Context,
    undo: &mut Undo,
    id: &Id,
    state: SecurityGroupState,
    response: CreateSecurityGroupResult,
) -> Ec2Result<CreateSecurityGroupResult> {
    let name = unique_name(&state);
    let place = state.public.vpc_id.as_ref().map_or_else(String::new, |vpc| format!(" for VPC '{vpc}'"));
    let message = format!("The security group '{}' already exists{place}", state.public.group_name());
    let taken = Ec2Error::new("InvalidGroup.Duplicate", message);
    let claim = AccountCommand::Claim { name: name.clone(), by: id.clone(), taken };
    cx.accounts.ask(&account_id(&cx.account), claim).await?;
    let (other, by) = (cx.clone(), id.clone());
    undo.push(async move { disclaim(&other, name, by).await });
    let mut batch = cx.batch();
    batch.create(&cx.security_groups, id, state)?;
    cx.commit(batch, response).await
}

/// Names are unique in a VPC.
pub(super) fn unique_name(state: &SecurityGroupState) -> Name {
    let name = format!("{}/{}", state.public.vpc_id(), state.public.group_name());
    Name { resource_type: SecurityGroupState::KIND.resource_type, name }
}

async fn disclaim(cx: &Context, name: Name, by: Id) {
    if let Err(error) = cx.accounts.ask(&account_id(&cx.account), AccountCommand::Disclaim { name, by }).await {
        tracing::warn!(%error, "a group's name was not given back");
    }
}

async fn delete_security_group(cx: Context, input: DeleteSecurityGroupRequest) -> Ec2Result<DeleteSecurityGroupResult> {
    let group = by_id_or_name(&cx, input.group_id.as_deref(), input.group_name.as_deref())?;
    let deleted = cx.security_groups.ask(&group.id, SecurityGroupCommand::Delete).await?;
    disclaim(&cx, unique_name(&deleted.published.state), group.id.clone()).await;
    Ok(DeleteSecurityGroupResult { r#return: Some(true), group_id: Some(group.id.to_string()) })
}

async fn describe_security_groups(
    cx: Context,
    input: DescribeSecurityGroupsRequest,
) -> Ec2Result<DescribeSecurityGroupsResult> {
    let mut ids = input.group_ids;
    for name in &input.group_names {
        ids.push(by_name(&cx, name)?.id.to_string());
    }
    let describe = Describe {
        ids: &ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let row = |group| GroupRow { group, groups: cx.security_groups.clone() };
    let page = describe.find_rows(&cx, &cx.security_groups, FILTERS, row)?;
    let security_groups = page.map(|row| classic::name_members(&cx, row.group.state.view()));
    Ok(DescribeSecurityGroupsResult { next_token: page.next_token, security_groups })
}

/// Names are taken again at boot by those who have them.
pub(crate) async fn rebuild(region: &Arc<crate::Region>) {
    for group in region.security_groups.index().all() {
        let claim = AccountCommand::Claim {
            name: unique_name(&group.state),
            by: group.id.clone(),
            taken: Ec2Error::internal(),
        };
        if let Err(error) = region.accounts.ask(&account_id(&group.account), claim).await {
            tracing::warn!(group = %group.id, %error, "a group's name is not known");
        }
    }
}
