//! A network ACL. Its last entries, which deny what no other has allowed, are joined where it is shown.

use archipelago_proto::ec2::v1::{NetworkAcl, NetworkAclEntry, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Account, Decision, Entity, Facts, Id, Kind, resource};
use crate::quotas::Weight;

#[derive(Clone, PartialEq, Message)]
pub struct NetworkAclState {
    #[prost(message, required, tag = "1")]
    pub public: NetworkAcl,
}

pub enum NetworkAclCommand {
    Delete,
    /// The default ACL goes with its VPC.
    DeleteWithVpc,
    CreateEntry(NetworkAclEntry),
    ReplaceEntry(NetworkAclEntry),
    DeleteEntry {
        egress: bool,
        rule_number: i32,
    },
}

impl NetworkAclState {
    /// An ACL that lets nothing through.
    pub fn new(account: &Account, id: &Id, vpc: &Id, tags: Vec<Tag>) -> Self {
        let public = NetworkAcl {
            is_default: Some(false),
            network_acl_id: Some(id.to_string()),
            vpc_id: Some(vpc.to_string()),
            owner_id: Some(account.to_string()),
            tags,
            ..NetworkAcl::default()
        };
        Self { public }
    }

    /// The ACL that a VPC starts with: it lets everything through.
    pub fn default_of(account: &Account, id: &Id, vpc: &Id, ipv6: bool) -> Self {
        let mut acl = Self::new(account, id, vpc, Vec::new());
        acl.public.is_default = Some(true);
        for egress in [true, false] {
            acl.public
                .entries
                .push(NetworkAclEntry { cidr_block: Some("0.0.0.0/0".into()), ..everything(egress, 100, "allow") });
            if ipv6 {
                acl.public
                    .entries
                    .push(NetworkAclEntry { ipv6_cidr_block: Some("::/0".into()), ..everything(egress, 101, "allow") });
            }
        }
        acl
    }

    fn position(&self, egress: bool, rule_number: i32) -> Option<usize> {
        let entries = &self.public.entries;
        entries.iter().position(|entry| entry.egress() == egress && entry.rule_number() == rule_number)
    }
}

/// The entries of a default ACL that let IPv6 through.
pub fn allow_ipv6() -> [NetworkAclEntry; 2] {
    [true, false]
        .map(|egress| NetworkAclEntry { ipv6_cidr_block: Some("::/0".into()), ..everything(egress, 101, "allow") })
}

/// All traffic in one direction.
pub(super) fn everything(egress: bool, rule_number: i32, action: &str) -> NetworkAclEntry {
    NetworkAclEntry {
        egress: Some(egress),
        protocol: Some("-1".into()),
        rule_action: Some(action.to_owned()),
        rule_number: Some(rule_number),
        ..NetworkAclEntry::default()
    }
}

fn no_entry(rule_number: i32) -> Ec2Error {
    let message = format!("The network acl entry identified by {rule_number} does not exist.");
    Ec2Error::new("InvalidNetworkAclEntry.NotFound", message)
}

impl Entity for NetworkAclState {
    const KIND: Kind = Kind {
        resource_type: "network-acl",
        prefix: "acl",
        not_found: "InvalidNetworkAclID.NotFound",
        malformed: "InvalidNetworkAclID.Malformed",
        noun: "networkAcl ID",
    };
    type Command = NetworkAclCommand;
    type Reply = ();

    fn decide(&self, command: NetworkAclCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        let entries = &mut next.public.entries;
        match command {
            NetworkAclCommand::Delete if self.public.is_default() => {
                let message = format!("cannot delete default network ACL {}", facts.id);
                return Err(Ec2Error::invalid_parameter(message));
            }
            NetworkAclCommand::Delete | NetworkAclCommand::DeleteWithVpc if !facts.dependents.is_empty() => {
                return Err(Ec2Error::dependency_violation(format!(
                    "The networkAcl '{}' has dependencies and cannot be deleted.",
                    facts.id
                )));
            }
            NetworkAclCommand::Delete | NetworkAclCommand::DeleteWithVpc => return Ok(Decision::gone(next)),
            NetworkAclCommand::CreateEntry(entry) => match self.position(entry.egress(), entry.rule_number()) {
                Some(_) => {
                    let message =
                        format!("The network acl entry identified by {} already exists.", entry.rule_number());
                    return Err(Ec2Error::new("NetworkAclEntryAlreadyExists", message));
                }
                None => entries.push(entry),
            },
            NetworkAclCommand::ReplaceEntry(entry) => match self.position(entry.egress(), entry.rule_number()) {
                Some(position) => entries[position] = entry,
                None => return Err(no_entry(entry.rule_number())),
            },
            NetworkAclCommand::DeleteEntry { egress, rule_number } => match self.position(egress, rule_number) {
                Some(position) => drop(entries.remove(position)),
                None => return Err(no_entry(rule_number)),
            },
        }
        Ok(Decision::become_(next))
    }

    fn links(&self) -> Vec<Id> {
        vec![Id::new(self.public.vpc_id())]
    }

    fn weighs(&self, id: &Id) -> Vec<Weight> {
        // Beside those that deny the rest, which are joined where it is shown.
        let entries = &self.public.entries;
        let ipv6 = |egress| entries.iter().any(|entry| entry.egress() == egress && entry.ipv6_cidr_block.is_some());
        let count = |egress| {
            let own = entries.iter().filter(|entry| entry.egress() == egress).count();
            own + 1 + usize::from(ipv6(egress))
        };
        vec![
            Weight::new("inbound-rules-per-network-acl", count(false)).per(id),
            Weight::new("outbound-rules-per-network-acl", count(true)).per(id),
        ]
    }

    resource!(tags);
}
