//! A security group: its rules, and the rules about them.

use archipelago_proto::ec2::v1::{SecurityGroup, SecurityGroupRule, SecurityGroupVpcAssociation, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::rules::{Direction, Home, Peer, RULE, Rule, group_of, permissions};
use crate::entity::{Decision, Entity, Facts, Id, Ids, Kind, Next, Part, resource};
use crate::quotas::Weight;

/// The name of the group that every VPC has.
pub(super) const DEFAULT: &str = "default";

/// AWS: what a source group by its name alone is granted is "full ICMP, UDP, and TCP access".
pub(super) const FULL_ACCESS: [(&str, i32, i32); 3] = [("tcp", 0, 65535), ("udp", 0, 65535), ("icmp", -1, -1)];

#[derive(Clone, PartialEq, Message)]
pub struct SecurityGroupState {
    /// Without its permissions, which are its rules put together.
    #[prost(message, required, tag = "1")]
    pub public: SecurityGroup,
    #[prost(message, repeated, tag = "2")]
    pub rules: Vec<SecurityGroupRule>,
    /// Its outbound rules are not those any more that it came with.
    #[prost(bool, tag = "3")]
    pub egress_modified: bool,
    /// The other VPCs that it may be used in.
    #[prost(message, repeated, tag = "4")]
    pub(super) associations: Vec<SecurityGroupVpcAssociation>,
}

pub enum SecurityGroupCommand {
    /// Adds all of the rules, each with these tags, or none.
    Authorize {
        rules: Vec<Rule>,
        tags: Vec<Tag>,
    },
    /// Takes the rules away; those that the group does not have are an error, or else stay out of the reply.
    Revoke {
        rules: Vec<Rule>,
        lenient: bool,
    },
    RevokeById {
        direction: Direction,
        ids: Vec<String>,
    },
    /// Makes the rules of these ids say something else.
    Modify(Vec<Change>),
    /// Replaces the descriptions of the rules that say the same.
    Describe(Vec<Rule>),
    DescribeById {
        direction: Direction,
        descriptions: Vec<(String, Option<String>)>,
    },
    Associate(SecurityGroupVpcAssociation),
    /// By the VPC.
    Disassociate(Id),
    Delete,
    /// The default group goes with its VPC.
    DeleteWithVpc,
    /// The VPC has IPv6 from now on. A group whose outbound rules are those of a new one lets everything out over IPv6 too
    /// (AWS: rules that were modified are left as they are).
    AllowIpv6Egress,
}

/// What a rule is to be from now on; the direction is that of the rule.
pub struct Change {
    pub rule: String,
    pub to: Rule,
}

impl SecurityGroupState {
    /// A group without inbound rules that lets everything out, as a new one is.
    pub fn new(id: &Id, public: SecurityGroup, ids: &Ids) -> Self {
        let public = SecurityGroup { group_id: Some(id.to_string()), ..public };
        let mut state = Self { public, ..Self::default() };
        state.add(Rule::all(Direction::Egress, Peer::Ipv4("0.0.0.0/0".into())), &[], ids);
        state
    }

    /// In a VPC with IPv6 everything may go out over it too.
    #[must_use]
    pub fn with_ipv6_egress(mut self, ids: &Ids) -> Self {
        self.add(Rule::all(Direction::Egress, Peer::Ipv6("::/0".into())), &[], ids);
        self
    }

    /// The group that a VPC starts with: its members may talk to each other (AWS: "Default security groups").
    /// `arn` is `cx.arn("security-group", &id)`.
    pub fn default_for(id: &Id, account: &str, vpc_id: &Id, arn: String, ids: &Ids) -> Self {
        let public = SecurityGroup {
            vpc_id: Some(vpc_id.to_string()),
            owner_id: Some(account.to_owned()),
            security_group_arn: Some(arn),
            group_name: Some(DEFAULT.into()),
            description: Some("default VPC security group".into()),
            ..SecurityGroup::default()
        };
        let mut state = Self::new(id, public, ids);
        let members = Peer::Group { id: id.clone(), owner: account.to_owned(), vpc: vpc_id.to_string() };
        state.add(Rule::all(Direction::Ingress, members), &[], ids);
        state
    }

    /// A group in EC2-Classic, which has no outbound rules.
    pub fn classic(id: &Id, public: SecurityGroup) -> Self {
        Self { public: SecurityGroup { group_id: Some(id.to_string()), ..public }, ..Self::default() }
    }

    /// The group that an account has in EC2-Classic.
    pub fn classic_default(id: &Id, account: &str, arn: String, ids: &Ids) -> Self {
        let public = SecurityGroup {
            owner_id: Some(account.to_owned()),
            security_group_arn: Some(arn),
            group_name: Some(DEFAULT.into()),
            description: Some("default group".into()),
            ..SecurityGroup::default()
        };
        let mut state = Self::classic(id, public);
        let members = Peer::Group { id: id.clone(), owner: account.to_owned(), vpc: String::new() };
        for (protocol, from_port, to_port) in FULL_ACCESS {
            let peer = members.clone();
            let all = Rule::all(Direction::Ingress, peer);
            state.add(Rule { protocol: protocol.to_owned(), from_port, to_port, ..all }, &[], ids);
        }
        state
    }

    /// Whether it is for instances outside of any VPC.
    pub fn is_classic(&self) -> bool {
        self.public.vpc_id.is_none()
    }

    /// The group as DescribeSecurityGroups shows it.
    pub fn view(&self) -> SecurityGroup {
        let mut group = self.public.clone();
        group.ip_permissions = permissions(self.rules_of(Direction::Ingress));
        group.ip_permissions_egress = permissions(self.rules_of(Direction::Egress));
        group
    }

    pub(super) fn rules_of(&self, direction: Direction) -> impl Iterator<Item = &SecurityGroupRule> {
        let egress = direction == Direction::Egress;
        self.rules.iter().filter(move |rule| rule.is_egress() == egress)
    }

    pub(super) fn rule(&self, id: &str) -> Option<&SecurityGroupRule> {
        self.rules.iter().find(|rule| rule.security_group_rule_id() == id)
    }

    fn add(&mut self, rule: Rule, tags: &[Tag], ids: &Ids) -> SecurityGroupRule {
        let home =
            Home { id: self.public.group_id(), owner: self.public.owner_id(), arn: self.public.security_group_arn() };
        let rule = rule.into_public(&ids.fresh(&RULE), home, tags.to_vec());
        self.rules.push(rule.clone());
        rule
    }

    fn authorize(&mut self, rules: Vec<Rule>, tags: &[Tag], ids: &Ids) -> Ec2Result<Vec<SecurityGroupRule>> {
        for (position, rule) in rules.iter().enumerate() {
            if rules.iter().take(position).any(|earlier| earlier.says_the_same(rule)) {
                return Err(Ec2Error::invalid_parameter("The same permission must not appear multiple times"));
            }
            self.must_be_new(rule, None)?;
        }
        Ok(rules.into_iter().map(|rule| self.add(rule, tags, ids)).collect())
    }

    fn must_be_new(&self, rule: &Rule, except: Option<&str>) -> Ec2Result<()> {
        let known = |known: &SecurityGroupRule| rule.is(known) && Some(known.security_group_rule_id()) != except;
        if self.rules.iter().any(known) {
            return Err(Ec2Error::new(
                "InvalidPermission.Duplicate",
                format!("the specified rule \"{rule}\" already exists"),
            ));
        }
        Ok(())
    }

    fn revoke(&mut self, rules: &[Rule], lenient: bool) -> Ec2Result<Vec<SecurityGroupRule>> {
        if !lenient && !rules.iter().all(|rule| self.rules.iter().any(|known| rule.is(known))) {
            return Err(no_such_rule());
        }
        let gone = |known: &SecurityGroupRule| rules.iter().any(|rule| rule.is(known));
        Ok(self.take(gone))
    }

    fn revoke_by_id(&mut self, direction: Direction, ids: &[String]) -> Ec2Result<Vec<SecurityGroupRule>> {
        for id in ids {
            self.named(direction, id)?;
        }
        Ok(self.take(|known| ids.iter().any(|id| id == known.security_group_rule_id())))
    }

    fn take(&mut self, gone: impl Fn(&SecurityGroupRule) -> bool) -> Vec<SecurityGroupRule> {
        let (taken, kept) = std::mem::take(&mut self.rules).into_iter().partition(|rule| gone(rule));
        self.rules = kept;
        taken
    }

    fn modify(&mut self, changes: Vec<Change>) -> Ec2Result<Vec<SecurityGroupRule>> {
        for Change { rule: id, to } in changes {
            let known = self.rule(&id).ok_or_else(|| RULE.not_found(&id))?;
            let direction = if known.is_egress() { Direction::Egress } else { Direction::Ingress };
            let to = Rule { direction, ..to };
            self.must_be_new(&to, Some(&id))?;
            if let Some(rule) = self.rules.iter_mut().find(|rule| rule.security_group_rule_id() == id) {
                to.write_to(rule);
            }
        }
        Ok(Vec::new())
    }

    fn describe(&mut self, described: Vec<Rule>) -> Ec2Result<Vec<SecurityGroupRule>> {
        for rule in described {
            let known = self.rules.iter_mut().find(|known| rule.is(known)).ok_or_else(no_such_rule)?;
            known.description = rule.description;
        }
        Ok(Vec::new())
    }

    fn describe_by_id(
        &mut self,
        direction: Direction,
        descriptions: Vec<(String, Option<String>)>,
    ) -> Ec2Result<Vec<SecurityGroupRule>> {
        for (id, description) in descriptions {
            self.named(direction, &id)?;
            if let Some(rule) = self.rules.iter_mut().find(|rule| rule.security_group_rule_id() == id) {
                rule.description = description;
            }
        }
        Ok(Vec::new())
    }

    /// A rule of this direction; another group's, or one of the other direction, is not found.
    fn named(&self, direction: Direction, id: &str) -> Ec2Result<()> {
        RULE.check(id)?;
        let known = self.rule(id).filter(|rule| rule.is_egress() == (direction == Direction::Egress));
        known.map(drop).ok_or_else(|| RULE.not_found(id))
    }

    fn is_default(&self) -> bool {
        self.public.group_name() == DEFAULT
    }
}

fn no_such_rule() -> Ec2Error {
    Ec2Error::new("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
}

impl Entity for SecurityGroupState {
    const KIND: Kind = Kind {
        resource_type: "security-group",
        prefix: "sg",
        not_found: "InvalidGroup.NotFound",
        malformed: "InvalidGroupId.Malformed",
        noun: "security group",
    };
    const TAGGED_PARTS: &'static [Kind] = &[RULE];
    type Command = SecurityGroupCommand;
    /// The rules that were added or taken away.
    type Reply = Vec<SecurityGroupRule>;

    fn name(&self) -> Option<&str> {
        self.public.group_name.as_deref()
    }

    fn decide(&self, command: SecurityGroupCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        let reply = match command {
            SecurityGroupCommand::Authorize { rules, tags } => next.authorize(rules, &tags, facts.ids)?,
            SecurityGroupCommand::Revoke { rules, lenient } => next.revoke(&rules, lenient)?,
            SecurityGroupCommand::RevokeById { direction, ids } => next.revoke_by_id(direction, &ids)?,
            SecurityGroupCommand::Modify(changes) => next.modify(changes)?,
            SecurityGroupCommand::Describe(rules) => next.describe(rules)?,
            SecurityGroupCommand::DescribeById { direction, descriptions } => {
                next.describe_by_id(direction, descriptions)?
            }
            SecurityGroupCommand::Associate(new) => {
                next.associations.retain(|known| known.vpc_id != new.vpc_id);
                next.associations.push(new);
                Vec::new()
            }
            SecurityGroupCommand::Disassociate(vpc) => {
                next.associations.retain(|known| known.vpc_id() != &*vpc);
                if next.associations.len() == self.associations.len() {
                    return Err(Ec2Error::new(
                        "InvalidSecurityGroupVpcAssociation.NotFound",
                        format!("The security group {} is not associated with the VPC {vpc}.", facts.id),
                    ));
                }
                Vec::new()
            }
            SecurityGroupCommand::AllowIpv6Egress => {
                let has_ipv6 = self.rules_of(Direction::Egress).any(|rule| rule.cidr_ipv6.is_some());
                if self.egress_modified || has_ipv6 {
                    return Ok(Decision { next: Next::Keep, reply: Vec::new() });
                }
                return Ok(Decision { next: Next::Become(next.with_ipv6_egress(facts.ids)), reply: Vec::new() });
            }
            SecurityGroupCommand::Delete if self.is_classic() && self.is_default() => {
                return Err(Ec2Error::new("InvalidGroup.Reserved", "The security group 'default' is reserved"));
            }
            SecurityGroupCommand::Delete if self.is_classic() && !facts.dependents.is_empty() => {
                let message = format!("The security group '{}' is in use", self.public.group_name());
                return Err(Ec2Error::new("InvalidGroup.InUse", message));
            }
            SecurityGroupCommand::Delete if self.is_default() => {
                let message = format!(
                    "the specified group: \"{}\" name: \"{DEFAULT}\" cannot be deleted by a user",
                    self.public.group_id()
                );
                return Err(Ec2Error::new("CannotDelete", message));
            }
            SecurityGroupCommand::Delete | SecurityGroupCommand::DeleteWithVpc if !facts.dependents.is_empty() => {
                let message = format!("resource {} has a dependent object", facts.id);
                return Err(Ec2Error::dependency_violation(message));
            }
            SecurityGroupCommand::Delete | SecurityGroupCommand::DeleteWithVpc => {
                return Ok(Decision { next: Next::Gone(next), reply: Vec::new() });
            }
        };
        next.egress_modified |= !self.rules_of(Direction::Egress).eq(next.rules_of(Direction::Egress));
        Ok(Decision { next: Next::Become(next), reply })
    }

    /// The VPC, and the other groups and the prefix lists that rules refer to.
    fn links(&self) -> Vec<Id> {
        let own = self.public.group_id();
        let mut links: Vec<Id> = self.rules.iter().filter_map(group_of).filter(|id| *id != own).map(Id::new).collect();
        links.extend(self.rules.iter().filter_map(|rule| rule.prefix_list_id.as_deref()).map(Id::new));
        links.sort();
        links.dedup();
        links.extend(self.public.vpc_id.as_deref().map(Id::new));
        links.extend(self.associations.iter().map(|known| Id::new(known.vpc_id())));
        links
    }

    fn parts(&self) -> Vec<Part<'_>> {
        self.rules.iter().map(|rule| Part { id: rule.security_group_rule_id(), tags: &rule.tags }).collect()
    }

    fn part_tags_mut(&mut self, part: &str) -> Option<&mut Vec<Tag>> {
        self.rules.iter_mut().find(|rule| rule.security_group_rule_id() == part).map(|rule| &mut rule.tags)
    }

    fn weighs(&self, id: &Id) -> Vec<Weight> {
        let Some(vpc) = self.public.vpc_id.as_deref() else {
            return vec![
                Weight::new("classic-security-groups", 1),
                Weight::new("rules-per-classic-security-group", self.rules.len()).per(id),
            ];
        };
        let mut weights = vec![Weight::new("security-groups", 1), Weight::new("security-groups-per-vpc", 1).per(vpc)];
        for direction in [Direction::Ingress, Direction::Egress] {
            // A rule about a group or a prefix list counts as one of each.
            let ipv4 = self.rules_of(direction).filter(|rule| rule.cidr_ipv6.is_none()).count();
            let ipv6 = self.rules_of(direction).filter(|rule| rule.cidr_ipv4.is_none()).count();
            weights.push(Weight::new(direction.quota(), ipv4).per(&format!("{id} (IPv4)")));
            weights.push(Weight::new(direction.quota(), ipv6).per(&format!("{id} (IPv6)")));
        }
        weights
    }

    /// What follows from the VPC's having IPv6.
    fn is_owed(command: &SecurityGroupCommand) -> bool {
        matches!(command, SecurityGroupCommand::AllowIpv6Egress)
    }

    resource!(tags);
}
