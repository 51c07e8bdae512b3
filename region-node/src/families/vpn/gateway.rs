//! A virtual private gateway: attached to one VPC at most.

use archipelago_proto::ec2::v1::{VpcAttachment, VpnGateway};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::VISIBLE;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, Part, resource};
use crate::families::internet_gateways::{GatewayTable, TableChange};
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct VpnGatewayState {
    #[prost(message, required, tag = "1")]
    pub public: VpnGateway,
    /// When attaching or detaching is over, or a deleted one is forgotten.
    #[prost(int64, optional, tag = "2")]
    settles: Option<Millis>,
    /// The route table for what enters the VPC here.
    #[prost(message, optional, tag = "3")]
    pub route_table: Option<GatewayTable>,
}

pub enum VpnGatewayCommand {
    Delete,
    Attach(Id),
    Detach(Id),
    Table(TableChange),
}

impl VpnGatewayState {
    pub fn new(public: VpnGateway) -> Self {
        Self { public, ..Self::default() }
    }

    pub fn is_deleted(&self) -> bool {
        self.public.state() == "deleted"
    }

    /// The VPC that it is attached to, in whichever state of attaching.
    pub fn vpc(&self) -> Option<&str> {
        let attachment = self.public.vpc_attachments.first().filter(|attachment| attachment.state() != "detached");
        attachment.map(VpcAttachment::vpc_id)
    }

    /// Whether traffic goes through it.
    pub fn serves(&self, vpc: &str) -> bool {
        self.public.vpc_attachments.iter().any(|known| known.vpc_id() == vpc && known.state() == "attached")
    }
}

fn attachment(vpc: &str, state: &str) -> VpcAttachment {
    VpcAttachment { vpc_id: Some(vpc.to_owned()), state: Some(state.to_owned()) }
}

impl Entity for VpnGatewayState {
    const KIND: Kind = Kind {
        resource_type: "vpn-gateway",
        prefix: "vgw",
        not_found: "InvalidVpnGatewayID.NotFound",
        malformed: "InvalidVpnGatewayId.Malformed",
        noun: "vpnGateway ID",
    };
    type Command = VpnGatewayCommand;
    type Reply = ();

    fn decide(&self, command: VpnGatewayCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.vpc(), command) {
            _ if self.is_deleted() => return Err(Self::KIND.not_found(facts.id)),
            (None, VpnGatewayCommand::Delete) if facts.dependents.is_empty() => {
                next.public.state = Some("deleted".into());
                next.settles = Some(facts.now + VISIBLE);
            }
            (_, VpnGatewayCommand::Delete) => {
                return Err(Ec2Error::new("IncorrectState", format!("The vpnGateway '{}' is in use.", facts.id)));
            }
            (None, VpnGatewayCommand::Attach(vpc)) => {
                next.public.vpc_attachments = vec![attachment(&vpc, "attaching")];
                next.settles = Some(facts.after(Transition::VpnGatewayAttach));
            }
            (Some(known), VpnGatewayCommand::Attach(vpc)) if *known == *vpc => return Ok(Decision::keep()),
            (Some(known), VpnGatewayCommand::Attach(_)) => {
                return Err(Ec2Error::new(
                    "VpnGatewayAttachmentLimitExceeded",
                    format!("The vpnGateway '{}' is already attached to the network {known}.", facts.id),
                ));
            }
            (Some(known), VpnGatewayCommand::Detach(vpc)) if *known == *vpc => {
                if let Some(table) = &self.route_table {
                    return Err(Ec2Error::dependency_violation(format!(
                        "The vpnGateway '{}' is associated with the route table '{}' and cannot be detached.",
                        facts.id, table.route_table
                    )));
                }
                next.public.vpc_attachments = vec![attachment(&vpc, "detaching")];
                next.settles = Some(facts.after(Transition::VpnGatewayAttach));
            }
            (_, VpnGatewayCommand::Detach(vpc)) => {
                return Err(Ec2Error::new(
                    "InvalidVpnGatewayAttachment.NotFound",
                    format!("The attachment with vpn gateway ID '{}' and vpc ID '{vpc}' does not exist", facts.id),
                ));
            }
            (_, VpnGatewayCommand::Table(change)) => {
                if !change.apply(&mut next.route_table)? {
                    return Ok(Decision::keep());
                }
            }
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        if self.is_deleted() {
            return Next::Gone(next);
        }
        for attachment in &mut next.public.vpc_attachments {
            let over = if attachment.state() == "detaching" { "detached" } else { "attached" };
            attachment.state = Some(over.to_owned());
        }
        Next::Become(next)
    }

    fn links(&self) -> Vec<Id> {
        let table = self.route_table.iter().map(|table| table.route_table.as_str());
        self.vpc().into_iter().chain(table).map(Id::new).collect()
    }

    fn parts(&self) -> Vec<Part<'_>> {
        self.route_table.iter().map(|table| Part::untagged(&table.association)).collect()
    }

    fn counts(&self) -> bool {
        !self.is_deleted()
    }

    resource!(tags);
}
