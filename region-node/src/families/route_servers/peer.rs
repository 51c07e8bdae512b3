//! A device that an endpoint peers with: pending, available, deleting, gone.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::RouteServerPeer;
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct RouteServerPeerState {
    #[prost(message, required, tag = "1")]
    pub public: RouteServerPeer,
    #[prost(int64, optional, tag = "2")]
    pub(super) settles: Option<Millis>,
}

pub enum PeerCommand {
    Delete,
}

impl Entity for RouteServerPeerState {
    const KIND: Kind = Kind {
        resource_type: "route-server-peer",
        prefix: "rsp",
        not_found: "InvalidRouteServerPeerId.NotFound",
        malformed: "InvalidRouteServerPeerId.Malformed",
        noun: "route server peer ID",
    };
    type Command = PeerCommand;
    type Reply = ();

    fn decide(&self, PeerCommand::Delete: PeerCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        if self.public.state() == "deleting" {
            return Ok(Decision::keep());
        }
        let mut next = self.clone();
        next.public.state = Some("deleting".into());
        next.settles = Some(facts.after(Transition::RouteServerChange));
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        if self.public.state() == "deleting" {
            return Next::Gone(next);
        }
        next.public.state = Some("available".into());
        Next::Become(next)
    }

    fn links(&self) -> Vec<Id> {
        vec![Id::new(self.public.route_server_endpoint_id())]
    }

    resource!(tags);
}
