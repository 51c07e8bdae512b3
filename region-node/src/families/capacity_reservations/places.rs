//! The places that reservations take in the pools, whether instances run in them or not (docs/adr/0008).
//!
//! A reservation stands in its pool with as many names as it has room for, `cr-...#0` and so on. Instances that run in it
//! have no places of their own.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::state::{ACTIVE, PENDING};
use super::{CapacityReservationCommand, CapacityReservationState};
use crate::Region;
use crate::capacity::{Market, Pool};
use crate::entity::{Id, Published, Undo};
use crate::request::Context;

impl CapacityReservationState {
    fn pool(&self) -> Pool {
        Pool::new(self.public.availability_zone(), self.public.instance_type(), Market::OnDemand)
    }

    /// How many places it is to have.
    pub(super) fn places(&self) -> u32 {
        let total = u32::try_from(self.public.total_instance_count()).unwrap_or(0);
        if matches!(self.public.state(), ACTIVE | PENDING) { total } else { 0 }
    }
}

fn names(id: &Id, range: std::ops::Range<u32>) -> Vec<Id> {
    range.map(|number| Id::new(&format!("{id}#{number}"))).collect()
}

/// Takes more places for a reservation, or fails as AWS does; they are given back if the workflow fails.
pub(super) fn reserve(
    cx: &Context,
    undo: &mut Undo,
    id: &Id,
    state: &CapacityReservationState,
    range: std::ops::Range<u32>,
) -> Ec2Result<()> {
    let pool = state.pool();
    let taken = cx.capacity.reserve(&pool, &names(id, range)).map_err(|_| {
        let (name, zone) = (state.public.instance_type(), state.public.availability_zone());
        Ec2Error::new(
            "InsufficientInstanceCapacity",
            format!(
                "We currently do not have sufficient {name} capacity in the Availability Zone you requested ({zone}). \
                 Our system will be working on provisioning additional capacity."
            ),
        )
    })?;
    let region = Arc::clone(&cx.region);
    undo.push(async move { region.capacity.release(&pool, &taken, |_| true) });
    Ok(())
}

/// Has a reservation stand in its pool as often as it is to. True if it gave places back. Bears repetition.
pub(crate) async fn settle(region: &Region, reservation: &Published<CapacityReservationState>) -> bool {
    let (state, id) = (&reservation.state, &reservation.id);
    let (held, places) = (state.held, state.places());
    names(id, 0..places).iter().for_each(|name| region.capacity.hold(&state.pool(), name));
    region.capacity.release(&state.pool(), &names(id, places..held), |_| true);
    let _ = region.capacity_reservations.ask(id, CapacityReservationCommand::Held(places)).await;
    places < held
}

/// All reservations stand in their pools again.
pub(crate) fn count(region: &Region) {
    for reservation in region.capacity_reservations.index().all() {
        let state = &reservation.state;
        names(&reservation.id, 0..state.places()).iter().for_each(|name| region.capacity.hold(&state.pool(), name));
    }
}

/// How many more instances find room in the open reservations that they match.
pub(crate) fn open_room(cx: &Context, wish: &super::Wish<'_>) -> usize {
    let reservations = cx.capacity_reservations.owned_by(&cx.account);
    let open = reservations.values().filter(|known| known.state.is_open() && known.state.matches(wish));
    open.map(|known| known.state.room()).sum()
}
