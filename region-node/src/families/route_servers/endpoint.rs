//! An endpoint: pending, available, deleting, gone.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::RouteServerEndpoint;
use prost::Message;

use super::server::incorrect_state;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct RouteServerEndpointState {
    #[prost(message, required, tag = "1")]
    pub public: RouteServerEndpoint,
    #[prost(int64, optional, tag = "2")]
    pub(super) settles: Option<Millis>,
    /// Its interface is to go.
    #[prost(bool, tag = "3")]
    pub(super) leaving: bool,
}

pub enum EndpointCommand {
    Delete,
    Left,
}

impl Entity for RouteServerEndpointState {
    const KIND: Kind = Kind {
        resource_type: "route-server-endpoint",
        prefix: "rse",
        not_found: "InvalidRouteServerEndpointId.NotFound",
        malformed: "InvalidRouteServerEndpointId.Malformed",
        noun: "route server endpoint ID",
    };
    type Command = EndpointCommand;
    type Reply = ();

    fn decide(&self, command: EndpointCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.public.state(), command) {
            (_, EndpointCommand::Left) => return Ok(Decision::gone(next)),
            ("deleting", EndpointCommand::Delete) => return Ok(Decision::keep()),
            ("pending", EndpointCommand::Delete) => {
                return Err(incorrect_state(format!("The route server endpoint {} is pending.", facts.id)));
            }
            (_, EndpointCommand::Delete) => {
                if facts.dependents_of(&super::RouteServerPeerState::KIND).next().is_some() {
                    let message = format!("The route server endpoint {} has peers and cannot be deleted.", facts.id);
                    return Err(incorrect_state(message));
                }
                next.public.state = Some("deleting".into());
                next.settles = Some(facts.after(Transition::RouteServerChange));
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
        if self.public.state() == "deleting" {
            next.leaving = true;
        } else {
            next.public.state = Some("available".into());
        }
        Next::Become(next)
    }

    fn intent(&self) -> bool {
        self.leaving
    }

    fn links(&self) -> Vec<Id> {
        let public = &self.public;
        [public.route_server_id(), public.vpc_id(), public.subnet_id()].map(Id::new).to_vec()
    }

    resource!(tags);
}
