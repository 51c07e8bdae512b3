//! Instances that a fleet replaces before they are lost: those that AWS recommends to rebalance, and those that are ill
//! (AWS: "Capacity rebalancing", "Health checks").

use std::sync::Arc;

use super::state::{Fleet, FleetCommand, FleetState, Of};
use crate::Region;
use crate::entity::{Entity as _, Id};
use crate::families::instances::{InstanceCommand, Membership, Setting};

fn fleet_of(region: &Region, instance: &Id) -> Option<(Id, Membership)> {
    let instance = region.instances.index().get(instance)?;
    let membership = instance.state.private.fleet.clone()?;
    Some((Id::new(&membership.fleet), membership))
}

/// The fleet, if it keeps its capacity.
fn maintained(region: &Region, fleet: &Id) -> Option<Fleet> {
    let known = if fleet.is(&FleetState::<true>::KIND) {
        region.spot_fleets.index().get(fleet).map(|known| known.state.fleet().clone())
    } else {
        region.fleets.index().get(fleet).map(|known| known.state.fleet().clone())
    };
    known.filter(|fleet| fleet.maintains() && matches!(fleet.state(), "active" | "modifying"))
}

/// An instance is about to be interrupted: with capacity rebalancing its fleet launches another at once.
pub(crate) async fn rebalance(region: &Arc<Region>, instance: &Id) {
    let Some((fleet, membership)) = fleet_of(region, instance) else { return };
    let rebalances = |fleet: &Fleet| {
        let options = fleet.public.spot_options.as_ref();
        let strategies = options.and_then(|options| options.maintenance_strategies.as_ref());
        let rebalance = strategies.and_then(|strategies| strategies.capacity_rebalance.as_ref());
        rebalance.is_some_and(|rebalance| rebalance.replacement_strategy.is_some())
    };
    if membership.replaced || !maintained(region, &fleet).is_some_and(|fleet| rebalances(&fleet)) {
        return;
    }
    let replaced = InstanceCommand::Settle(Box::new(Setting::Replaced));
    if region.instances.ask(instance, replaced).await.is_ok() {
        replace(region, &fleet, instance).await;
    }
}

/// The instance is impaired: a fleet that replaces such instances terminates it, and then misses it.
pub(crate) async fn replace_unhealthy(region: &Arc<Region>, instance: &Id) {
    let Some((fleet, _)) = fleet_of(region, instance) else { return };
    if maintained(region, &fleet).is_some_and(|fleet| fleet.public.replace_unhealthy_instances()) {
        // One that is protected stays.
        let _ = region.instances.ask(instance, InstanceCommand::Terminate).await;
    }
}

async fn replace(region: &Arc<Region>, fleet: &Id, instance: &Id) {
    let replace = FleetCommand::Replace(instance.to_string());
    if fleet.is(&FleetState::<true>::KIND) {
        let _ = region.spot_fleets.ask(fleet, replace).await;
    } else {
        let _ = region.fleets.ask(fleet, replace).await;
    }
}
