//! The actions on the rules of security groups (reference: AuthorizeSecurityGroupIngress and those beside it).

use std::collections::BTreeMap;

use archipelago_proto::ec2::v1::{
    AuthorizeSecurityGroupEgressRequest, AuthorizeSecurityGroupEgressResult, AuthorizeSecurityGroupIngressRequest,
    AuthorizeSecurityGroupIngressResult, DescribeSecurityGroupRulesRequest, DescribeSecurityGroupRulesResult, Filter,
    IpPermission, ModifySecurityGroupRulesRequest, ModifySecurityGroupRulesResult, RevokeSecurityGroupEgressRequest,
    RevokeSecurityGroupEgressResult, RevokeSecurityGroupIngressRequest, RevokeSecurityGroupIngressResult,
    SecurityGroupRule, SecurityGroupRuleDescription, TagSpecification,
    UpdateSecurityGroupRuleDescriptionsEgressRequest, UpdateSecurityGroupRuleDescriptionsEgressResult,
    UpdateSecurityGroupRuleDescriptionsIngressRequest, UpdateSecurityGroupRuleDescriptionsIngressResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::{RULE_FILTERS, RuleRow};
use super::find::{by_id_or_name, is_in_default_vpc};
use super::names::check_rule_description;
use super::rules::{Direction, RULE, revoked};
use super::statements::{Flat, Statements};
use super::{Change, SecurityGroupCommand, SecurityGroupState};
use crate::entity::{Published, Undo, workflow};
use crate::families::prefix_lists;
use crate::request::{Context, Describe, required, tags_for};

pub(super) async fn authorize_security_group_ingress(
    cx: Context,
    input: AuthorizeSecurityGroupIngressRequest,
) -> Ec2Result<AuthorizeSecurityGroupIngressResult> {
    let flat = Flat {
        ip_protocol: input.ip_protocol.as_deref(),
        from_port: input.from_port,
        to_port: input.to_port,
        cidr_ip: input.cidr_ip.as_deref(),
        source_name: input.source_security_group_name.as_deref(),
        source_owner: input.source_security_group_owner_id.as_deref(),
    };
    let group = by_id_or_name(&cx, input.group_id.as_deref(), input.group_name.as_deref())?;
    let statements = Statements { cx: &cx, group: &group, direction: Direction::Ingress };
    let security_group_rules = authorize(&statements, &input.ip_permissions, flat, &input.tag_specifications).await?;
    Ok(AuthorizeSecurityGroupIngressResult { r#return: Some(true), security_group_rules })
}

pub(super) async fn authorize_security_group_egress(
    cx: Context,
    input: AuthorizeSecurityGroupEgressRequest,
) -> Ec2Result<AuthorizeSecurityGroupEgressResult> {
    let flat = Flat {
        ip_protocol: input.ip_protocol.as_deref(),
        from_port: input.from_port,
        to_port: input.to_port,
        cidr_ip: input.cidr_ip.as_deref(),
        source_name: input.source_security_group_name.as_deref(),
        source_owner: input.source_security_group_owner_id.as_deref(),
    };
    let group = cx.security_groups.find(&cx.account, input.group_id())?;
    let statements = Statements { cx: &cx, group: &group, direction: Direction::Egress };
    let security_group_rules = authorize(&statements, &input.ip_permissions, flat, &input.tag_specifications).await?;
    Ok(AuthorizeSecurityGroupEgressResult { r#return: Some(true), security_group_rules })
}

async fn authorize(
    statements: &Statements<'_>,
    permissions: &[IpPermission],
    flat: Flat<'_>,
    specifications: &[TagSpecification],
) -> Ec2Result<Vec<SecurityGroupRule>> {
    let rules = statements.read(permissions, flat)?;
    let tags = tags_for(&RULE, &[&RULE], specifications)?;
    let Statements { cx, group, direction } = statements;
    let new: Vec<_> = rules.iter().map(|rule| rule.peer.prefix_list()).collect();
    let lists = prefix_lists::weigh_rules(cx, group.state.rules_of(*direction), &new, direction.quota())?;
    let mut undo = Undo::default();
    for list in lists {
        cx.hold(&mut undo, &cx.security_groups, &group.id, &list).await?;
    }
    let command = SecurityGroupCommand::Authorize { rules, tags };
    let outcome = cx.security_groups.ask(&group.id, command).await;
    Ok(workflow(undo, outcome).await?.reply)
}

pub(super) async fn revoke_security_group_ingress(
    cx: Context,
    input: RevokeSecurityGroupIngressRequest,
) -> Ec2Result<RevokeSecurityGroupIngressResult> {
    let flat = Flat {
        ip_protocol: input.ip_protocol.as_deref(),
        from_port: input.from_port,
        to_port: input.to_port,
        cidr_ip: input.cidr_ip.as_deref(),
        source_name: input.source_security_group_name.as_deref(),
        source_owner: input.source_security_group_owner_id.as_deref(),
    };
    let group = by_id_or_name(&cx, input.group_id.as_deref(), input.group_name.as_deref())?;
    let statements = Statements { cx: &cx, group: &group, direction: Direction::Ingress };
    let (unknown, gone) = revoke(&statements, &input.ip_permissions, flat, input.security_group_rule_ids).await?;
    Ok(RevokeSecurityGroupIngressResult {
        r#return: Some(true),
        unknown_ip_permissions: unknown,
        revoked_security_group_rules: gone.iter().map(revoked).collect(),
    })
}

pub(super) async fn revoke_security_group_egress(
    cx: Context,
    input: RevokeSecurityGroupEgressRequest,
) -> Ec2Result<RevokeSecurityGroupEgressResult> {
    let flat = Flat {
        ip_protocol: input.ip_protocol.as_deref(),
        from_port: input.from_port,
        to_port: input.to_port,
        cidr_ip: input.cidr_ip.as_deref(),
        source_name: input.source_security_group_name.as_deref(),
        source_owner: input.source_security_group_owner_id.as_deref(),
    };
    let group = cx.security_groups.find(&cx.account, input.group_id())?;
    let statements = Statements { cx: &cx, group: &group, direction: Direction::Egress };
    let (unknown, gone) = revoke(&statements, &input.ip_permissions, flat, input.security_group_rule_ids).await?;
    Ok(RevokeSecurityGroupEgressResult {
        r#return: Some(true),
        unknown_ip_permissions: unknown,
        revoked_security_group_rules: gone.iter().map(revoked).collect(),
    })
}

/// What the group did not have, and what it has no more. For a default VPC an unknown rule is no
/// error (AWS: RevokeSecurityGroupIngress).
async fn revoke(
    statements: &Statements<'_>,
    permissions: &[IpPermission],
    flat: Flat<'_>,
    ids: Vec<String>,
) -> Ec2Result<(Vec<IpPermission>, Vec<SecurityGroupRule>)> {
    let Statements { cx, group, direction } = statements;
    if !ids.is_empty() {
        if !permissions.is_empty() || flat.is_given() {
            return Err(Ec2Error::invalid_combination(
                "The parameter 'securityGroupRuleIds' may not be used in combination with 'ipPermissions'",
            ));
        }
        let command = SecurityGroupCommand::RevokeById { direction: *direction, ids };
        return Ok((Vec::new(), cx.security_groups.ask(&group.id, command).await?.reply));
    }
    let rules = statements.read(permissions, flat)?;
    let lenient = group.state.is_classic() || is_in_default_vpc(cx, group);
    let command = SecurityGroupCommand::Revoke { rules: rules.clone(), lenient };
    let gone = cx.security_groups.ask(&group.id, command).await?.reply;
    let unknown = rules.into_iter().filter(|rule| !gone.iter().any(|known| rule.is(known)));
    Ok((unknown.map(super::Rule::permission).collect(), gone))
}

pub(super) async fn describe_security_group_rules(
    cx: Context,
    input: DescribeSecurityGroupRulesRequest,
) -> Ec2Result<DescribeSecurityGroupRulesResult> {
    let describe = Describe {
        ids: &input.security_group_rule_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let mut rules: BTreeMap<String, SecurityGroupRule> = BTreeMap::new();
    let mut show = |group: &Published<SecurityGroupState>, rule: Option<&str>| {
        let shown = group.state.rules.iter().filter(|known| rule.is_none_or(|id| id == known.security_group_rule_id()));
        rules.extend(shown.map(|rule| (rule.security_group_rule_id().to_owned(), rule.clone())));
    };
    if input.security_group_rule_ids.is_empty() {
        match groups_of(&input.filters) {
            Some(ids) => ids.iter().for_each(|id| {
                if let Ok(group) = cx.security_groups.find(&cx.account, id) {
                    show(&group, None);
                }
            }),
            None => cx.security_groups.owned_by(&cx.account).values().for_each(|group| show(group, None)),
        }
    } else {
        for id in &input.security_group_rule_ids {
            RULE.check(id)?;
        }
        for id in &input.security_group_rule_ids {
            let group = cx.security_groups.of_part(&cx.account, id).ok_or_else(|| RULE.not_found(id))?;
            show(&group, Some(id));
        }
    }
    let page = describe.pick(RULE.resource_type, RULE_FILTERS, |after| {
        let after = after.unwrap_or_default().to_owned();
        rules.into_iter().filter(move |(id, _)| *id > after).map(|(_, rule)| RuleRow(rule))
    })?;
    let security_group_rules = page.items.into_iter().map(|row| row.0).collect();
    Ok(DescribeSecurityGroupRulesResult { security_group_rules, next_token: page.next_token })
}

/// The groups that a filter names without wildcards: no others need be looked at.
fn groups_of(filters: &[Filter]) -> Option<&[String]> {
    let groups = filters.iter().find(|filter| filter.name() == "group-id")?;
    groups.values.iter().all(|id| !id.contains(['*', '?', '\\'])).then_some(&groups.values)
}

pub(super) async fn modify_security_group_rules(
    cx: Context,
    input: ModifySecurityGroupRulesRequest,
) -> Ec2Result<ModifySecurityGroupRulesResult> {
    let group = cx.security_groups.find(&cx.account, input.group_id())?;
    // Whichever it is here: a rule keeps its direction.
    let statements = Statements { cx: &cx, group: &group, direction: Direction::Ingress };
    let mut changes: Vec<Change> = Vec::new();
    for update in &input.security_group_rules {
        let id = required("SecurityGroupRule.SecurityGroupRuleId", update.security_group_rule_id.as_deref())?;
        RULE.check(id)?;
        if changes.iter().any(|earlier| earlier.rule == id) {
            return Err(Ec2Error::invalid_parameter(format!(
                "The security group rule '{id}' may not appear multiple times"
            )));
        }
        let to = required("SecurityGroupRule.SecurityGroupRule", update.security_group_rule.as_ref())?;
        changes.push(Change { rule: id.to_owned(), to: statements.update(to)? });
    }
    if changes.is_empty() {
        return Err(Ec2Error::missing_parameter("SecurityGroupRule"));
    }
    cx.security_groups.ask(&group.id, SecurityGroupCommand::Modify(changes)).await?;
    Ok(ModifySecurityGroupRulesResult { r#return: Some(true) })
}

pub(super) async fn update_security_group_rule_descriptions_ingress(
    cx: Context,
    input: UpdateSecurityGroupRuleDescriptionsIngressRequest,
) -> Ec2Result<UpdateSecurityGroupRuleDescriptionsIngressResult> {
    let group = by_id_or_name(&cx, input.group_id.as_deref(), input.group_name.as_deref())?;
    let statements = Statements { cx: &cx, group: &group, direction: Direction::Ingress };
    describe(&statements, &input.ip_permissions, input.security_group_rule_descriptions).await?;
    Ok(UpdateSecurityGroupRuleDescriptionsIngressResult { r#return: Some(true) })
}

pub(super) async fn update_security_group_rule_descriptions_egress(
    cx: Context,
    input: UpdateSecurityGroupRuleDescriptionsEgressRequest,
) -> Ec2Result<UpdateSecurityGroupRuleDescriptionsEgressResult> {
    let group = by_id_or_name(&cx, input.group_id.as_deref(), input.group_name.as_deref())?;
    let statements = Statements { cx: &cx, group: &group, direction: Direction::Egress };
    describe(&statements, &input.ip_permissions, input.security_group_rule_descriptions).await?;
    Ok(UpdateSecurityGroupRuleDescriptionsEgressResult { r#return: Some(true) })
}

async fn describe(
    statements: &Statements<'_>,
    permissions: &[IpPermission],
    descriptions: Vec<SecurityGroupRuleDescription>,
) -> Ec2Result<()> {
    let command = match (permissions.is_empty(), descriptions.is_empty()) {
        (false, true) => SecurityGroupCommand::Describe(statements.permissions(permissions)?),
        (true, false) => {
            let described = descriptions.into_iter().map(|described| {
                let id = required("SecurityGroupRuleId", described.security_group_rule_id.as_deref())?.to_owned();
                let description = described.description.filter(|text| !text.is_empty());
                description.as_deref().map_or(Ok(()), check_rule_description)?;
                Ok((id, description))
            });
            let descriptions = described.collect::<Ec2Result<_>>()?;
            SecurityGroupCommand::DescribeById { direction: statements.direction, descriptions }
        }
        (true, true) => return Err(Ec2Error::missing_parameter("IpPermissions")),
        (false, false) => {
            return Err(Ec2Error::invalid_combination(
                "The parameters IpPermissions and SecurityGroupRuleDescriptions may not be specified together",
            ));
        }
    };
    statements.cx.security_groups.ask(&statements.group.id, command).await?;
    Ok(())
}
