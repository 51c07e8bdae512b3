//! An instance. Its volumes, interfaces and addresses are not here: they know what they are attached to, and are
//! joined when it is described.

use archipelago_proto::ec2::v1::{
    IamInstanceProfile, Instance, InstanceMetadataOptionsResponse, InstanceStatusEvent, Placement, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use imbl::OrdSet;
use prost::Message;

use super::attributes::Attribute;
use super::classic::Classic;
use super::interruption;
use super::lifecycle::{self, Phase};
use super::outage;
use super::profiles::{self, Association};
use super::settings::Setting;
use crate::capacity::{Market, Pool};
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, Part};
use crate::families::instance_types::{bucket, default_vcpus};
use crate::families::spot_market::Behavior;
use crate::quotas::Weight;
use crate::time::Millis;

#[derive(Clone, Default)]
pub struct InstanceState {
    pub public: Instance,
    pub private: Private,
    /// When the state that it is in is over.
    pub(super) changes: Option<Millis>,
    /// Places that something is being attached to right now. Not stored: what is attached is in the index.
    reserved: OrdSet<Place>,
}

/// What of an instance is not shown with it.
#[derive(Clone, PartialEq, Message)]
pub struct Private {
    #[prost(string, tag = "1")]
    pub reservation_id: String,
    /// In base64, as it was given.
    #[prost(string, optional, tag = "2")]
    pub user_data: Option<String>,
    #[prost(bool, tag = "3")]
    pub disable_api_termination: bool,
    #[prost(bool, tag = "4")]
    pub disable_api_stop: bool,
    /// `stop` or `terminate`
    #[prost(string, tag = "5")]
    pub shutdown_behavior: String,
    /// `standard` or `unlimited`, for burstable types.
    #[prost(string, optional, tag = "6")]
    pub cpu_credits: Option<String>,
    /// From when on the status checks of a running instance have passed.
    #[prost(int64, tag = "7")]
    pub checked_from: Millis,
    /// When it was first launched.
    #[prost(int64, tag = "8")]
    pub created: Millis,
    #[prost(enumeration = "Intent", tag = "9")]
    pub intent: i32,
    /// The UEFI variables, for those that have some.
    #[prost(string, optional, tag = "10")]
    pub uefi_data: Option<String>,
    /// It came from elsewhere: its image is none that anybody has, and it may be exported.
    #[prost(bool, tag = "21")]
    pub imported: bool,
    /// What is scheduled for it.
    #[prost(message, repeated, tag = "22")]
    pub events: Vec<InstanceStatusEvent>,
    /// Its association with the profile that it shows.
    #[prost(message, optional, tag = "11")]
    pub profile: Option<Association>,
    /// The fleet or Spot Fleet that it belongs to.
    #[prost(message, optional, tag = "12")]
    pub fleet: Option<Membership>,
    /// What it has in EC2-Classic, if it is there.
    #[prost(message, optional, tag = "23")]
    pub classic: Option<Classic>,
    /// Since when its status checks fail.
    #[prost(int64, optional, tag = "24")]
    pub impaired_since: Option<Millis>,
}

/// An instance's part in a fleet.
#[derive(Clone, PartialEq, Message)]
pub struct Membership {
    #[prost(string, tag = "1")]
    pub fleet: String,
    /// How much of the fleet's target it is.
    #[prost(double, tag = "2")]
    pub weight: f64,
    /// The place among the fleet's pools that it was launched from.
    #[prost(uint32, tag = "3")]
    pub pool: u32,
    /// The fleet has launched another in its place, since it is about to be interrupted.
    #[prost(bool, tag = "4")]
    pub replaced: bool,
}

/// What is owed to the resources around the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum Intent {
    Nothing = 0,
    /// Its interfaces get public addresses again.
    Started = 1,
    /// Its interfaces give their public addresses back.
    Stopped = 2,
    /// Volumes and interfaces go with it, or are free again.
    Terminated = 3,
}

/// Where only one thing can be attached.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// `/dev/sdf`
    Device(String),
    /// Network card, and index on it.
    Index(i32, i32),
    /// What reads the whole instance.
    Bundling,
}

