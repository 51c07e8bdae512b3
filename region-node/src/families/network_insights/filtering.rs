//! Security groups and network ACLs: what of a packet they let through.

use archipelago_proto::ec2::v1::{
    AnalysisAclRule, AnalysisSecurityGroupRule, Explanation, NetworkAclEntry, PathComponent, PortRange,
    SecurityGroupRule,
};
use ipnet::IpNet;

use super::explain::{Step, explain, named, path_component};
use super::packet::{Packet, Ports};
use crate::entity::Published;
use crate::families::network_interfaces::NetworkInterfaceState;
use crate::families::subnets::SubnetState;
use crate::request::Context;

#[allow(clippy::unnecessary_wraps)] // Messages are optional fields.
fn direction(egress: bool) -> Option<String> {
    Some(if egress { "egress" } else { "ingress" }.to_owned())
}

fn touches(block: &str, other: IpNet) -> bool {
    block.parse().is_ok_and(|block: IpNet| block.contains(&other) || other.contains(&block))
}

/// The blocks of a prefix list.
pub(super) fn prefixes(cx: &Context, list: &str) -> Vec<IpNet> {
    let list = cx.prefix_lists.index().get(list);
    let entries = list.iter().flat_map(|list| list.state.entries());
    entries.filter_map(|entry| entry.cidr().parse().ok()).collect()
}

fn peer_matches(cx: &Context, rule: &SecurityGroupRule, other: IpNet, groups: &[String]) -> bool {
    if let Some(group) = &rule.referenced_group_info {
        return groups.iter().any(|known| known == group.group_id());
    }
    if let Some(list) = &rule.prefix_list_id {
        return prefixes(cx, list).into_iter().any(|block| block.contains(&other) || other.contains(&block));
    }
    rule.cidr_ipv4.iter().chain(&rule.cidr_ipv6).any(|block| touches(block, other))
}

fn rule_ports(rule: &SecurityGroupRule, protocol: &str) -> Option<(i32, i32)> {
    match rule.ip_protocol() {
        "-1" => Some((0, 65535)),
        known if known == protocol => Some((rule.from_port(), rule.to_port())),
        _ => None,
    }
}

fn shown_rule(rule: &SecurityGroupRule) -> AnalysisSecurityGroupRule {
    let port_range =
        (rule.from_port() >= 0).then(|| PortRange { from: Some(rule.from_port()), to: Some(rule.to_port()) });
    AnalysisSecurityGroupRule {
        cidr: rule.cidr_ipv4.clone().or_else(|| rule.cidr_ipv6.clone()),
        direction: direction(rule.is_egress()),
        security_group_id: rule.referenced_group_info.as_ref().and_then(|group| group.group_id.clone()),
        port_range,
        prefix_list_id: rule.prefix_list_id.clone(),
        protocol: Some(match rule.ip_protocol() {
            "-1" => "all".to_owned(),
            known => known.to_owned(),
        }),
    }
}

/// What an interface's groups let through; the rule that does.
pub(super) fn groups(
    cx: &Context,
    interface: &Published<NetworkInterfaceState>,
    packet: &mut Packet,
    egress: bool,
) -> Step<PathComponent> {
    let (other, other_groups) = if egress {
        (packet.destination, packet.destination_groups.clone())
    } else {
        (packet.source, packet.source_groups.clone())
    };
    let ids: Vec<_> = interface.state.public.groups.iter().map(|group| group.group_id().to_owned()).collect();
    let mut open = Ports::none();
    let mut first = None;
    let mut rules = 0;
    for group in ids.iter().filter_map(|id| cx.security_groups.index().get(id)) {
        for rule in group.state.rules.iter().filter(|rule| rule.is_egress() == egress) {
            rules += 1;
            let ports = rule_ports(rule, &packet.protocol).filter(|_| peer_matches(cx, rule, other, &other_groups));
            let ports = ports.map(|range| packet.destination_ports.and(range)).filter(|ports| !ports.is_empty());
            if let Some(ports) = ports {
                open = open.or(&ports);
                first.get_or_insert_with(|| (group.id.clone(), shown_rule(rule)));
            }
        }
    }
    // Interfaces that AWS keeps for its own services may have no groups: nothing filters there.
    if ids.is_empty() {
        return Ok(PathComponent::default());
    }
    let Some((group, rule)) = first else {
        let code = if rules == 0 { "SG_HAS_NO_RULES" } else { "ENI_SG_RULES_MISMATCH" };
        let single = (ids.len() == 1).then(|| named(cx, &ids[0])).flatten();
        return Err(explain(
            code,
            Explanation {
                direction: direction(egress),
                network_interface: named(cx, &interface.id),
                component: named(cx, &interface.id),
                security_group: single.filter(|_| rules == 0),
                security_groups: ids.iter().filter_map(|id| named(cx, id)).collect(),
                vpc: named(cx, interface.state.public.vpc_id()),
                ..Explanation::default()
            },
        ));
    };
    packet.destination_ports = open;
    Ok(PathComponent { security_group_rule: Some(rule), ..path_component(cx, &group) })
}

