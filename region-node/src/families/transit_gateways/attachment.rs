//! An attachment of a VPC, a VPN connection, a Connect tunnel or another gateway to a transit gateway. It owns its
//! association with a route table.

use std::collections::BTreeSet;

use archipelago_proto::ec2::v1::{Tag, TransitGatewayVpcAttachment, TransitGatewayVpcAttachmentOptions};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::connect_peer::ConnectPeerState;
use super::life::{AVAILABLE, DELETING, Life, MODIFYING, PENDING, REJECTED, incorrect_state, is_over};
use super::peering::{PENDING_ACCEPTANCE, PeeringCommand};
use crate::entity::{Audience, Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::peer::{Handshake, Role};
use crate::quotas::Weight;
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
    /// A peering with another gateway; then there is no VPC.
    #[prost(message, optional, tag = "4")]
    pub(super) peering: Option<Handshake>,
    /// The route table that it is associated with once it is accepted.
    #[prost(string, optional, tag = "5")]
    pub(super) default_table: Option<String>,
    /// As it was asked for, if it was.
    #[prost(string, optional, tag = "6")]
    pub(super) dynamic_routing: Option<String>,
    /// The attachment that carries it, of a Connect attachment.
    #[prost(string, optional, tag = "7")]
    pub(super) transport: Option<String>,
    /// The VPN connection, of a VPN attachment.
    #[prost(string, optional, tag = "8")]
    pub(super) vpn: Option<String>,
    /// The other account that has a part in it.
    #[prost(message, optional, tag = "9")]
    pub(super) guest: Option<Guest>,
    /// Where both gateways of a peering are of this region, what the accepter's has for `association` and
    /// `default_table`.
    #[prost(string, optional, tag = "10")]
    pub(super) peer_association: Option<String>,
    #[prost(string, optional, tag = "11")]
    pub(super) peer_default_table: Option<String>,
    /// The policy table, of a peering.
    #[prost(string, optional, tag = "12")]
    pub(super) policy_table: Option<String>,
}

/// The gateway's owner, where the VPC is another account's; or the accepter of a peering within a region.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Guest {
    #[prost(string, tag = "1")]
    pub(super) account: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) tags: Vec<Tag>,
}

pub enum AttachmentCommand {
    Modify {
        subnets: Vec<String>,
        options: TransitGatewayVpcAttachmentOptions,
    },
    /// Of anything but a peering.
    Delete,
    /// By the owner of the gateway, which another account's VPC asks to be attached to.
    /// With the table that it is associated with from then on.
    Accept(Option<String>),
    Reject,
    /// A table of this gateway.
    Associate {
        gateway: String,
        table: String,
    },
    Disassociate {
        gateway: String,
        table: String,
    },
    AssociatePolicies(String),
    DisassociatePolicies(String),
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

    /// The gateway that it was made for.
    pub(super) fn gateway(&self) -> &str {
        self.public.transit_gateway_id()
    }

    /// The accepter's gateway, where a peering is within a region.
    pub(super) fn peer_gateway(&self) -> Option<&str> {
        let within = self.peering.as_ref().filter(|side| side.elsewhere().is_none())?;
        Some(&within.party(Role::Accepter).resource)
    }

    pub(super) fn is_of(&self, gateway: &str) -> bool {
        self.gateway() == gateway || self.peer_gateway() == Some(gateway)
    }

    pub(super) fn is_vpc(&self) -> bool {
        self.public.vpc_id.is_some()
    }

    pub(super) fn visible_to(&self, owner: &str, account: &str) -> bool {
        owner == account || self.guest.as_ref().is_some_and(|guest| guest.account == account)
    }

    /// What is attached to a gateway: its id, type and owner.
    pub(super) fn resource(&self, gateway: &str) -> (&str, &'static str, &str) {
        let owner = self.public.vpc_owner_id();
        if let Some(side) = &self.peering {
            let party = if self.gateway() == gateway { side.away() } else { side.party(Role::Requester) };
            return (&party.resource, "peering", &party.account);
        }
        match (&self.transport, &self.vpn) {
            (Some(transport), _) => (transport, "connect", owner),
            (None, Some(vpn)) => (vpn, "vpn", owner),
            (None, None) => (self.public.vpc_id(), "vpc", owner),
        }
    }

    /// A gateway's route table for it, while it is not over.
    pub(super) fn table(&self, gateway: &str) -> Option<&str> {
        let association = if self.gateway() == gateway { &self.association } else { &self.peer_association };
        association.as_deref().filter(|_| !self.is_over())
    }

    fn slot(&mut self, gateway: &str) -> &mut Option<String> {
        if self.gateway() == gateway { &mut self.association } else { &mut self.peer_association }
    }

    fn end(&mut self, facts: &Facts<'_>) {
        self.association = None;
        self.life.change(&mut self.public.state, DELETING, facts);
    }

