//! An attachment of a VPC to a transit gateway. It owns its association with a route table.

use std::collections::BTreeSet;

use archipelago_proto::ec2::v1::{TransitGatewayVpcAttachment, TransitGatewayVpcAttachmentOptions};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::life::{AVAILABLE, DELETING, Life, MODIFYING, incorrect_state, is_over};
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::Millis;

#[derive(Clone, PartialEq, Message)]
pub struct AttachmentState {
    #[prost(message, required, tag = "1")]
    pub public: TransitGatewayVpcAttachment,
    #[prost(message, required, tag = "2")]
    pub(super) life: Life,
    /// The route table for what comes from it.
    #[prost(string, optional, tag = "3")]
    pub(super) association: Option<String>,
}

pub enum AttachmentCommand {
    Modify { subnets: Vec<String>, options: TransitGatewayVpcAttachmentOptions },
    Delete,
    Associate(String),
    Disassociate(String),
}

impl AttachmentState {
    pub fn is_over(&self) -> bool {
        is_over(self.public.state())
    }

    pub fn is_available(&self) -> bool {
        matches!(self.public.state(), AVAILABLE | MODIFYING)
    }

    pub(super) fn gateway(&self) -> &str {
        self.public.transit_gateway_id()
    }

    /// A route table, while it is not over.
    pub(super) fn table(&self) -> Option<&str> {
        self.association.as_deref().filter(|_| !self.is_over())
    }

    fn obey(&mut self, command: AttachmentCommand, facts: &Facts<'_>) -> Ec2Result<()> {
        match command {
            AttachmentCommand::Modify { subnets, options } => {
                self.public.subnet_ids = subnets.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
                self.public.options = Some(options);
                self.life.change(&mut self.public.state, MODIFYING, facts);
            }
            AttachmentCommand::Delete => {
                self.association = None;
                self.life.change(&mut self.public.state, DELETING, facts);
            }
            AttachmentCommand::Associate(table) => match &self.association {
                Some(_) => {
                    let message =
                        format!("Transit Gateway Attachment {} is already associated to a route table.", facts.id);
                    return Err(Ec2Error::new("Resource.AlreadyAssociated", message));
                }
                None => self.association = Some(table),
            },
            AttachmentCommand::Disassociate(table) => {
                if self.association.as_deref() != Some(&table) {
                    let message = format!("{} is not associated with the route table {table}.", facts.id);
                    return Err(Ec2Error::new("InvalidAssociation.NotFound", message));
                }
                self.association = None;
            }
        }
        Ok(())
    }
}

impl Entity for AttachmentState {
    const KIND: Kind = Kind {
        resource_type: "transit-gateway-attachment",
        prefix: "tgw-attach",
        not_found: "InvalidTransitGatewayAttachmentID.NotFound",
        malformed: "InvalidTransitGatewayAttachmentID.Malformed",
        noun: "transitGatewayAttachment ID",
    };
    type Command = AttachmentCommand;
    type Reply = ();

    fn decide(&self, command: AttachmentCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        if self.public.state() != AVAILABLE {
            return Err(incorrect_state(facts.id, self.public.state()));
        }
        let mut next = self.clone();
        next.obey(command, facts)?;
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.life.due()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        Life::elapse(self, |next| (&mut next.life, &mut next.public.state), facts.now)
    }

    /// The gateway, the VPC, its subnets and the route table stay while it is there.
    fn links(&self) -> Vec<Id> {
        if self.is_over() {
            return Vec::new();
        }
        let own = [self.gateway(), self.public.vpc_id()];
        let subnets = self.public.subnet_ids.iter().map(String::as_str);
        own.into_iter().chain(subnets).chain(self.association.as_deref()).map(Id::new).collect()
    }

    resource!(tags);
}
