//! An egress-only internet gateway: of one VPC for life.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{EgressOnlyInternetGateway, InternetGatewayAttachment};
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::Millis;

#[derive(Clone, PartialEq, Message)]
pub struct EgressOnlyInternetGatewayState {
    #[prost(message, required, tag = "1")]
    pub public: EgressOnlyInternetGateway,
    /// When attaching is over.
    #[prost(int64, optional, tag = "2")]
    pub(super) settles: Option<Millis>,
}

pub enum EgressOnlyInternetGatewayCommand {
    Delete,
}

impl EgressOnlyInternetGatewayState {
    pub fn vpc(&self) -> &str {
        self.public.attachments.first().map(InternetGatewayAttachment::vpc_id).unwrap_or_default()
    }
}

impl Entity for EgressOnlyInternetGatewayState {
    const KIND: Kind = Kind {
        resource_type: "egress-only-internet-gateway",
        prefix: "eigw",
        not_found: "InvalidGatewayID.NotFound",
        malformed: "InvalidEgressOnlyInternetGatewayId.Malformed",
        noun: "egressOnlyInternetGateway ID",
    };
    type Command = EgressOnlyInternetGatewayCommand;
    type Reply = ();

    /// Routes to it do not keep it: they become black holes.
    fn decide(&self, command: EgressOnlyInternetGatewayCommand, _: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        match command {
            EgressOnlyInternetGatewayCommand::Delete => Ok(Decision::gone(self.clone())),
        }
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        next.public.attachments.iter_mut().for_each(|attachment| attachment.state = Some("attached".into()));
        Next::Become(next)
    }

    fn links(&self) -> Vec<Id> {
        vec![Id::new(self.vpc())]
    }

    resource!(tags);
}
