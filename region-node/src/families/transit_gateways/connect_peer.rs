//! A Connect peer: one tunnel of a Connect attachment, with BGP over it.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{TransitGatewayConnectPeer, TransitGatewayConnectPeerConfiguration};
use prost::Message;

use super::life::{AVAILABLE, DELETING, Life, incorrect_state, is_over};
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::Millis;

#[derive(Clone, PartialEq, Message)]
pub struct ConnectPeerState {
    #[prost(message, required, tag = "1")]
    pub public: TransitGatewayConnectPeer,
    #[prost(message, required, tag = "2")]
    pub(super) life: Life,
}

pub enum ConnectPeerCommand {
    Delete,
}

impl ConnectPeerState {
    pub(super) fn is_over(&self) -> bool {
        is_over(self.public.state())
    }

    /// The address on the gateway's side.
    pub(super) fn address(&self) -> &str {
        let configuration = self.public.connect_peer_configuration.as_ref();
        configuration.map(TransitGatewayConnectPeerConfiguration::transit_gateway_address).unwrap_or_default()
    }
}

impl Entity for ConnectPeerState {
    const KIND: Kind = Kind {
        resource_type: "transit-gateway-connect-peer",
        prefix: "tgw-connect-peer",
        not_found: "InvalidTransitGatewayConnectPeerID.NotFound",
        malformed: "InvalidTransitGatewayConnectPeerID.Malformed",
        noun: "transitGatewayConnectPeer ID",
    };
    type Command = ConnectPeerCommand;
    type Reply = ();

    fn decide(&self, command: ConnectPeerCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let ConnectPeerCommand::Delete = command;
        if self.public.state() != AVAILABLE {
            return Err(incorrect_state(facts.id, self.public.state()));
        }
        let mut next = self.clone();
        next.life.change(&mut next.public.state, DELETING, facts);
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.life.due()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        Life::elapse(self, |next| (&mut next.life, &mut next.public.state), facts.now)
    }

    fn links(&self) -> Vec<Id> {
        if self.is_over() { Vec::new() } else { vec![Id::new(self.public.transit_gateway_attachment_id())] }
    }

    fn counts(&self) -> bool {
        !self.is_over()
    }

    resource!(tags);
}
