//! A fleet: what it shall be, and what has happened to it. Its instances know it; they are not here.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    DescribeFleetError, DescribeFleetsInstances, FleetData, FleetLaunchTemplateConfig, RunInstancesRequest,
    SpotFleetRequestConfigData, Tag, TagSpecification, TargetCapacitySpecification,
};
use prost::Message;

use super::lifecycle;
use crate::Region;
use crate::entity::{Decision, Entity, Facts, Host, Id, Kind, Next};
use crate::quotas::Weight;
use crate::time::Millis;

/// A fleet of either family; `SPOT` is a Spot Fleet request.
#[derive(Clone, Debug, PartialEq)]
pub struct FleetState<const SPOT: bool>(pub Fleet);

/// What both families keep of a fleet. The engine reads `public` alone; a Spot Fleet's request is put in its words.
#[derive(Clone, PartialEq, Message)]
pub struct Fleet {
    #[prost(message, required, tag = "1")]
    pub public: FleetData,
    /// The request of a Spot Fleet, as it is described.
    #[prost(message, optional, tag = "2")]
    pub request: Option<SpotFleetRequestConfigData>,
    #[prost(enumeration = "FleetIntent", tag = "3")]
    pub intent: i32,
    /// When it is looked at next.
    #[prost(int64, optional, tag = "4")]
    pub check: Option<Millis>,
    /// Looks that left capacity missing, one after the other.
    #[prost(uint32, tag = "5")]
    pub attempts: u32,
    /// Whether it has had its capacity once.
    #[prost(bool, tag = "6")]
    pub complete: bool,
    #[prost(message, repeated, tag = "7")]
    pub history: Vec<Event>,
    /// When an ended fleet is forgotten.
    #[prost(int64, optional, tag = "8")]
    pub forgotten: Option<Millis>,
    /// What is launched, where the configuration of that place names no template.
    #[prost(message, repeated, tag = "9")]
    pub launches: Vec<RunInstancesRequest>,
    /// The tags of what is launched.
    #[prost(message, repeated, tag = "10")]
    pub tag_specifications: Vec<TagSpecification>,
}

/// What happened, as the history of an EC2 Fleet tells it.
#[derive(Clone, PartialEq, Message)]
pub struct Event {
    #[prost(int64, tag = "1")]
    pub time: Millis,
    /// `instance-change`, `fleet-change` or `service-error`
    #[prost(string, tag = "2")]
    pub kind: String,
    #[prost(string, tag = "3")]
    pub sub_type: String,
    #[prost(string, tag = "4")]
    pub description: String,
    #[prost(string, optional, tag = "5")]
    pub instance: Option<String>,
}

/// What a fleet is left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum FleetIntent {
    Nothing = 0,
    /// To launch what is missing.
    Fill = 1,
    /// To terminate what is too much, then to launch what is missing.
    Shrink = 2,
    /// To terminate everything.
    Terminate = 3,
}

/// What a modification asks; what is None stays.
#[derive(Clone, Debug, Default)]
pub struct Change {
    pub target: Option<TargetCapacitySpecification>,
    pub configs: Vec<FleetLaunchTemplateConfig>,
    pub excess: Option<String>,
    pub context: Option<String>,
    /// The request of a Spot Fleet, as it is described from now on.
    pub request: Option<SpotFleetRequestConfigData>,
}

pub enum FleetCommand {
    /// The outcome of a look at what is missing.
    Filled {
        errors: Vec<DescribeFleetError>,
        launched: Vec<DescribeFleetsInstances>,
        complete: bool,
    },
    Shrunk(Vec<String>),
    Modify(Box<Change>),
    Delete {
        terminate: bool,
    },
    /// Everything is terminated.
    Emptied(Vec<String>),
    InstanceLost(String),
    /// Another is to be launched for this one, which is about to be interrupted.
    Replace(String),
    /// There may be room now.
    Reevaluate,
}

impl Fleet {
    pub fn state(&self) -> &str {
        self.public.fleet_state()
    }

    pub fn is_instant(&self) -> bool {
        self.public.r#type() == "instant"
    }

    pub fn maintains(&self) -> bool {
        self.public.r#type() == "maintain"
    }

    pub fn target(&self) -> TargetCapacitySpecification {
        self.public.target_capacity_specification.clone().unwrap_or_default()
    }

    pub(super) fn tell(
        &mut self,
        time: Millis,
        kind: &str,
        sub_type: &str,
        description: String,
        instance: Option<String>,
    ) {
        /// As much as is ever asked for.
        const MOST: usize = 2000;
        if self.history.len() >= MOST {
            self.history.remove(0);
        }
        let (kind, sub_type) = (kind.to_owned(), sub_type.to_owned());
        self.history.push(Event { time, kind, sub_type, description, instance });
    }

    pub(super) fn intend(&mut self, intent: FleetIntent) {
        self.intent = intent as i32;
    }
}

/// Which family a fleet is of.
pub trait Of: Entity<Command = FleetCommand, Reply = ()> {
    fn host(region: &Region) -> &Host<Self>;
    fn fleet(&self) -> &Fleet;
    fn new(fleet: Fleet) -> Self;
    /// The tag that its instances have.
    const MARK: &'static str;
}

impl Of for FleetState<false> {
    const MARK: &'static str = "aws:ec2:fleet-id";

    fn host(region: &Region) -> &Host<Self> {
        &region.fleets
    }

    fn fleet(&self) -> &Fleet {
        &self.0
    }

    fn new(fleet: Fleet) -> Self {
        Self(fleet)
    }
}

impl Of for FleetState<true> {
    const MARK: &'static str = "aws:ec2spot:fleet-request-id";

    fn host(region: &Region) -> &Host<Self> {
        &region.spot_fleets
    }

    fn fleet(&self) -> &Fleet {
        &self.0
    }

    fn new(fleet: Fleet) -> Self {
        Self(fleet)
    }
}

const FLEET: Kind = Kind {
    resource_type: "fleet",
    prefix: "fleet",
    not_found: "InvalidFleetId.NotFound",
    malformed: "InvalidFleetId.Malformed",
    noun: "fleet ID",
};

const SPOT_FLEET: Kind = Kind {
    resource_type: "spot-fleet-request",
    prefix: "sfr",
    not_found: "InvalidSpotFleetRequestId.NotFound",
    malformed: "InvalidSpotFleetRequestId.Malformed",
    noun: "spot fleet request ID",
};

impl<const SPOT: bool> Entity for FleetState<SPOT> {
    const KIND: Kind = if SPOT { SPOT_FLEET } else { FLEET };
    type Command = FleetCommand;
    type Reply = ();

    fn decide(&self, command: FleetCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.0.clone();
        lifecycle::change(&mut next, command, facts.now)?;
        Ok(Decision::become_(Self(next)))
    }

    fn due(&self) -> Option<Millis> {
        lifecycle::due(&self.0)
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        match lifecycle::elapse(&self.0, facts.now) {
            Next::Keep => Next::Keep,
            Next::Become(fleet) => Next::Become(Self(fleet)),
            Next::Gone(fleet) => Next::Gone(Self(fleet)),
        }
    }

    fn intent(&self) -> bool {
        self.0.intent() != FleetIntent::Nothing
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        let over =
            self.0.state().ends_with("_terminating") || matches!(self.0.state(), "deleted" | "cancelled" | "failed");
        vec![Weight::new("fleets", (!over).into())]
    }

    fn tags(&self) -> &[Tag] {
        &self.0.public.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.0.public.tags
    }

    fn encode(&self) -> Vec<u8> {
        self.0.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Fleet::decode(bytes).ok().map(Self)
    }
}
