//! Groups that are referred to from other VPCs, and rules that refer to what is gone.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    DescribeSecurityGroupReferencesRequest, DescribeSecurityGroupReferencesResult, DescribeStaleSecurityGroupsRequest,
    DescribeStaleSecurityGroupsResult, SecurityGroupReference, SecurityGroupRule, StaleIpPermission,
    StaleSecurityGroup,
};

use super::Direction;
use super::rules::{group_of, permissions};
use super::state::SecurityGroupState;
use crate::entity::Published;
use crate::request::{Context, Describe, Row};

pub(super) async fn describe_security_group_references(
    cx: Context,
    input: DescribeSecurityGroupReferencesRequest,
) -> Ec2Result<DescribeSecurityGroupReferencesResult> {
    let mut references: Vec<SecurityGroupReference> = Vec::new();
    for id in &input.group_id {
        let group = cx.security_groups.find(&cx.account, id)?;
        for other in cx.security_groups.linked_to(&group.id).values() {
            if other.state.public.vpc_id() == group.state.public.vpc_id() {
                continue;
            }
            for rule in other.state.rules.iter().filter(|rule| group_of(rule) == Some(&*group.id)) {
                let info = rule.referenced_group_info.as_ref();
                let reference = SecurityGroupReference {
                    group_id: Some(group.id.to_string()),
                    referencing_vpc_id: other.state.public.vpc_id.clone(),
                    vpc_peering_connection_id: info.and_then(|info| info.vpc_peering_connection_id.clone()),
                    transit_gateway_id: None,
                };
                if !references.contains(&reference) {
                    references.push(reference);
                }
            }
        }
    }
    Ok(DescribeSecurityGroupReferencesResult { security_group_reference_set: references })
}

impl Row for StaleSecurityGroup {
    fn id(&self) -> &str {
        self.group_id()
    }
}

pub(super) async fn describe_stale_security_groups(
    cx: Context,
    input: DescribeStaleSecurityGroupsRequest,
) -> Ec2Result<DescribeStaleSecurityGroupsResult> {
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let groups = cx.security_groups.linked_to(&vpc.id);
    let groups = groups.values().filter(|group| group.state.public.vpc_id() == &*vpc.id);
    let stale = groups.filter_map(|group| stale(&cx, group)).collect();
    let describe = Describe {
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 5..=255,
        ..Describe::default()
    };
    let page = describe.pick_from(&vpc.id, &[], stale)?;
    Ok(DescribeStaleSecurityGroupsResult { next_token: page.next_token, stale_security_group_set: page.items })
}

fn stale(cx: &Context, group: &Published<SecurityGroupState>) -> Option<StaleSecurityGroup> {
    let of = |direction| {
        let rules: Vec<_> = group.state.rules_of(direction).filter(|rule| is_stale(cx, rule)).collect();
        let stale = permissions(rules.into_iter()).into_iter().map(|permission| StaleIpPermission {
            from_port: permission.from_port,
            ip_protocol: permission.ip_protocol,
            to_port: permission.to_port,
            user_id_group_pairs: permission.user_id_group_pairs,
            ..StaleIpPermission::default()
        });
        stale.collect::<Vec<_>>()
    };
    let public = &group.state.public;
    let stale = StaleSecurityGroup {
        description: public.description.clone(),
        group_id: public.group_id.clone(),
        group_name: public.group_name.clone(),
        stale_ip_permissions: of(Direction::Ingress),
        stale_ip_permissions_egress: of(Direction::Egress),
        vpc_id: public.vpc_id.clone(),
    };
    (!stale.stale_ip_permissions.is_empty() || !stale.stale_ip_permissions_egress.is_empty()).then_some(stale)
}

/// The group that it refers to is gone, or the way to it is.
fn is_stale(cx: &Context, rule: &SecurityGroupRule) -> bool {
    let Some(info) = &rule.referenced_group_info else { return false };
    let gone = cx.security_groups.index().get(info.group_id()).is_none();
    gone || info.peering_status.as_deref().is_some_and(|status| status == "deleted")
}
