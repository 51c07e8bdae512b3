//! Rules as requests state them: IP permissions, the flat parameters of older clients, and updates.

use archipelago_proto::ec2::v1::{IpPermission, SecurityGroupRuleRequest, UserIdGroupPair};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{Ipv4Net, Ipv6Net};

use super::SecurityGroupState;
use super::classic;
use super::find::{by_name, is_in_default_vpc};
use super::names::check_rule_description;
use super::rules::{Direction, Peer, Rule};
use super::state::FULL_ACCESS;
use super::traffic::Traffic;
use crate::entity::{Entity as _, Published};
use crate::families::prefix_lists::{self, PrefixListState};
use crate::request::Context;

/// The parameters of a request for one rule, from before there were IP permissions.
#[derive(Clone, Copy, Default)]
pub(super) struct Flat<'a> {
    pub(super) ip_protocol: Option<&'a str>,
    pub(super) from_port: Option<i32>,
    pub(super) to_port: Option<i32>,
    pub(super) cidr_ip: Option<&'a str>,
    pub(super) source_name: Option<&'a str>,
    pub(super) source_owner: Option<&'a str>,
}

impl Flat<'_> {
    pub(super) fn is_given(&self) -> bool {
        self.first_given().is_some()
    }

    fn first_given(&self) -> Option<&'static str> {
        [
            ("ipProtocol", self.ip_protocol.is_some()),
            ("fromPort", self.from_port.is_some()),
            ("toPort", self.to_port.is_some()),
            ("cidrIp", self.cidr_ip.is_some()),
            ("sourceSecurityGroupName", self.source_name.is_some()),
            ("sourceSecurityGroupOwnerId", self.source_owner.is_some()),
        ]
        .into_iter()
        .find_map(|(name, given)| given.then_some(name))
    }
}

/// Reads what is stated of the rules of one group.
pub(super) struct Statements<'a> {
    pub(super) cx: &'a Context,
    pub(super) group: &'a Published<SecurityGroupState>,
    pub(super) direction: Direction,
}

