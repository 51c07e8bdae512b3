//! A Spot Instance request (AWS: "Spot Instance request status").

use archipelago_proto::ec2::v1::{RunInstancesRequest, SpotInstanceRequest, SpotInstanceStatus, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::lifecycle;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::families::instance_types::{bucket, default_vcpus};
use crate::quotas::Weight;
use crate::time::Millis;

#[derive(Clone, PartialEq, Message)]
pub struct SpotRequestState {
    #[prost(message, required, tag = "1")]
    pub public: SpotInstanceRequest,
    #[prost(message, required, tag = "2")]
    pub private: Private,
}

#[derive(Clone, PartialEq, Message)]
pub struct Private {
    #[prost(enumeration = "SpotIntent", tag = "1")]
    pub intent: i32,
    /// What is launched for it; None where it came to be with its instance, and ends with it.
    #[prost(message, optional, tag = "2")]
    pub launch: Option<RunInstancesRequest>,
    /// When it is evaluated next.
    #[prost(int64, optional, tag = "3")]
    pub evaluation: Option<Millis>,
    /// Evaluations without success, one after the other.
    #[prost(uint32, tag = "4")]
    pub attempts: u32,
    /// When the price will be above the maximum.
    #[prost(int64, optional, tag = "5")]
    pub outbid: Option<Millis>,
    /// When the notice is over, and the instance is interrupted.
    #[prost(int64, optional, tag = "6")]
    pub interruption: Option<Millis>,
    #[prost(enumeration = "Cause", optional, tag = "7")]
    pub cause: Option<i32>,
    /// When an ended request is forgotten.
    #[prost(int64, optional, tag = "8")]
    pub forgotten: Option<Millis>,
    /// The tags that AWS gives its instances.
    #[prost(message, repeated, tag = "9")]
    pub marks: Vec<Tag>,
}

/// What the request is left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum SpotIntent {
    Nothing = 0,
    /// To see whether there is room at its price, and to launch or to start an instance if so.
    Evaluate = 1,
    /// To take its instance away.
    Interrupt = 2,
}

/// Why an instance is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum Cause {
    Price = 0,
    Capacity = 1,
}

/// What becomes of an interrupted instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Behavior {
    Terminate,
    Stop,
    Hibernate,
}

impl Behavior {
    pub fn of(name: Option<&str>) -> Self {
        match name {
            Some("stop") => Self::Stop,
            Some("hibernate") => Self::Hibernate,
            _ => Self::Terminate,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Terminate => "terminate",
            Self::Stop => "stop",
            Self::Hibernate => "hibernate",
        }
    }
}

/// At which terms a Spot Instance is launched.
#[derive(Clone, Debug, PartialEq)]
pub struct SpotTerms {
    /// USD an hour; None: the price on demand.
    pub most: Option<f64>,
    pub persistent: bool,
    pub behavior: Behavior,
    pub valid_until: Option<Millis>,
}

/// The instance that a request got.
#[derive(Clone, Debug)]
pub struct Fulfilment {
    pub instance: Id,
    pub zone: String,
    pub zone_id: String,
    pub product: String,
}

pub enum SpotRequestCommand {
    Fulfilled(Fulfilment),
    /// The stopped instance runs again.
    Resumed,
    /// With a status code and its message.
    NotNow(&'static str, String),
    /// It cannot be fulfilled ever: a fault code and its message.
    Failed(String, String),
    /// Have another look, now.
    Reevaluate,
    Mark(Cause),
    /// Its instance loses its host, without notice.
    Lost,
    Interrupted,
    InstanceStopped,
    InstanceStarted,
    InstanceTerminated,
    Cancel,
}

impl SpotRequestState {
    pub fn state(&self) -> &str {
        self.public.state()
    }

    pub fn is_live(&self) -> bool {
        matches!(self.state(), "open" | "active" | "disabled")
    }

    pub fn persistent(&self) -> bool {
        self.public.r#type() == "persistent"
    }

    pub fn behavior(&self) -> Behavior {
        Behavior::of(self.public.instance_interruption_behavior.as_deref())
    }

    /// The most that it pays, in USD an hour.
    pub fn most(&self) -> f64 {
        self.public.spot_price().parse().unwrap_or(f64::MAX)
    }

    pub(super) fn status(&mut self, code: &str, message: impl Into<String>, now: Millis) {
        self.public.status = Some(SpotInstanceStatus {
            code: Some(code.to_owned()),
            message: Some(message.into()),
            update_time: Some(now),
        });
    }

    pub fn status_code(&self) -> &str {
        self.public.status.as_ref().map_or("", SpotInstanceStatus::code)
    }

    pub(super) fn intend(&mut self, intent: SpotIntent) {
        self.private.intent = intent as i32;
    }
}

impl Entity for SpotRequestState {
    const KIND: Kind = Kind {
        resource_type: "spot-instances-request",
        prefix: "sir",
        not_found: "InvalidSpotInstanceRequestID.NotFound",
        malformed: "InvalidSpotInstanceRequestID.Malformed",
        noun: "spot instance request ID",
    };
    type Command = SpotRequestCommand;
    type Reply = ();

    fn decide(&self, command: SpotRequestCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        lifecycle::change(&mut next, command, facts.now);
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        lifecycle::due(self)
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        lifecycle::elapse(self, facts.now)
    }

    fn intent(&self) -> bool {
        self.private.intent() != SpotIntent::Nothing
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        // Once it has its instance, that one does.
        let open = self.state() == "open" && self.public.instance_id.is_none();
        let launch = self.private.launch.as_ref().filter(|_| open);
        let spot = launch.and_then(|launch| {
            let quota = bucket(launch.instance_type())?.spot?;
            Some(Weight::new(quota, default_vcpus(launch.instance_type())))
        });
        spot.into_iter().collect()
    }

    resource!(tags);
}

/// A price as AWS writes it, `0.045200`.
pub fn money(price: f64) -> String {
    format!("{price:.6}")
}

/// The terms of a maximum price that a client gives.
pub fn read_price(name: &str, text: &str) -> Ec2Result<f64> {
    let price = text.trim().parse::<f64>().ok().filter(|price| price.is_finite() && *price > 0.0);
    price.ok_or_else(|| Ec2Error::invalid_value(name, text))
}
