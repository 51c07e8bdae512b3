//! A carrier gateway: pending, available, deleting.

use archipelago_proto::ec2::v1::CarrierGateway;
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Claim, Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct CarrierGatewayState {
    #[prost(message, required, tag = "1")]
    pub public: CarrierGateway,
    /// When it stops being pending, or being there.
    #[prost(int64, optional, tag = "2")]
    pub(super) settles: Option<Millis>,
}

pub enum CarrierGatewayCommand {
    Delete,
}

impl Entity for CarrierGatewayState {
    const KIND: Kind = Kind {
        resource_type: "carrier-gateway",
        prefix: "cagw",
        not_found: "InvalidCarrierGatewayID.NotFound",
        malformed: "InvalidCarrierGatewayID.Malformed",
        noun: "carrierGateway ID",
    };
    type Command = CarrierGatewayCommand;
    type Reply = ();

    fn decide(&self, command: CarrierGatewayCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let CarrierGatewayCommand::Delete = command;
        let mut next = self.clone();
        next.public.state = Some("deleting".into());
        next.settles = Some(facts.after(Transition::GatewayAttach));
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        if self.public.state() == "deleting" {
            next.public.state = Some("deleted".into());
            return Next::Gone(next);
        }
        next.public.state = Some("available".into());
        Next::Become(next)
    }

    /// A VPC has one at most.
    fn claims(&self) -> Vec<Claim> {
        let vpc = self.public.vpc_id();
        let message = format!("The VPC {vpc} already has a carrier gateway.");
        let taken = Ec2Error::new("Resource.AlreadyAssociated", message);
        vec![Claim { key: format!("{vpc}/carrier-gateway"), taken }]
    }

    fn links(&self) -> Vec<Id> {
        vec![Id::new(self.public.vpc_id())]
    }

    resource!(tags);
}
