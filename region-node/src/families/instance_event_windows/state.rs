//! An event window: creating, active, deleting; its targets are instances, tags of instances, or hosts.

use archipelago_proto::ec2::v1::{InstanceEventWindow, InstanceEventWindowAssociationTarget};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::times::Times;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::{Millis, Transition};

pub(super) const CREATING: &str = "creating";
pub(super) const DELETING: &str = "deleting";
const ACTIVE: &str = "active";

#[derive(Clone, PartialEq, Message)]
pub struct EventWindowState {
    #[prost(message, required, tag = "1")]
    pub public: InstanceEventWindow,
    #[prost(int64, optional, tag = "2")]
    pub changes: Option<Millis>,
}

pub enum EventWindowCommand {
    Modify { name: Option<String>, times: Option<Times> },
    Associate(InstanceEventWindowAssociationTarget),
    Disassociate(InstanceEventWindowAssociationTarget),
    Delete { force: bool },
}

impl EventWindowState {
    pub(super) fn targets(&self) -> InstanceEventWindowAssociationTarget {
        self.public.association_target.clone().unwrap_or_default()
    }

    pub(super) fn set_times(&mut self, times: Times) {
        self.public.time_ranges = times.ranges;
        self.public.cron_expression = times.cron;
    }
}

/// How many kinds of targets there are.
fn kinds(targets: &InstanceEventWindowAssociationTarget) -> usize {
    [!targets.instance_ids.is_empty(), !targets.tags.is_empty(), !targets.dedicated_host_ids.is_empty()]
        .into_iter()
        .filter(|given| *given)
        .count()
}

impl Entity for EventWindowState {
    const KIND: Kind = Kind {
        resource_type: "instance-event-window",
        prefix: "iew",
        not_found: "InvalidInstanceEventWindowId.NotFound",
        malformed: "InvalidInstanceEventWindowId.Malformed",
        noun: "instance event window ID",
    };
    type Command = EventWindowCommand;
    type Reply = ();

    fn decide(&self, command: EventWindowCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        if self.public.state() == DELETING {
            return Err(Self::KIND.not_found(facts.id));
        }
        let mut next = self.clone();
        let mut targets = self.targets();
        match command {
            EventWindowCommand::Modify { name, times } => {
                next.public.name = name.or(next.public.name);
                if let Some(times) = times {
                    next.set_times(times);
                }
            }
            EventWindowCommand::Associate(new) => {
                targets
                    .instance_ids
                    .extend(new.instance_ids.into_iter().filter(|id| !self.targets().instance_ids.contains(id)));
                targets.tags.extend(new.tags.into_iter().filter(|tag| !self.targets().tags.contains(tag)));
                let hosts = new.dedicated_host_ids.into_iter();
                targets.dedicated_host_ids.extend(hosts.filter(|id| !self.targets().dedicated_host_ids.contains(id)));
                if kinds(&targets) > 1 {
                    return Err(Ec2Error::invalid_combination(
                        "An event window can have only one type of target: instance IDs, Dedicated Host IDs, or tags.",
                    ));
                }
                next.public.association_target = Some(targets);
            }
            EventWindowCommand::Disassociate(old) => {
                targets.instance_ids.retain(|id| !old.instance_ids.contains(id));
                targets.tags.retain(|tag| !old.tags.contains(tag));
                targets.dedicated_host_ids.retain(|id| !old.dedicated_host_ids.contains(id));
                next.public.association_target = (kinds(&targets) > 0).then_some(targets);
            }
            EventWindowCommand::Delete { force } => {
                if kinds(&targets) > 0 && !force {
                    return Err(Ec2Error::dependency_violation(format!(
                        "The event window '{}' is associated with targets. Disassociate them, or use ForceDelete.",
                        facts.id
                    )));
                }
                next.public.state = Some(DELETING.into());
                next.changes = Some(facts.after(Transition::CapacityChange));
            }
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.changes
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.changes = None;
        if self.public.state() == DELETING {
            return Next::Gone(next);
        }
        next.public.state = Some(ACTIVE.into());
        Next::Become(next)
    }

    /// Its instances and hosts, which do not wait for it.
    fn links(&self) -> Vec<Id> {
        let targets = self.targets();
        targets.instance_ids.iter().chain(&targets.dedicated_host_ids).map(|id| Id::new(id)).collect()
    }

    resource!(tags);
}
