//! What a fleet is left to do, and what happens around it. Each step bears repetition, since a crash may come between any
//! two: what is missing is counted anew from the instances each time.

use std::sync::Arc;

use super::state::{FleetCommand, FleetIntent, FleetState, Of};
use super::{fill, shrink};
use crate::Region;
use crate::entity::{Host, Id, Published};
use crate::families::instances::Phase;
use crate::request::Context;

/// Carries out what a fleet is left to do.
pub(crate) async fn follow<F: Of>(region: Arc<Region>, fleet: Arc<Published<F>>) {
    let cx = Context::internal(&region, &fleet.account);
    let mut next = Some(fleet);
    while let Some(fleet) = next.take() {
        let command = match fleet.state.fleet().intent() {
            FleetIntent::Nothing => return,
            FleetIntent::Fill => {
                let outcome = Box::pin(fill::fill(&cx, &fleet)).await;
                let (errors, launched, complete) = (outcome.errors, outcome.launched, outcome.complete);
                FleetCommand::Filled { errors, launched, complete }
            }
            FleetIntent::Shrink => FleetCommand::Shrunk(shrink::shrink(&cx, &fleet).await),
            FleetIntent::Terminate => FleetCommand::Emptied(shrink::empty(&cx, &fleet.id).await),
        };
        if F::host(&region).ask(&fleet.id, command).await.is_err() {
            return;
        }
        next = F::host(&region).index().get(&fleet.id);
    }
}

/// Tells an instance's fleet that it is lost.
pub(crate) async fn instance_changed(cx: &Context, id: &Id) {
    let Some(instance) = cx.instances.index().get(id) else { return };
    if !matches!(instance.state.phase(), Phase::Terminated | Phase::Stopped) {
        return;
    }
    let Some(membership) = &instance.state.private.fleet else { return };
    let fleet = Id::new(&membership.fleet);
    // One that comes back by itself is not lost.
    if super::members::members(cx, &fleet).iter().any(|member| member.id == *id) {
        return;
    }
    let lost = || FleetCommand::InstanceLost(id.to_string());
    if fleet.is(&<FleetState<true> as crate::entity::Entity>::KIND) {
        let _ = Box::pin(cx.spot_fleets.ask(&fleet, lost())).await;
    } else {
        let _ = Box::pin(cx.fleets.ask(&fleet, lost())).await;
    }
}

/// Fleets that miss something have another look.
pub(crate) async fn room_changed(region: &Arc<Region>) {
    look_again(&region.fleets).await;
    look_again(&region.spot_fleets).await;
}

async fn look_again<F: Of>(host: &Host<F>) {
    for fleet in host.index().all() {
        if fleet.state.fleet().check.is_some() {
            let _ = host.ask(&fleet.id, FleetCommand::Reevaluate).await;
        }
    }
}
