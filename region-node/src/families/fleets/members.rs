//! The instances of a fleet, and how much of its capacity they are.

use std::sync::Arc;

use crate::capacity::Market;
use crate::entity::{Id, Published};
use crate::families::instances::{InstanceState, Phase};
use crate::request::Context;

/// How much of the target there is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Fulfilled {
    pub(crate) on_demand: f64,
    pub(crate) spot: f64,
}

impl Fulfilled {
    pub(crate) fn total(self) -> f64 {
        self.on_demand + self.spot
    }
}

/// Those that count: they run, or will again by themselves.
pub(crate) fn members(cx: &Context, fleet: &Id) -> Vec<Arc<Published<InstanceState>>> {
    let all = cx.instances.linked_to(fleet);
    let counts = |instance: &&Arc<Published<InstanceState>>| match instance.state.phase() {
        Phase::Pending | Phase::Running => true,
        Phase::Stopping | Phase::Stopped => instance.state.pool().market == Market::Spot,
        Phase::ShuttingDown | Phase::Terminated => false,
    };
    all.values().filter(counts).cloned().collect()
}

pub(crate) fn fulfilled(cx: &Context, fleet: &Id) -> Fulfilled {
    let mut fulfilled = Fulfilled::default();
    for instance in members(cx, fleet) {
        if instance.state.private.fleet.as_ref().is_some_and(|membership| membership.replaced) {
            continue;
        }
        let weight = instance.state.private.fleet.as_ref().map_or(1.0, |membership| membership.weight);
        match instance.state.pool().market {
            Market::OnDemand => fulfilled.on_demand += weight,
            Market::Spot => fulfilled.spot += weight,
        }
    }
    fulfilled
}
