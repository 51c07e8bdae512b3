//! Terminating what is too much for a fleet that has been made smaller.

use std::sync::Arc;

use super::members::{fulfilled, members};
use super::state::{Fleet, Of};
use crate::capacity::Market;
use crate::entity::{Id, Published};
use crate::families::instances::{InstanceCommand, InstanceState};
use crate::request::Context;

/// The youngest go first. Returns who went.
pub(super) async fn shrink<F: Of>(cx: &Context, published: &Published<F>) -> Vec<String> {
    let fleet = published.state.fleet();
    if fleet.public.excess_capacity_termination_policy() == "no-termination" {
        return Vec::new();
    }
    let (got, target) = (fulfilled(cx, &published.id), wanted(fleet));
    let mut excess = [(Market::OnDemand, got.on_demand - target.0), (Market::Spot, got.spot - target.1)];
    let mut gone = Vec::new();
    for instance in members(cx, &published.id).into_iter().rev() {
        let weight = instance.state.private.fleet.as_ref().map_or(1.0, |membership| membership.weight);
        let market = instance.state.pool().market;
        let Some((_, excess)) = excess.iter_mut().find(|(of, _)| *of == market) else { continue };
        if *excess >= weight {
            *excess -= weight;
            terminate(cx, &instance).await;
            gone.push(instance.id.to_string());
        }
    }
    gone
}

fn wanted(fleet: &Fleet) -> (f64, f64) {
    let missing = super::fill::missing(fleet, super::members::Fulfilled::default());
    (missing.on_demand, missing.spot)
}

/// Terminates everything. Returns who went.
pub(super) async fn empty(cx: &Context, fleet: &Id) -> Vec<String> {
    let mut gone = Vec::new();
    for instance in members(cx, fleet) {
        terminate(cx, &instance).await;
        gone.push(instance.id.to_string());
    }
    gone
}

/// One that is protected stays.
async fn terminate(cx: &Context, instance: &Arc<Published<InstanceState>>) {
    let _ = cx.instances.ask(&instance.id, InstanceCommand::Terminate).await;
}