impl Statements<'_> {
    /// The rules of a request that names them either way.
    pub(super) fn read(&self, permissions: &[IpPermission], flat: Flat<'_>) -> Ec2Result<Vec<Rule>> {
        if self.group.state.is_classic() && self.direction == Direction::Egress {
            return Err(Ec2Error::invalid_parameter(
                "Only Amazon VPC security groups may be used with this operation.",
            ));
        }
        match flat.first_given() {
            Some(name) if !permissions.is_empty() => Err(Ec2Error::invalid_combination(format!(
                "The parameter 'ipPermissions' may not be used in combination with '{name}'"
            ))),
            Some(name) if self.direction == Direction::Egress => Err(Ec2Error::invalid_parameter(format!(
                "The parameter {name} is not supported for outbound rules. Use IpPermissions instead."
            ))),
            Some(_) => self.flat(flat),
            None if permissions.is_empty() => Err(Ec2Error::missing_parameter("ipPermissions")),
            None => self.permissions(permissions),
        }
    }

    pub(super) fn permissions(&self, permissions: &[IpPermission]) -> Ec2Result<Vec<Rule>> {
        let mut rules = Vec::new();
        for permission in permissions {
            self.permission(permission, &mut rules)?;
        }
        Ok(rules)
    }

    fn permission(&self, permission: &IpPermission, rules: &mut Vec<Rule>) -> Ec2Result<()> {
        let traffic = Traffic::read(permission.ip_protocol.as_deref(), permission.from_port, permission.to_port)?;
        let before = rules.len();
        for range in &permission.ip_ranges {
            let peer = Peer::Ipv4(ipv4(range.cidr_ip.as_deref())?);
            rules.push(self.rule(&traffic, peer, range.description.as_deref())?);
        }
        for range in &permission.ipv6_ranges {
            let peer = Peer::Ipv6(ipv6(range.cidr_ipv6.as_deref())?);
            rules.push(self.rule(&traffic, peer, range.description.as_deref())?);
        }
        for list in &permission.prefix_list_ids {
            let peer = Peer::PrefixList(prefix_list(list.prefix_list_id.as_deref())?);
            rules.push(self.rule(&traffic, peer, list.description.as_deref())?);
        }
        for pair in &permission.user_id_group_pairs {
            rules.push(self.rule(&traffic, self.member(pair)?, pair.description.as_deref())?);
        }
        if rules.len() == before {
            return Err(Ec2Error::new(
                "MissingParameter",
                "The request must contain the parameter ipRanges, ipv6Ranges, prefixListIds or groups",
            ));
        }
        Ok(())
    }

    fn flat(&self, flat: Flat<'_>) -> Ec2Result<Vec<Rule>> {
        let Some(name) = flat.source_name else {
            if flat.source_owner.is_some() {
                return Err(Ec2Error::missing_parameter("sourceSecurityGroupName"));
            }
            let traffic = Traffic::read(flat.ip_protocol, flat.from_port, flat.to_port)?;
            let block = flat.cidr_ip.ok_or_else(|| Ec2Error::missing_parameter("cidrIp"))?;
            return Ok(vec![self.rule(&traffic, Peer::Ipv4(ipv4(Some(block))?), None)?]);
        };
        let one_rule = Flat { source_name: None, source_owner: None, ..flat };
        if let Some(other) = one_rule.first_given() {
            return Err(Ec2Error::invalid_combination(format!(
                "The parameter 'sourceSecurityGroupName' may not be used in combination with '{other}'"
            )));
        }
        let pair = UserIdGroupPair {
            group_name: Some(name.to_owned()),
            user_id: flat.source_owner.map(str::to_owned),
            ..UserIdGroupPair::default()
        };
        let peer = self.member(&pair)?;
        let rules = FULL_ACCESS.into_iter().map(|(protocol, from, to)| {
            self.rule(&Traffic::read(Some(protocol), Some(from), Some(to))?, peer.clone(), None)
        });
        rules.collect()
    }

    /// What a rule is to say after ModifySecurityGroupRules.
    pub(super) fn update(&self, request: &SecurityGroupRuleRequest) -> Ec2Result<Rule> {
        let traffic = Traffic::read(request.ip_protocol.as_deref(), request.from_port, request.to_port)?;
        let given = [&request.cidr_ipv4, &request.cidr_ipv6, &request.prefix_list_id, &request.referenced_group_id];
        if given.into_iter().flatten().count() > 1 {
            return Err(Ec2Error::invalid_combination(
                "Only one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId may be specified",
            ));
        }
        let peer = if request.cidr_ipv4.is_some() {
            Peer::Ipv4(ipv4(request.cidr_ipv4.as_deref())?)
        } else if request.cidr_ipv6.is_some() {
            Peer::Ipv6(ipv6(request.cidr_ipv6.as_deref())?)
        } else if request.prefix_list_id.is_some() {
            Peer::PrefixList(prefix_list(request.prefix_list_id.as_deref())?)
        } else if let Some(group) = &request.referenced_group_id {
            // `123456789012/sg-…` is the group of a certain account.
            let (user_id, group_id) = match group.split_once('/') {
                Some((account, group)) => (Some(account.to_owned()), group.to_owned()),
                None => (None, group.clone()),
            };
            self.member(&UserIdGroupPair { user_id, group_id: Some(group_id), ..UserIdGroupPair::default() })?
        } else {
            return Err(Ec2Error::new(
                "MissingParameter",
                "The request must contain the parameter CidrIpv4, CidrIpv6, PrefixListId or ReferencedGroupId",
            ));
        };
        if let Some(list) = peer.prefix_list() {
            prefix_lists::find(self.cx, list)?;
        }
        self.rule(&traffic, peer, request.description.as_deref())
    }

    fn rule(&self, traffic: &Traffic, peer: Peer, description: Option<&str>) -> Ec2Result<Rule> {
        if self.group.state.is_classic() {
            classic::check_rule(traffic, &peer)?;
        }
        let description = description.filter(|text| !text.is_empty());
        description.map_or(Ok(()), check_rule_description)?;
        Ok(Rule {
            direction: self.direction,
            protocol: traffic.protocol.clone(),
            from_port: traffic.from_port,
            to_port: traffic.to_port,
            peer,
            description: description.map(str::to_owned),
        })
    }

    /// The group that a rule refers to, which must be in the same VPC.
    fn member(&self, pair: &UserIdGroupPair) -> Ec2Result<Peer> {
        if let Some(peering) = &pair.vpc_peering_connection_id {
            return Err(Ec2Error::new(
                "InvalidVpcPeeringConnectionID.NotFound",
                format!("The vpcPeeringConnection ID '{peering}' does not exist"),
            ));
        }
        if self.group.state.is_classic() {
            return classic::member(self.cx, pair);
        }
        let found = match (pair.group_id.as_deref(), pair.group_name.as_deref()) {
            (Some(id), _) => {
                let owner = pair.user_id.as_deref().unwrap_or(&self.cx.account);
                self.cx.security_groups.find(owner, id)?
            }
            (None, Some(name)) if !is_in_default_vpc(self.cx, self.group) => {
                return Err(Ec2Error::invalid_parameter(format!(
                    "Invalid value '{name}' for groupName. You may not reference Amazon VPC security groups by name. \
                     Please use the corresponding id for this operation."
                )));
            }
            (None, Some(name)) => match pair.user_id.as_deref().filter(|owner| **owner != *self.cx.account) {
                Some(owner) => {
                    return Err(Ec2Error::new(
                        "InvalidGroup.NotFound",
                        format!("The security group '{owner}/{name}' does not exist"),
                    ));
                }
                None => by_name(self.cx, name)?,
            },
            (None, None) => {
                return Err(Ec2Error::new(
                    "MissingParameter",
                    "The request must contain the parameter groupId or groupName for a group pair",
                ));
            }
        };
        let vpc = self.group.state.public.vpc_id();
        if found.state.public.vpc_id() != vpc || pair.vpc_id.as_deref().is_some_and(|wanted| wanted != vpc) {
            return Err(Ec2Error::new(
                "InvalidGroup.NotFound",
                "You have specified two resources that belong to different networks.",
            ));
        }
        Ok(Peer::Group { id: found.id.clone(), owner: found.account.to_string(), vpc: vpc.to_owned() })
    }
}

fn malformed(block: &str) -> Ec2Error {
    Ec2Error::invalid_parameter(format!("CIDR block {block} is malformed"))
}

/// AWS: "canonicalizes IPv4 and IPv6 CIDRs".
fn ipv4(block: Option<&str>) -> Ec2Result<String> {
    let block = block.ok_or_else(|| Ec2Error::missing_parameter("cidrIp"))?;
    block.parse().map(|block: Ipv4Net| block.trunc().to_string()).map_err(|_| malformed(block))
}

fn ipv6(block: Option<&str>) -> Ec2Result<String> {
    let block = block.ok_or_else(|| Ec2Error::missing_parameter("cidrIpv6"))?;
    block.parse().map(|block: Ipv6Net| block.trunc().to_string()).map_err(|_| malformed(block))
}

fn prefix_list(id: Option<&str>) -> Ec2Result<String> {
    let id = id.ok_or_else(|| Ec2Error::missing_parameter("prefixListId"))?;
    PrefixListState::KIND.check(id)?;
    Ok(id.to_owned())
}
