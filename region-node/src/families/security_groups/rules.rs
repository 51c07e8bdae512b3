//! One rule of a security group: who may talk over which protocol and ports.

use std::fmt;

use archipelago_proto::ec2::v1::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, ReferencedSecurityGroup, RevokedSecurityGroupRule,
    SecurityGroupRule, Tag, UserIdGroupPair,
};

use super::traffic::has_ports;
use crate::entity::{Id, Kind};

/// Rules are parts of their group, with ids and tags of their own.
pub const RULE: Kind = Kind {
    resource_type: "security-group-rule",
    prefix: "sgr",
    not_found: "InvalidSecurityGroupRuleId.NotFound",
    malformed: "InvalidSecurityGroupRuleId.Malformed",
    noun: "security group rule ID",
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    /// The quota of rules in this direction.
    pub(super) fn quota(self) -> &'static str {
        match self {
            Self::Ingress => "inbound-rules-per-security-group",
            Self::Egress => "outbound-rules-per-security-group",
        }
    }
}

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    Ipv4(String),
    Ipv6(String),
    PrefixList(String),
    /// A group of this account and VPC; or in EC2-Classic of any account, and of none.
    Group {
        id: Id,
        owner: String,
        vpc: String,
    },
}

impl Peer {
    pub(super) fn prefix_list(&self) -> Option<&str> {
        match self {
            Self::PrefixList(id) => Some(id),
            _ => None,
        }
    }
}

/// A rule as a client states it: protocols by the names that EC2 has for them, ports that belong to
/// them or else -1, blocks in their canonical form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub direction: Direction,
    pub protocol: String,
    pub from_port: i32,
    pub to_port: i32,
    pub peer: Peer,
    pub description: Option<String>,
}

impl Rule {
    /// Everything to or from a peer.
    pub fn all(direction: Direction, peer: Peer) -> Self {
        Self { direction, protocol: "-1".into(), from_port: -1, to_port: -1, peer, description: None }
    }

    /// Whether a rule of a group says the same, whatever its description.
    pub(super) fn is(&self, known: &SecurityGroupRule) -> bool {
        known.is_egress() == (self.direction == Direction::Egress)
            && known.ip_protocol() == self.protocol
            && known.from_port() == self.from_port
            && known.to_port() == self.to_port
            && match &self.peer {
                Peer::Ipv4(block) => known.cidr_ipv4() == block,
                Peer::Ipv6(block) => known.cidr_ipv6() == block,
                Peer::PrefixList(list) => known.prefix_list_id() == list,
                Peer::Group { id, .. } => group_of(known) == Some(id),
            }
    }

    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        Self { description: None, ..self.clone() } == Self { description: None, ..other.clone() }
    }

    /// The rule as a part of its group.
    pub(super) fn into_public(self, id: &Id, group: Home<'_>, tags: Vec<Tag>) -> SecurityGroupRule {
        let mut public = SecurityGroupRule {
            security_group_rule_id: Some(id.to_string()),
            group_id: Some(group.id.to_owned()),
            group_owner_id: Some(group.owner.to_owned()),
            security_group_rule_arn: Some(
                group.arn.replace(&format!("security-group/{}", group.id), &format!("security-group-rule/{id}")),
            ),
            tags,
            ..SecurityGroupRule::default()
        };
        self.write_to(&mut public);
        public
    }

    /// Makes a rule say what this one says; its id and tags stay.
    pub(super) fn write_to(self, public: &mut SecurityGroupRule) {
        public.is_egress = Some(self.direction == Direction::Egress);
        public.ip_protocol = Some(self.protocol);
        public.from_port = Some(self.from_port);
        public.to_port = Some(self.to_port);
        public.description = self.description;
        (public.cidr_ipv4, public.cidr_ipv6, public.prefix_list_id) = (None, None, None);
        public.referenced_group_info = None;
        match self.peer {
            Peer::Ipv4(block) => public.cidr_ipv4 = Some(block),
            Peer::Ipv6(block) => public.cidr_ipv6 = Some(block),
            Peer::PrefixList(list) => public.prefix_list_id = Some(list),
            Peer::Group { id, owner, vpc } => {
                public.referenced_group_info = Some(ReferencedSecurityGroup {
                    group_id: Some(id.into()),
                    user_id: Some(owner),
                    vpc_id: Some(vpc).filter(|vpc| !vpc.is_empty()),
                    ..ReferencedSecurityGroup::default()
                });
            }
        }
    }

    /// The rule as an IpPermission, as revoke actions name those that they did not find.
    pub(super) fn permission(self) -> IpPermission {
        let mut public = SecurityGroupRule::default();
        self.write_to(&mut public);
        permissions([&public].into_iter()).remove(0)
    }
}

