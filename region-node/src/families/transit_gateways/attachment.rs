//! An attachment of a VPC, or of another region's gateway, to a transit gateway. It owns its association with a route table.

use std::collections::BTreeSet;

use archipelago_proto::ec2::v1::{TransitGatewayVpcAttachment, TransitGatewayVpcAttachmentOptions};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::life::{AVAILABLE, DELETING, Life, MODIFYING, incorrect_state, is_over};
use super::peering::PeeringCommand;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::peer::Handshake;
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
    /// A peering with another region's gateway; then there is no VPC.
    #[prost(message, optional, tag = "4")]
    pub(super) peering: Option<Handshake>,
    /// The route table that a peering is associated with once it is accepted.
    #[prost(string, optional, tag = "5")]
    pub(super) default_table: Option<String>,
    /// As it was asked for, if it was.
    #[prost(string, optional, tag = "6")]
    pub(super) dynamic_routing: Option<String>,
}

pub enum AttachmentCommand {
    Modify {
        subnets: Vec<String>,
        options: TransitGatewayVpcAttachmentOptions,
    },
    /// Of a VPC.
    Delete,
    Associate(String),
    Disassociate(String),
    /// Of peerings only.
    Agree(PeeringCommand),
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

    /// What is attached: a VPC, or the gateway on the other side; and its type and owner.
    pub(super) fn resource(&self) -> (&str, &'static str, &str) {
        match self.peering.as_ref().map(Handshake::away) {
            Some(party) => (&party.resource, "peering", &party.account),
            None => (self.public.vpc_id(), "vpc", self.public.vpc_owner_id()),
        }
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
            AttachmentCommand::Agree(_) => return Err(incorrect_state(facts.id, self.public.state())),
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
        if let (Some(_), AttachmentCommand::Agree(command)) = (&self.peering, &command) {
            let mut next = self.clone();
            next.agree(command, facts)?;
            return Ok(Decision::become_(next));
        }
        if self.public.state() != AVAILABLE {
            return Err(incorrect_state(facts.id, self.public.state()));
        }
        let mut next = self.clone();
        next.obey(command, facts)?;
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        // What has ended stays for as long as the other side has to be told.
        let owes = self.peering.as_ref().is_some_and(Handshake::owes);
        let life = self.life.due().filter(|_| !(owes && self.life.has_ended()));
        life.into_iter().chain(self.peering.as_ref().and_then(Handshake::due)).min()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        if let Some(side) = self.peering.as_ref().filter(|side| side.due().is_some_and(|due| due <= facts.now)) {
            let mut side = side.clone();
            side.elapse(facts.now);
            return Next::Become(Self { peering: Some(side), ..self.clone() });
        }
        Life::elapse(self, |next| (&mut next.life, &mut next.public.state), facts.now)
    }

    /// The gateway, the VPC, its subnets and the route table stay while it is there.
    fn links(&self) -> Vec<Id> {
        if self.is_over() {
            return Vec::new();
        }
        let own = std::iter::once(self.gateway()).chain(self.public.vpc_id.as_deref());
        let subnets = self.public.subnet_ids.iter().map(String::as_str);
        own.chain(subnets).chain(self.association.as_deref()).map(Id::new).collect()
    }

    fn intent(&self) -> bool {
        self.peering.as_ref().is_some_and(Handshake::intent)
    }

    resource!(tags);
}
