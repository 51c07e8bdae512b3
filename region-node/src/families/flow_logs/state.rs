//! A flow log: immutable but for its tags.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::FlowLog;
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, resource};

#[derive(Clone, PartialEq, Message)]
pub struct FlowLogState {
    #[prost(message, required, tag = "1")]
    pub public: FlowLog,
}

pub enum FlowLogCommand {
    Delete,
}

impl Entity for FlowLogState {
    const KIND: Kind = Kind {
        resource_type: "vpc-flow-log",
        prefix: "fl",
        not_found: "InvalidFlowLogId.NotFound",
        malformed: "InvalidFlowLogId.Malformed",
        noun: "flow log ID",
    };
    type Command = FlowLogCommand;
    type Reply = ();

    fn decide(&self, command: FlowLogCommand, _: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let FlowLogCommand::Delete = command;
        Ok(Decision::gone(self.clone()))
    }

    /// It keeps nothing from being deleted, and outlives what it is about.
    fn links(&self) -> Vec<Id> {
        Vec::new()
    }

    resource!(tags);
}