    fn obey(&mut self, command: AttachmentCommand, facts: &Facts<'_>) -> Ec2Result<()> {
        match command {
            AttachmentCommand::Modify { subnets, options } => {
                self.public.subnet_ids = subnets.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
                self.public.options = Some(options);
                self.life.change(&mut self.public.state, MODIFYING, facts);
            }
            AttachmentCommand::Delete => {
                let upon = [&Self::KIND, &ConnectPeerState::KIND];
                if let Some(known) = upon.into_iter().flat_map(|kind| facts.dependents_of(kind)).next() {
                    let message = format!("{} is used by {known}, which is not deleted.", facts.id);
                    return Err(Ec2Error::new("IncorrectState", message));
                }
                self.end(facts);
            }
            AttachmentCommand::Associate { gateway, table } => match self.slot(&gateway) {
                Some(_) => {
                    let message =
                        format!("Transit Gateway Attachment {} is already associated to a route table.", facts.id);
                    return Err(Ec2Error::new("Resource.AlreadyAssociated", message));
                }
                free => *free = Some(table),
            },
            AttachmentCommand::Disassociate { gateway, table } => {
                let slot = self.slot(&gateway);
                if slot.as_deref() != Some(&table) {
                    return Err(not_associated(facts.id, "route", &table));
                }
                *slot = None;
            }
            AttachmentCommand::AssociatePolicies(table) => {
                if self.policy_table.is_some() {
                    let message =
                        format!("Transit Gateway Attachment {} is already associated to a policy table.", facts.id);
                    return Err(Ec2Error::new("Resource.AlreadyAssociated", message));
                }
                self.policy_table = Some(table);
            }
            AttachmentCommand::DisassociatePolicies(table) => {
                if self.policy_table.as_ref() != Some(&table) {
                    return Err(not_associated(facts.id, "policy", &table));
                }
                self.policy_table = None;
            }
            AttachmentCommand::Accept(_) | AttachmentCommand::Reject | AttachmentCommand::Agree(_) => {
                return Err(incorrect_state(facts.id, self.public.state()));
            }
        }
        Ok(())
    }

    /// What may be done with it before the gateway's owner has accepted it.
    fn obey_pending(&mut self, command: &AttachmentCommand, facts: &Facts<'_>) -> Ec2Result<()> {
        match command {
            AttachmentCommand::Accept(table) => {
                self.association.clone_from(table);
                self.life.change(&mut self.public.state, PENDING, facts);
            }
            AttachmentCommand::Reject => {
                self.public.state = Some(REJECTED.to_owned());
                self.life.end(facts.now);
            }
            AttachmentCommand::Delete => self.end(facts),
            _ => return Err(incorrect_state(facts.id, self.public.state())),
        }
        Ok(())
    }

    fn awaits_acceptance(&self) -> bool {
        self.peering.is_none() && self.public.state() == PENDING_ACCEPTANCE
    }
}

fn not_associated(id: &Id, kind: &str, table: &str) -> Ec2Error {
    Ec2Error::new("InvalidAssociation.NotFound", format!("{id} is not associated with the {kind} table {table}."))
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
        if self.awaits_acceptance() {
            let mut next = self.clone();
            next.obey_pending(&command, facts)?;
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

    /// The gateway, what is attached and the tables stay while it is there. Who has not accepted it is not bound by it.
    fn links(&self) -> Vec<Id> {
        if self.is_over() {
            return Vec::new();
        }
        let gateway = Some(self.gateway()).filter(|_| !self.awaits_acceptance());
        let peer = self.peer_gateway().filter(|_| self.is_available() || self.public.state() == PENDING);
        let attached = [&self.public.vpc_id, &self.transport, &self.vpn];
        let tables = [&self.association, &self.peer_association, &self.policy_table];
        let parts = attached.into_iter().chain(tables).flatten().chain(&self.public.subnet_ids);
        gateway.into_iter().chain(peer).chain(parts.map(String::as_str)).map(Id::new).collect()
    }

    fn guest(&self) -> Option<(&str, &[Tag])> {
        self.guest.as_ref().map(|guest| (&*guest.account, &*guest.tags))
    }

    fn guest_tags_mut(&mut self) -> Option<&mut Vec<Tag>> {
        self.guest.as_mut().map(|guest| &mut guest.tags)
    }

    fn audience(&self) -> Audience<'_> {
        self.guest.as_ref().map_or(Audience::Owner, |guest| Audience::Accounts(vec![&guest.account]))
    }

    fn intent(&self) -> bool {
        self.peering.as_ref().is_some_and(Handshake::intent)
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        if self.is_over() {
            return Vec::new();
        }
        let (all, peerings) = ("attachments-per-transit-gateway", "peering-attachments-per-transit-gateway");
        let guest = self.guest.as_ref().map(|guest| guest.account.as_str());
        if self.peering.is_some() {
            let here = [(Some(self.gateway()), None), (self.peer_gateway(), guest)];
            let here = here.into_iter().filter_map(|(gateway, account)| Some((gateway?, account)));
            let weights = here.flat_map(|(gateway, account)| {
                [all, peerings].map(|quota| owned_by(account, Weight::new(quota, 1).per(gateway)))
            });
            return weights.collect();
        }
        // Where the VPC is another account's, the gateway's owner is the guest.
        let attached = owned_by(guest, Weight::new(all, 1).per(self.gateway()));
        let vpc =
            self.public.vpc_id.as_deref().map(|vpc| Weight::new("transit-gateway-attachments-per-vpc", 1).per(vpc));
        vpc.into_iter().chain([attached]).collect()
    }

    resource!(tags);
}

fn owned_by(account: Option<&str>, weight: Weight) -> Weight {
    match account {
        Some(account) => weight.by(account),
        None => weight,
    }
}
