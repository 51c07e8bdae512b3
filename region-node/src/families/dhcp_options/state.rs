//! A DHCP options set: immutable but for its tags.

use archipelago_proto::ec2::v1::DhcpOptions;
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Kind, resource};

#[derive(Clone, PartialEq, Message)]
pub struct DhcpOptionsState {
    #[prost(message, required, tag = "1")]
    pub public: DhcpOptions,
}

pub enum DhcpOptionsCommand {
    Delete,
}

impl Entity for DhcpOptionsState {
    const KIND: Kind = Kind {
        resource_type: "dhcp-options",
        prefix: "dopt",
        not_found: "InvalidDhcpOptionID.NotFound",
        malformed: "InvalidDhcpOptionsId.Malformed",
        noun: "dhcpOption ID",
    };
    type Command = DhcpOptionsCommand;
    type Reply = ();

    fn decide(&self, command: DhcpOptionsCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        match command {
            DhcpOptionsCommand::Delete if facts.dependents.is_empty() => Ok(Decision::gone(self.clone())),
            DhcpOptionsCommand::Delete => Err(Ec2Error::dependency_violation(format!(
                "The dhcpOptions '{}' has dependencies and cannot be deleted.",
                facts.id
            ))),
        }
    }

    resource!(tags);
}
