//! A modification: reserved instances that become others of the same worth. Processing, then fulfilled.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    ReservedInstances, ReservedInstancesConfiguration, ReservedInstancesId, ReservedInstancesModification,
    ReservedInstancesModificationResult, Tag,
};
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Kind, Next};
use crate::time::Millis;

pub(super) const PROCESSING: &str = "processing";
const FULFILLED: &str = "fulfilled";

#[derive(Clone, PartialEq, Message)]
pub struct ModificationState {
    #[prost(message, required, tag = "1")]
    pub public: ReservedInstancesModification,
    /// What is made, ids and all.
    #[prost(message, repeated, tag = "2")]
    pub targets: Vec<ReservedInstances>,
    #[prost(int64, optional, tag = "3")]
    pub changes: Option<Millis>,
}

pub enum ModificationCommand {
    /// All that it makes is there, and what it is made of is retired.
    Fulfilled,
}

impl ModificationState {
    pub(super) fn sources(&self) -> impl Iterator<Item = &str> {
        self.public.reserved_instances_ids.iter().map(ReservedInstancesId::reserved_instances_id)
    }
}

impl Entity for ModificationState {
    const KIND: Kind = Kind {
        resource_type: "reserved-instances-modification",
        prefix: "rimod",
        not_found: "InvalidReservedInstancesModificationId",
        malformed: "InvalidReservedInstancesModificationId",
        noun: "Reserved Instances modification ID",
    };
    type Command = ModificationCommand;
    type Reply = ();
    const TAGGABLE: bool = false;

    fn decide(&self, command: ModificationCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let ModificationCommand::Fulfilled = command;
        let mut next = self.clone();
        if self.public.status() == PROCESSING {
            next.public.status = Some(FULFILLED.into());
            next.public.update_date = Some(facts.now);
            let ids = self.targets.iter().map(|target| target.reserved_instances_id.clone());
            for (result, id) in next.public.modification_results.iter_mut().zip(ids) {
                result.reserved_instances_id = id;
            }
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.changes
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        Next::Become(Self { changes: None, ..self.clone() })
    }

    fn intent(&self) -> bool {
        self.public.status() == PROCESSING && self.changes.is_none()
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        unreachable!("a modification cannot be tagged")
    }

    fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Message::decode(bytes).ok()
    }
}

/// What a client asked for, without the ids that follow once it is done.
pub(super) fn result(wanted: ReservedInstancesConfiguration) -> ReservedInstancesModificationResult {
    ReservedInstancesModificationResult { reserved_instances_id: None, target_configuration: Some(wanted) }
}
