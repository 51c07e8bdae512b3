//! A flow log: immutable but for its tags.

use archipelago_proto::ec2::v1::FlowLog;
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Claim, Decision, Entity, Facts, Id, Kind, resource};
use crate::quotas::Weight;

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

    /// A resource has one log for each kind of traffic and destination.
    fn claims(&self) -> Vec<Claim> {
        let log = &self.public;
        let destination = log.log_destination.as_deref().or(log.log_group_name.as_deref()).unwrap_or_default();
        let (traffic, kind) = (log.traffic_type(), log.log_destination_type());
        let taken = Ec2Error::new(
            "FlowLogAlreadyExists",
            "Error. There is an existing Flow Log with the same configuration and log destination.",
        );
        vec![Claim { key: format!("{}/flow-log/{traffic}/{kind}/{destination}", log.resource_id()), taken }]
    }

    /// It keeps nothing from being deleted, and outlives what it is about.
    fn links(&self) -> Vec<Id> {
        Vec::new()
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        vec![Weight::new("flow-logs-per-resource", 1).per(self.public.resource_id())]
    }

    resource!(tags);
}
