//! An exclusion of one VPC or subnet.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::VpcBlockPublicAccessExclusion;
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct ExclusionState {
    #[prost(message, required, tag = "1")]
    pub public: VpcBlockPublicAccessExclusion,
    /// The VPC or the subnet.
    #[prost(string, tag = "2")]
    pub(super) resource: String,
    #[prost(int64, optional, tag = "3")]
    settles: Option<Millis>,
}

pub enum ExclusionCommand {
    Modify(Option<String>),
    Delete,
}

impl ExclusionState {
    pub(super) fn new(public: VpcBlockPublicAccessExclusion, resource: &Id, settles: Millis) -> Self {
        Self { public, resource: resource.to_string(), settles: Some(settles) }
    }
}

impl Entity for ExclusionState {
    const KIND: Kind = Kind {
        resource_type: "vpc-block-public-access-exclusion",
        prefix: "vpcbpa-exclude",
        not_found: "InvalidVpcBlockPublicAccessExclusionId.NotFound",
        malformed: "InvalidVpcBlockPublicAccessExclusionId.Malformed",
        noun: "VPC Block Public Access exclusion ID",
    };
    type Command = ExclusionCommand;
    type Reply = ();

    fn decide(&self, command: ExclusionCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        let state = match command {
            ExclusionCommand::Modify(mode) => {
                next.public.internet_gateway_exclusion_mode = mode;
                "update-in-progress"
            }
            ExclusionCommand::Delete => {
                next.public.deletion_timestamp = Some(facts.now);
                "delete-in-progress"
            }
        };
        next.public.state = Some(state.to_owned());
        next.public.last_update_timestamp = Some(facts.now);
        next.settles = Some(facts.after(Transition::BlockPublicAccess));
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        let state = match self.public.state() {
            "delete-in-progress" => return Next::Gone(next),
            "update-in-progress" => "update-complete",
            _ => "create-complete",
        };
        next.public.state = Some(state.to_owned());
        Next::Become(next)
    }

    fn links(&self) -> Vec<Id> {
        vec![Id::new(&self.resource)]
    }

    resource!(tags);
}