/// As AWS writes a rule in its error messages.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.peer {
            Peer::Ipv4(peer) | Peer::Ipv6(peer) | Peer::PrefixList(peer) => write!(f, "peer: {peer}, ")?,
            Peer::Group { id, .. } => write!(f, "peer: {id}, ")?,
        }
        let number = |value: i32| if value == -1 { "ALL".to_owned() } else { value.to_string() };
        match self.protocol.as_str() {
            "tcp" | "udp" => {
                let protocol = self.protocol.to_uppercase();
                write!(f, "{protocol}, from port: {}, to port: {}, ALLOW", self.from_port, self.to_port)
            }
            "icmp" | "icmpv6" => {
                let protocol = self.protocol.to_uppercase();
                write!(f, "{protocol}, type: {}, code: {}, ALLOW", number(self.from_port), number(self.to_port))
            }
            "-1" => write!(f, "ALL, ALLOW"),
            protocol => write!(f, "protocol: {protocol}, ALLOW"),
        }
    }
}

/// The group that a rule belongs to.
#[derive(Clone, Copy)]
pub(super) struct Home<'a> {
    pub(super) id: &'a str,
    pub(super) owner: &'a str,
    pub(super) arn: &'a str,
}

pub(super) fn group_of(rule: &SecurityGroupRule) -> Option<&str> {
    rule.referenced_group_info.as_ref().and_then(|group| group.group_id.as_deref())
}

/// The rules with one protocol and port range make one IpPermission, in the order of the first.
pub(super) fn permissions<'a>(rules: impl Iterator<Item = &'a SecurityGroupRule>) -> Vec<IpPermission> {
    let mut permissions: Vec<IpPermission> = Vec::new();
    for rule in rules {
        let protocol = rule.ip_protocol();
        // Ports are no part of a permission whose protocol has none.
        let (from_port, to_port) = if has_ports(protocol) { (rule.from_port, rule.to_port) } else { (None, None) };
        let same = |p: &IpPermission| p.ip_protocol() == protocol && p.from_port == from_port && p.to_port == to_port;
        let at = permissions.iter().position(same).unwrap_or_else(|| {
            let ip_protocol = rule.ip_protocol.clone();
            permissions.push(IpPermission { ip_protocol, from_port, to_port, ..IpPermission::default() });
            permissions.len() - 1
        });
        let (permission, description) = (&mut permissions[at], rule.description.clone());
        if rule.cidr_ipv4.is_some() {
            permission.ip_ranges.push(IpRange { description, cidr_ip: rule.cidr_ipv4.clone() });
        } else if rule.cidr_ipv6.is_some() {
            permission.ipv6_ranges.push(Ipv6Range { description, cidr_ipv6: rule.cidr_ipv6.clone() });
        } else if rule.prefix_list_id.is_some() {
            let prefix_list_id = rule.prefix_list_id.clone();
            permission.prefix_list_ids.push(PrefixListId { description, prefix_list_id });
        } else if let Some(group) = &rule.referenced_group_info {
            permission.user_id_group_pairs.push(UserIdGroupPair {
                description,
                user_id: group.user_id.clone(),
                group_id: group.group_id.clone(),
                ..UserIdGroupPair::default()
            });
        }
    }
    permissions
}

/// As the answer of a revoke action has it.
pub(super) fn revoked(rule: &SecurityGroupRule) -> RevokedSecurityGroupRule {
    RevokedSecurityGroupRule {
        security_group_rule_id: rule.security_group_rule_id.clone(),
        group_id: rule.group_id.clone(),
        is_egress: rule.is_egress,
        ip_protocol: rule.ip_protocol.clone(),
        from_port: rule.from_port,
        to_port: rule.to_port,
        cidr_ipv4: rule.cidr_ipv4.clone(),
        cidr_ipv6: rule.cidr_ipv6.clone(),
        prefix_list_id: rule.prefix_list_id.clone(),
        referenced_group_id: group_of(rule).map(str::to_owned),
        description: rule.description.clone(),
    }
}
