//! What others know of the instances, told again after a restart.

use std::sync::Arc;

use super::classic::claim_classic_addresses;
use super::lifecycle::Phase;
use super::transitions::is_reserved;
use crate::Region;
use crate::entity::Id;
use crate::families::capacity_reservations;
use crate::families::placement_groups::{Member, PlacementGroupCommand};

/// Puts the instances that there are into the capacity pools, and takes all else out.
pub fn count(region: &Region) {
    region.capacity.empty();
    capacity_reservations::count(region);
    for instance in region.instances.index().all() {
        let seated = !matches!(instance.state.phase(), Phase::Stopped | Phase::Terminated);
        if seated && !is_reserved(&instance) {
            region.capacity.hold(&instance.state.pool(), &instance.id);
        }
    }
}

pub async fn rebuild(region: &Arc<Region>) {
    count(region);
    claim_classic_addresses(region);
    for instance in region.instances.index().all() {
        if instance.state.phase() == Phase::Terminated {
            continue;
        }
        let placement = instance.state.public.placement.clone().unwrap_or_default();
        if let Some(group) = &placement.group_id {
            let member =
                Member { zone: placement.availability_zone().to_owned(), partition: placement.partition_number };
            let command = PlacementGroupCommand::Restore(instance.id.clone(), member);
            if let Err(error) = region.placement_groups.ask(&Id::new(group), command).await {
                tracing::error!(id = %instance.id, %error, "an instance's placement group does not know it");
            }
        }
    }
}