pub enum InstanceCommand {
    Start,
    Stop {
        hibernate: bool,
        force: bool,
    },
    Reboot,
    Terminate,
    Monitor(bool),
    Set(Box<Attribute>),
    SetMetadataOptions(Box<InstanceMetadataOptionsResponse>),
    Settle(Box<Setting>),
    /// Takes a Spot Instance away.
    Interrupt(Behavior),
    /// Its zone has no power any more; a Spot Instance goes as in an interruption.
    LosePower(Option<Behavior>),
    /// Another profile or none. `replacing` is the association that the client believes there is.
    SetProfile {
        replacing: Option<String>,
        with: Option<(IamInstanceProfile, Association)>,
    },
    /// Takes a place until what is attached there is published, so that two cannot take it at once.
    Reserve(Place),
    /// Fails when the instance went away meanwhile.
    Unreserve(Place),
    /// The intent is carried out.
    Done(Intent),
}

/// How an instance was before a command.
#[derive(Clone, Copy, Debug)]
pub struct Before {
    pub phase: Phase,
    /// The places that others have reserved.
    pub reserved: usize,
}

impl InstanceState {
    /// An instance that is being launched; `settles` is when it runs.
    pub fn new(public: Instance, private: Private, settles: Millis) -> Self {
        Self { public, private, changes: Some(settles), reserved: OrdSet::new() }
    }

    pub(super) fn set_intent(&mut self, intent: Intent) {
        self.private.intent = intent as i32;
    }

    /// Where it takes a place while it is neither stopped nor terminated.
    pub fn pool(&self) -> Pool {
        let market = if self.public.instance_lifecycle() == "spot" { Market::Spot } else { Market::OnDemand };
        let zone = self.public.placement.as_ref().map(Placement::availability_zone);
        Pool::new(zone.unwrap_or_default(), self.public.instance_type(), market)
    }

    pub fn is_windows(&self) -> bool {
        self.public.platform().eq_ignore_ascii_case("windows")
    }

    /// What it takes while it is neither stopped nor terminated. On Dedicated Hosts and in Capacity Reservations it takes
    /// nothing beside them.
    fn quotas(&self) -> Vec<Weight> {
        let public = &self.public;
        if matches!(self.phase(), Phase::Stopped | Phase::ShuttingDown | Phase::Terminated) {
            return Vec::new();
        }
        let vcpus = default_vcpus(public.instance_type());
        let bucket = bucket(public.instance_type());
        if public.instance_lifecycle() == "spot" {
            return bucket.and_then(|bucket| bucket.spot).map(|quota| Weight::new(quota, vcpus)).into_iter().collect();
        }
        let mut weights = vec![Weight::new("instances", 1)];
        let hosted = public.placement.as_ref().is_some_and(|placement| placement.tenancy() == "host");
        if !hosted && public.capacity_reservation_id.is_none() {
            weights.extend(bucket.map(|bucket| Weight::new(bucket.on_demand, vcpus)));
        }
        weights
    }

    fn reserve(&mut self, place: Place, facts: &Facts<'_>) -> Ec2Result<()> {
        if !matches!(self.phase(), Phase::Running | Phase::Stopped | Phase::Pending | Phase::Stopping) {
            return Err(incorrect(facts.id));
        }
        if self.reserved.contains(&place) {
            return Err(place.taken(facts.id));
        }
        self.reserved.insert(place);
        Ok(())
    }
}

impl Place {
    pub(crate) fn taken(&self, instance: &str) -> Ec2Error {
        Ec2Error::invalid_parameter(match self {
            Self::Bundling => {
                return Ec2Error::new(
                    "BundlingInProgress",
                    format!("The instance '{instance}' already has a bundling task in progress."),
                );
            }
            Self::Device(name) => {
                format!("Invalid value '{name}' for unixDevice. Attachment point {name} is already in use")
            }
            Self::Index(0, index) => {
                format!("Instance '{instance}' already has an interface attached at device index '{index}'.")
            }
            Self::Index(card, index) => format!(
                "Instance '{instance}' already has an interface attached at device index '{index}' of network card \
                 '{card}'."
            ),
        })
    }
}

pub(super) fn incorrect(id: &str) -> Ec2Error {
    Ec2Error::new("IncorrectInstanceState", format!("The instance '{id}' is not in a valid state for this operation."))
}

impl Entity for InstanceState {
    const KIND: Kind = Kind {
        resource_type: "instance",
        prefix: "i",
        not_found: "InvalidInstanceID.NotFound",
        malformed: "InvalidInstanceID.Malformed",
        noun: "instance ID",
    };
    type Command = InstanceCommand;
    type Reply = Before;

