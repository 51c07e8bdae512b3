//! A Dedicated Host: pending, available, released. It hands out its room to instances.

use archipelago_proto::ec2::v1::{Host, HostInstance, HostProperties, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use imbl::OrdMap;
use prost::Message;

use super::capacity;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next};
use crate::quotas::Weight;
use crate::time::Millis;

pub(super) const PENDING: &str = "pending";
pub(super) const AVAILABLE: &str = "available";
pub(super) const RELEASED: &str = "released";

/// How long a released host is still described.
const VISIBLE: Millis = 3_600_000;
/// AWS: a Mac host is had for a day at least.
const MAC_FOR: Millis = 86_400_000;

#[derive(Clone, Default)]
pub struct HostState {
    pub public: Host,
    pub(super) changes: Option<Millis>,
    /// The instances on it and their types. Derived from the instances.
    used: OrdMap<Id, String>,
}

pub enum HostCommand {
    /// As many of these as there is room for.
    Place {
        ids: Vec<Id>,
        instance_type: String,
    },
    Leave(Vec<Id>),
    /// An instance that was there before a restart.
    Restore {
        id: Id,
        instance_type: String,
    },
    Modify(Box<Change>),
    Release,
}

#[derive(Clone, Debug, Default)]
pub struct Change {
    pub(super) auto_placement: Option<String>,
    pub(super) host_recovery: Option<String>,
    pub(super) host_maintenance: Option<String>,
    pub(super) properties: Option<HostProperties>,
}

impl HostState {
    pub(super) fn new(public: Host, changes: Millis) -> Self {
        Self { public, changes: Some(changes), used: OrdMap::new() }
    }

    pub(super) fn is_available(&self) -> bool {
        self.public.state() == AVAILABLE
    }

    pub(super) fn properties(&self) -> HostProperties {
        self.public.host_properties.clone().unwrap_or_default()
    }

    fn used_vcpus(&self) -> i32 {
        self.used.values().map(|name| capacity::vcpus_of(name)).sum()
    }

    /// The host as it is described, with what is on it and what is left.
    pub(super) fn view(&self) -> Host {
        let instances = self.used.iter().map(|(id, name)| HostInstance {
            instance_id: Some(id.to_string()),
            instance_type: Some(name.clone()),
            owner_id: self.public.owner_id.clone(),
        });
        Host {
            instances: instances.collect(),
            available_capacity: Some(capacity::available(&self.properties(), self.used_vcpus())),
            ..self.public.clone()
        }
    }

    fn modify(&mut self, change: Change, facts: &Facts<'_>) -> Ec2Result<()> {
        if let Some(properties) = change.properties {
            if capacity::family(&properties) != capacity::family(&self.properties()) {
                return Err(Ec2Error::invalid_parameter(format!(
                    "The host '{}' does not support the instance family '{}'.",
                    facts.id,
                    capacity::family(&properties)
                )));
            }
            if let Some(other) = self.used.values().find(|name| !capacity::takes(&properties, name)) {
                return Err(Ec2Error::new(
                    "InvalidHost.Occupied",
                    format!("The host '{}' has instances of the type {other}.", facts.id),
                ));
            }
            let several = if properties.instance_family.is_some() { "on" } else { "off" };
            self.public.allows_multiple_instance_types = Some(several.into());
            self.public.host_properties = Some(properties);
        }
        let set = |known: &mut Option<String>, new: Option<String>| {
            if new.is_some() {
                *known = new;
            }
        };
        set(&mut self.public.auto_placement, change.auto_placement);
        set(&mut self.public.host_recovery, change.host_recovery);
        set(&mut self.public.host_maintenance, change.host_maintenance);
        Ok(())
    }

    fn release(&mut self, facts: &Facts<'_>) -> Ec2Result<()> {
        if !self.used.is_empty() {
            return Err(Ec2Error::new(
                "InvalidHost.Occupied",
                format!("Dedicated host '{}' cannot be released as it is occupied.", facts.id),
            ));
        }
        let mac = capacity::family(&self.properties()).starts_with("mac");
        if mac && facts.now - self.public.allocation_time() < MAC_FOR {
            return Err(Ec2Error::new(
                "HostMinAllocationPeriodUnexpired",
                format!("The minimum allocation period of the host '{}' is not over.", facts.id),
            ));
        }
        self.public.state = Some(RELEASED.into());
        self.public.release_time = Some(facts.now);
        self.changes = Some(facts.now + VISIBLE);
        Ok(())
    }
}

impl Entity for HostState {
    const KIND: Kind = Kind {
        resource_type: "dedicated-host",
        prefix: "h",
        not_found: "InvalidHostID.NotFound",
        malformed: "InvalidHostID.Malformed",
        noun: "host ID",
    };
    type Command = HostCommand;
    /// The instances that found room.
    type Reply = Vec<Id>;

    fn decide(&self, command: HostCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        let mut placed = Vec::new();
        match (self.public.state(), command) {
            (_, HostCommand::Leave(ids)) => ids.iter().for_each(|id| drop(next.used.remove(id))),
            (_, HostCommand::Restore { id, instance_type }) => drop(next.used.insert(id, instance_type)),
            (RELEASED, _) => return Err(Self::KIND.not_found(facts.id)),
            (AVAILABLE, HostCommand::Place { ids, instance_type }) => {
                let takes = capacity::takes(&self.properties(), &instance_type);
                let left = self.properties().total_v_cpus() - self.used_vcpus();
                let room = if takes { left / capacity::vcpus_of(&instance_type).max(1) } else { 0 };
                placed = ids.into_iter().take(usize::try_from(room).unwrap_or(0)).collect();
                next.used.extend(placed.iter().map(|id| (id.clone(), instance_type.clone())));
            }
            (_, HostCommand::Place { .. }) => {}
            (_, HostCommand::Modify(change)) => next.modify(*change, facts)?,
            (_, HostCommand::Release) => next.release(facts)?,
        }
        Ok(Decision { next: Next::Become(next), reply: placed })
    }

    fn due(&self) -> Option<Millis> {
        self.changes
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.changes = None;
        if self.public.state() == RELEASED {
            return Next::Gone(next);
        }
        next.public.state = Some(AVAILABLE.into());
        Next::Become(next)
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        let held = self.public.state() != RELEASED;
        vec![Weight::new("dedicated-hosts-per-family", held.into()).per(capacity::family(&self.properties()))]
    }

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.public.tags
    }

    fn encode(&self) -> Vec<u8> {
        Stored { public: Some(self.public.clone()), changes: self.changes }.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let Stored { public, changes } = Stored::decode(bytes).ok()?;
        Some(Self { public: public?, changes, used: OrdMap::new() })
    }
}

#[derive(Clone, PartialEq, Message)]
struct Stored {
    #[prost(message, optional, tag = "1")]
    public: Option<Host>,
    #[prost(int64, optional, tag = "2")]
    changes: Option<Millis>,
}
