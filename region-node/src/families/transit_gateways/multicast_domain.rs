//! A multicast domain: the subnets that take part, and which interfaces are members and sources of its groups.

use std::collections::BTreeSet;

use archipelago_proto::ec2::v1::TransitGatewayMulticastDomain;
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::life::{AVAILABLE, DELETING, Life, REJECTED, incorrect_state, is_over};
use super::peering::PENDING_ACCEPTANCE;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::Millis;

pub(super) const ASSOCIATED: &str = "associated";

#[derive(Clone, PartialEq, Message)]
pub struct MulticastDomainState {
    #[prost(message, required, tag = "1")]
    pub public: TransitGatewayMulticastDomain,
    #[prost(message, required, tag = "2")]
    pub(super) life: Life,
    #[prost(message, repeated, tag = "3")]
    pub(super) subnets: Vec<SubnetPart>,
    #[prost(message, repeated, tag = "4")]
    pub(super) groups: Vec<Membership>,
}

/// A subnet that takes part, or asks to.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct SubnetPart {
    #[prost(string, tag = "1")]
    pub attachment: String,
    #[prost(string, tag = "2")]
    pub subnet: String,
    #[prost(string, tag = "3")]
    pub state: String,
}

/// An interface's part in a group.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Message)]
pub struct Membership {
    #[prost(string, tag = "1")]
    pub group: String,
    #[prost(bool, tag = "2")]
    pub source: bool,
    #[prost(string, tag = "3")]
    pub interface: String,
    #[prost(string, tag = "4")]
    pub subnet: String,
}

pub enum DomainCommand {
    /// With the attachments that are gone by now, which hold it no more.
    Delete(Vec<String>),
    Associate(Vec<SubnetPart>),
    /// Subnets of an attachment; with them go their interfaces.
    Disassociate(String, Vec<String>),
    /// What asks to take part, or of that what is named.
    Answer {
        accept: bool,
        attachment: Option<String>,
        subnets: Vec<String>,
    },
    Register(Vec<Membership>),
    Deregister(Vec<Membership>),
}

impl MulticastDomainState {
    pub(super) fn is_over(&self) -> bool {
        is_over(self.public.state())
    }

    pub(super) fn option(
        &self,
        get: fn(&archipelago_proto::ec2::v1::TransitGatewayMulticastDomainOptions) -> &str,
    ) -> bool {
        self.public.options.as_ref().map(get) == Some("enable")
    }

    /// The attachment by which a subnet takes part.
    pub(super) fn attachment_of(&self, subnet: &str) -> Option<&str> {
        let mut parts = self.subnets.iter().filter(|part| part.state == ASSOCIATED);
        parts.find(|part| part.subnet == subnet).map(|part| part.attachment.as_str())
    }

    fn obey(&mut self, command: DomainCommand, facts: &Facts<'_>) -> Ec2Result<Vec<SubnetPart>> {
        let mut changed = Vec::new();
        match command {
            DomainCommand::Delete(gone) => {
                let mut parts = self.subnets.iter().filter(|part| part.state != REJECTED);
                if let Some(part) = parts.find(|part| !gone.contains(&part.attachment)) {
                    let message = format!("{} has non-deleted associations with {}.", facts.id, part.attachment);
                    return Err(Ec2Error::new("IncorrectState", message));
                }
                self.life.change(&mut self.public.state, DELETING, facts);
            }
            DomainCommand::Associate(parts) => {
                for part in parts {
                    self.subnets.retain(|known| known.subnet != part.subnet);
                    self.subnets.push(part);
                }
            }
            DomainCommand::Disassociate(attachment, subnets) => {
                for subnet in subnets {
                    let known = |part: &SubnetPart| part.attachment == attachment && part.subnet == subnet;
                    let position = self.subnets.iter().position(known).ok_or_else(|| {
                        let message = format!("The subnet {subnet} is not associated with {}.", facts.id);
                        Ec2Error::new("InvalidAssociation.NotFound", message)
                    })?;
                    changed.push(self.subnets.remove(position));
                    self.groups.retain(|known| known.subnet != subnet);
                }
            }
            DomainCommand::Answer { accept, attachment, subnets } => {
                let asks = |part: &&mut SubnetPart| {
                    part.state == PENDING_ACCEPTANCE
                        && attachment.as_ref().is_none_or(|id| *id == part.attachment)
                        && (subnets.is_empty() || subnets.contains(&part.subnet))
                };
                for part in self.subnets.iter_mut().filter(asks) {
                    if accept { ASSOCIATED } else { REJECTED }.clone_into(&mut part.state);
                    changed.push(part.clone());
                }
                if changed.is_empty() {
                    let message = format!("{} has no association that awaits acceptance.", facts.id);
                    return Err(Ec2Error::new("InvalidAssociation.NotFound", message));
                }
            }
            DomainCommand::Register(new) => {
                if let Some(stray) = new.iter().find(|new| self.attachment_of(&new.subnet).is_none()) {
                    return Err(Ec2Error::invalid_parameter(format!(
                        "The subnet {} of {} is not associated with {}.",
                        stray.subnet, stray.interface, facts.id
                    )));
                }
                let groups: BTreeSet<_> = self.groups.drain(..).chain(new).collect();
                self.groups = groups.into_iter().collect();
            }
            DomainCommand::Deregister(old) => {
                let known = |old: &Membership| {
                    self.groups.iter().any(|known| {
                        (&known.group, known.source, &known.interface) == (&old.group, old.source, &old.interface)
                    })
                };
                if let Some(unknown) = old.iter().find(|old| !known(old)) {
                    return Err(Ec2Error::invalid_parameter(format!(
                        "{} is not registered with the group {} of {}.",
                        unknown.interface, unknown.group, facts.id
                    )));
                }
                self.groups.retain(|known| {
                    !old.iter().any(|old| {
                        (&known.group, known.source, &known.interface) == (&old.group, old.source, &old.interface)
                    })
                });
            }
        }
        Ok(changed)
    }
}

impl Entity for MulticastDomainState {
    const KIND: Kind = Kind {
        resource_type: "transit-gateway-multicast-domain",
        prefix: "tgw-mcast-domain",
        not_found: "InvalidTransitGatewayMulticastDomainId.NotFound",
        malformed: "InvalidTransitGatewayMulticastDomainId.Malformed",
        noun: "transitGatewayMulticastDomain ID",
    };
    type Command = DomainCommand;
    /// The associations that have changed.
    type Reply = Vec<SubnetPart>;

    fn decide(&self, command: DomainCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        if self.public.state() != AVAILABLE {
            return Err(incorrect_state(facts.id, self.public.state()));
        }
        let mut next = self.clone();
        let reply = next.obey(command, facts)?;
        Ok(Decision { next: Next::Become(next), reply })
    }

    fn due(&self) -> Option<Millis> {
        self.life.due()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        Life::elapse(self, |next| (&mut next.life, &mut next.public.state), facts.now)
    }

    fn links(&self) -> Vec<Id> {
        if self.is_over() { Vec::new() } else { vec![Id::new(self.public.transit_gateway_id())] }
    }

    fn counts(&self) -> bool {
        !self.is_over()
    }

    resource!(tags);
}
