//! A session: what of an interface's traffic goes to a target.

use archipelago_proto::ec2::v1::TrafficMirrorSession;
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Claim, Decision, Entity, Facts, Id, Kind, resource};
use crate::quotas::Weight;

#[derive(Clone, PartialEq, Message)]
pub struct MirrorSessionState {
    #[prost(message, required, tag = "1")]
    pub public: TrafficMirrorSession,
}

pub enum MirrorSessionCommand {
    Delete,
    Replace(Box<TrafficMirrorSession>),
}

impl Entity for MirrorSessionState {
    const KIND: Kind = Kind {
        resource_type: "traffic-mirror-session",
        prefix: "tms",
        not_found: "InvalidTrafficMirrorSessionId.NotFound",
        malformed: "InvalidTrafficMirrorSessionId.Malformed",
        noun: "traffic mirror session ID",
    };
    type Command = MirrorSessionCommand;
    type Reply = ();

    fn decide(&self, command: MirrorSessionCommand, _: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        match command {
            MirrorSessionCommand::Delete => Ok(Decision::gone(self.clone())),
            MirrorSessionCommand::Replace(new) => {
                let public = TrafficMirrorSession { tags: self.public.tags.clone(), ..*new };
                Ok(Decision::become_(Self { public }))
            }
        }
    }

    /// Its number among those of its source.
    fn claims(&self) -> Vec<Claim> {
        let (source, number) = (self.public.network_interface_id(), self.public.session_number());
        let message = format!("The network interface {source} already has a session with the number {number}.");
        let taken = Ec2Error::new("TrafficMirrorSessionNumberAlreadyExists", message);
        vec![Claim { key: format!("{source}/mirror-session/{number}"), taken }]
    }

    /// The source may go: the session is of no use then, but stays.
    fn links(&self) -> Vec<Id> {
        [self.public.traffic_mirror_target_id(), self.public.traffic_mirror_filter_id()].map(Id::new).to_vec()
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        vec![Weight::new("traffic-mirror-sessions-per-interface", 1).per(self.public.network_interface_id())]
    }

    resource!(tags);
}