fn shown_entry(entry: &NetworkAclEntry) -> AnalysisAclRule {
    AnalysisAclRule {
        cidr: entry.cidr_block.clone().or_else(|| entry.ipv6_cidr_block.clone()),
        egress: entry.egress,
        port_range: entry.port_range,
        protocol: Some(match entry.protocol() {
            "-1" => "all".to_owned(),
            known => known.to_owned(),
        }),
        rule_action: entry.rule_action.clone(),
        rule_number: entry.rule_number,
    }
}

/// What the ACL of a subnet lets through: entries count in the order of their numbers.
pub(super) fn acl(
    cx: &Context,
    subnet: &Published<SubnetState>,
    packet: &mut Packet,
    egress: bool,
) -> Step<PathComponent> {
    let id = &subnet.state.network_acl.to;
    let other = if egress { packet.destination } else { packet.source };
    let mut entries = cx.network_acls.index().get(id).map(|acl| acl.state.public.entries.clone()).unwrap_or_default();
    entries.retain(|entry| entry.egress() == egress && [packet.number(), "-1"].contains(&entry.protocol()));
    entries.sort_by_key(NetworkAclEntry::rule_number);
    let (mut left, mut open) = (packet.destination_ports.clone(), Ports::none());
    let (mut allows, mut denies) = (None, None);
    for entry in &entries {
        let block = entry.cidr_block.as_deref().or(entry.ipv6_cidr_block.as_deref()).unwrap_or_default();
        let range = entry.port_range.filter(|_| entry.protocol() != "-1");
        let range = range.map_or((0, 65535), |range| (range.from(), range.to()));
        let ports = left.and(range);
        if ports.is_empty() {
            continue;
        }
        let whole = block.parse().is_ok_and(|block: IpNet| block.contains(&other));
        if entry.rule_action() == "allow" && touches(block, other) {
            open = open.or(&ports);
            allows.get_or_insert_with(|| shown_entry(entry));
        } else if entry.rule_action() == "deny" && whole {
            denies.get_or_insert_with(|| shown_entry(entry));
        }
        if whole {
            left = left.without(range);
        }
    }
    let subnet_component = named(cx, &subnet.id);
    if open.is_empty() {
        let last = AnalysisAclRule {
            cidr: Some(if matches!(other, IpNet::V6(_)) { "::/0" } else { "0.0.0.0/0" }.into()),
            egress: Some(egress),
            protocol: Some("all".into()),
            rule_action: Some("deny".into()),
            rule_number: Some(32767),
            port_range: None,
        };
        return Err(explain(
            "SUBNET_ACL_RESTRICTION",
            Explanation {
                acl: named(cx, id),
                acl_rule: Some(denies.unwrap_or(last)),
                component: named(cx, id),
                direction: direction(egress),
                subnet: subnet_component,
                vpc: named(cx, subnet.state.public.vpc_id()),
                ..Explanation::default()
            },
        ));
    }
    packet.destination_ports = open;
    Ok(PathComponent { acl_rule: allows, subnet: subnet_component, ..path_component(cx, id) })
}
