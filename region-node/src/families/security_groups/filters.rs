//! The filters of DescribeSecurityGroups and DescribeSecurityGroupRules.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{SecurityGroupRule, Tag};

use super::SecurityGroupState;
use super::rules::{Direction, group_of};
use super::traffic::has_ports;
use crate::entity::{Host, Published};
use crate::request::{Column, Probe, Row, Table};

/// A group, with the others that its rules refer to.
pub(super) struct GroupRow {
    pub(super) group: Arc<Published<SecurityGroupState>>,
    pub(super) groups: Host<SecurityGroupState>,
}

impl Row for GroupRow {
    fn id(&self) -> &str {
        &self.group.id
    }

    fn tags(&self) -> &[Tag] {
        &self.group.state.public.tags
    }
}

use Direction::{Egress, Ingress};

/// Reference: DescribeSecurityGroups.
pub(super) const FILTERS: Table<GroupRow> = &[
    ("description", Column::Of(|row, probe| probe.text(row.group.state.public.description()))),
    ("egress.ip-permission.cidr", Column::Of(|row, probe| ipv4(row, Egress, probe))),
    ("egress.ip-permission.from-port", Column::Of(|row, probe| from_port(row, Egress, probe))),
    ("egress.ip-permission.group-id", Column::Of(|row, probe| group_id(row, Egress, probe))),
    ("egress.ip-permission.group-name", Column::Of(|row, probe| group_name(row, Egress, probe))),
    ("egress.ip-permission.ipv6-cidr", Column::Of(|row, probe| ipv6(row, Egress, probe))),
    ("egress.ip-permission.prefix-list-id", Column::Of(|row, probe| prefix_list(row, Egress, probe))),
    ("egress.ip-permission.protocol", Column::Of(|row, probe| protocol(row, Egress, probe))),
    ("egress.ip-permission.to-port", Column::Of(|row, probe| to_port(row, Egress, probe))),
    ("egress.ip-permission.user-id", Column::Of(|row, probe| user_id(row, Egress, probe))),
    ("group-id", Column::Id),
    ("group-name", Column::Of(|row, probe| probe.text(row.group.state.public.group_name()))),
    ("ip-permission.cidr", Column::Of(|row, probe| ipv4(row, Ingress, probe))),
    ("ip-permission.from-port", Column::Of(|row, probe| from_port(row, Ingress, probe))),
    ("ip-permission.group-id", Column::Of(|row, probe| group_id(row, Ingress, probe))),
    ("ip-permission.group-name", Column::Of(|row, probe| group_name(row, Ingress, probe))),
    ("ip-permission.ipv6-cidr", Column::Of(|row, probe| ipv6(row, Ingress, probe))),
    ("ip-permission.prefix-list-id", Column::Of(|row, probe| prefix_list(row, Ingress, probe))),
    ("ip-permission.protocol", Column::Of(|row, probe| protocol(row, Ingress, probe))),
    ("ip-permission.to-port", Column::Of(|row, probe| to_port(row, Ingress, probe))),
    ("ip-permission.user-id", Column::Of(|row, probe| user_id(row, Ingress, probe))),
    ("owner-id", Column::Of(|row, probe| probe.text(&row.group.account))),
    ("vpc-id", Column::Link(|row, probe| probe.maybe(row.group.state.public.vpc_id.as_deref()))),
];

fn each(row: &GroupRow, direction: Direction, show: impl FnMut(&SecurityGroupRule)) {
    row.group.state.rules_of(direction).for_each(show);
}

fn ipv4(row: &GroupRow, direction: Direction, probe: &mut Probe<'_>) {
    each(row, direction, |rule| probe.maybe(rule.cidr_ipv4.as_deref()));
}

fn ipv6(row: &GroupRow, direction: Direction, probe: &mut Probe<'_>) {
    each(row, direction, |rule| probe.maybe(rule.cidr_ipv6.as_deref()));
}

fn prefix_list(row: &GroupRow, direction: Direction, probe: &mut Probe<'_>) {
    each(row, direction, |rule| probe.maybe(rule.prefix_list_id.as_deref()));
}

fn protocol(row: &GroupRow, direction: Direction, probe: &mut Probe<'_>) {
    each(row, direction, |rule| probe.text(rule.ip_protocol()));
}

fn from_port(row: &GroupRow, direction: Direction, probe: &mut Probe<'_>) {
    each(row, direction, |rule| probe.number(rule.from_port.filter(|_| has_ports(rule.ip_protocol()))));
}

fn to_port(row: &GroupRow, direction: Direction, probe: &mut Probe<'_>) {
    each(row, direction, |rule| probe.number(rule.to_port.filter(|_| has_ports(rule.ip_protocol()))));
}

fn group_id(row: &GroupRow, direction: Direction, probe: &mut Probe<'_>) {
    each(row, direction, |rule| probe.maybe(group_of(rule)));
}

fn group_name(row: &GroupRow, direction: Direction, probe: &mut Probe<'_>) {
    each(row, direction, |rule| {
        let group = group_of(rule).and_then(|id| row.groups.index().get(id));
        probe.maybe(group.as_ref().map(|group| group.state.public.group_name()));
    });
}

fn user_id(row: &GroupRow, direction: Direction, probe: &mut Probe<'_>) {
    each(row, direction, |rule| {
        probe.maybe(rule.referenced_group_info.as_ref().and_then(|group| group.user_id.as_deref()));
    });
}

/// A rule by itself.
pub(super) struct RuleRow(pub(super) SecurityGroupRule);

impl Row for RuleRow {
    fn id(&self) -> &str {
        self.0.security_group_rule_id()
    }

    fn tags(&self) -> &[Tag] {
        &self.0.tags
    }
}

/// Reference: DescribeSecurityGroupRules.
pub(super) const RULE_FILTERS: Table<RuleRow> =
    &[("group-id", Column::Of(|row, probe| probe.text(row.0.group_id()))), ("security-group-rule-id", Column::Id)];