    fn decide(&self, command: InstanceCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match command {
            InstanceCommand::Start => lifecycle::start(&mut next, facts)?,
            InstanceCommand::Stop { hibernate, force } => lifecycle::stop(&mut next, hibernate, force, facts)?,
            InstanceCommand::Reboot => lifecycle::reboot(self, facts)?,
            InstanceCommand::Terminate => lifecycle::terminate(&mut next, facts)?,
            InstanceCommand::Interrupt(behavior) => interruption::interrupt(&mut next, behavior, facts),
            InstanceCommand::LosePower(behavior) => outage::lose_power(&mut next, behavior, facts),
            InstanceCommand::Reserve(place) => next.reserve(place, facts)?,
            InstanceCommand::Unreserve(place) => {
                next.reserved.remove(&place);
                let gone = matches!(self.phase(), Phase::Terminated);
                return if gone { Err(incorrect(facts.id)) } else { Ok(self.answer(next)) };
            }
            InstanceCommand::Done(intent) if self.private.intent() == intent => next.set_intent(Intent::Nothing),
            InstanceCommand::Done(_) => {}
            InstanceCommand::Settle(setting) => setting.apply(&mut next, facts)?,
            _ if matches!(self.phase(), Phase::ShuttingDown | Phase::Terminated) => return Err(incorrect(facts.id)),
            InstanceCommand::Monitor(on) => {
                let state = if on { "enabled" } else { "disabled" };
                next.public.monitoring.get_or_insert_default().state = Some(state.into());
            }
            InstanceCommand::Set(attribute) => attribute.apply(&mut next, facts)?,
            InstanceCommand::SetProfile { replacing, with } => {
                profiles::check(self.private.profile.as_ref(), replacing.as_deref(), facts.id)?;
                (next.public.iam_instance_profile, next.private.profile) = with.unzip();
            }
            InstanceCommand::SetMetadataOptions(options) => next.public.metadata_options = Some(*options),
        }
        Ok(self.answer(next))
    }

    fn due(&self) -> Option<Millis> {
        self.changes
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        lifecycle::elapse(self, facts)
    }

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.public.tags
    }

    fn parts(&self) -> Vec<Part<'_>> {
        self.private.profile.iter().map(|association| Part::untagged(&association.id)).collect()
    }

    /// Its network (in EC2-Classic its groups, and what it is linked to) and its placement group, which it holds until it is terminated; and its image, its Spot request and
    /// its fleet, which know it but do not wait for it.
    fn links(&self) -> Vec<Id> {
        let public = &self.public;
        let placed = public.placement.as_ref().filter(|_| self.phase() != Phase::Terminated);
        let group = placed.and_then(|placement| placement.group_id.as_ref());
        let image = if self.private.imported { None } else { public.image_id.as_ref() };
        let network = [public.subnet_id.as_ref(), public.vpc_id.as_ref(), image, group];
        let links = network.into_iter().chain([
            public.spot_instance_request_id.as_ref(),
            self.private.fleet.as_ref().map(|membership| &membership.fleet),
        ]);
        let classic = self.private.classic.iter().filter(|_| self.phase() != Phase::Terminated);
        links.flatten().chain(classic.flat_map(Classic::links)).map(|id| Id::new(id)).collect()
    }

    fn weighs(&self, id: &Id) -> Vec<Weight> {
        self.quotas()
            .into_iter()
            .chain(
                self.private
                    .classic
                    .iter()
                    .map(|classic| Weight::new("security-groups-per-instance", classic.groups.len()).per(id)),
            )
            .collect()
    }

    /// Seats are settled before and after what a client asks for.
    fn is_owed(command: &InstanceCommand) -> bool {
        matches!(command, InstanceCommand::Settle(_) | InstanceCommand::Interrupt(_) | InstanceCommand::Done(_))
    }

    fn intent(&self) -> bool {
        self.private.intent() != Intent::Nothing
    }

    fn encode(&self) -> Vec<u8> {
        let (public, private) = (Some(self.public.clone()), Some(self.private.clone()));
        Stored { public, private, changes: self.changes }.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let Stored { public, private, changes } = Stored::decode(bytes).ok()?;
        Some(Self { public: public?, private: private?, changes, reserved: OrdSet::new() })
    }
}

impl InstanceState {
    fn answer(&self, next: Self) -> Decision<Self> {
        let reply = Before { phase: self.phase(), reserved: self.reserved.len() };
        Decision { next: Next::Become(next), reply }
    }
}

#[derive(Clone, PartialEq, Message)]
struct Stored {
    #[prost(message, optional, tag = "1")]
    public: Option<Instance>,
    #[prost(message, optional, tag = "2")]
    private: Option<Private>,
    #[prost(int64, optional, tag = "3")]
    changes: Option<Millis>,
}
