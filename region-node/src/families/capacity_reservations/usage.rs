//! How instances come to run in reservations: in the one that they target, or in any open one that they match.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::{CapacityReservationCommand, CapacityReservationState};
use crate::Region;
use crate::entity::{Id, Published, Undo};
use crate::request::Context;

/// What an instance is, as far as reservations ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wish<'a> {
    pub(crate) instance_type: &'a str,
    pub(crate) zone: &'a str,
    /// `Linux/UNIX`
    pub(crate) platform: &'a str,
    pub(crate) tenancy: &'a str,
}

impl CapacityReservationState {
    pub(crate) fn matches(&self, wish: &Wish<'_>) -> bool {
        let public = &self.public;
        public.instance_type() == wish.instance_type
            && public.availability_zone() == wish.zone
            && public.instance_platform() == wish.platform
            && public.tenancy() == wish.tenancy
    }

    pub(crate) fn is_open(&self) -> bool {
        self.is_active() && self.public.instance_match_criteria() == "open"
    }
}

/// Room in a certain reservation for each of the instances, or an error; given back if the workflow fails.
pub(crate) async fn targeted(cx: &Context, undo: &mut Undo, id: &str, wish: &Wish<'_>, ids: &[Id]) -> Ec2Result<()> {
    let reservation = cx.capacity_reservations.find(&cx.account, id)?;
    if !reservation.state.is_active() {
        let state = reservation.state.public.state();
        return Err(Ec2Error::new(
            "InvalidCapacityReservationState",
            format!("The capacity reservation '{id}' is in the '{state}' state."),
        ));
    }
    if !reservation.state.matches(wish) {
        return Err(Ec2Error::invalid_combination(format!(
            "The attributes of the instances do not match those of the capacity reservation '{id}'."
        )));
    }
    if take(cx, undo, &reservation.id, ids).await?.len() == ids.len() {
        return Ok(());
    }
    Err(Ec2Error::new(
        "ReservationCapacityExceeded",
        "The requested reservation does not have sufficient compatible and available capacity for this request.",
    ))
}

/// The open reservation that each of the instances runs in, if any has room for it.
pub(crate) async fn open(cx: &Context, undo: &mut Undo, wish: &Wish<'_>, ids: &[Id]) -> Ec2Result<Vec<Option<Id>>> {
    let reservations = cx.capacity_reservations.owned_by(&cx.account);
    let fits = |known: &&Arc<Published<CapacityReservationState>>| known.state.is_open() && known.state.matches(wish);
    let mut rooms = Vec::with_capacity(ids.len());
    for reservation in reservations.values().filter(fits) {
        let left = &ids[rooms.len()..];
        if left.is_empty() {
            break;
        }
        // One that is over by now has no room.
        let taken = take(cx, undo, &reservation.id, left).await.unwrap_or_default();
        rooms.extend(taken.iter().map(|_| Some(reservation.id.clone())));
    }
    rooms.resize(ids.len(), None);
    Ok(rooms)
}

async fn take(cx: &Context, undo: &mut Undo, reservation: &Id, ids: &[Id]) -> Ec2Result<Vec<Id>> {
    let take = CapacityReservationCommand::Take(ids.to_vec());
    let taken = cx.capacity_reservations.ask(reservation, take).await?.reply;
    let (region, reservation, back) = (Arc::clone(&cx.region), reservation.clone(), taken.clone());
    undo.push(async move { leave(&region, &reservation, back).await });
    Ok(taken)
}

pub(crate) async fn leave(region: &Region, reservation: &Id, ids: Vec<Id>) {
    let _ = region.capacity_reservations.ask(reservation, CapacityReservationCommand::Leave(ids)).await;
}

/// An instance runs where it did before a restart.
pub(crate) async fn restore(region: &Region, reservation: &Id, id: Id) {
    let _ = region.capacity_reservations.ask(reservation, CapacityReservationCommand::Restore(id)).await;
}
