//! The Dedicated Host that an instance is on, and the Capacity Reservation that it runs in: taken when it is launched or
//! started, given back when it has stopped.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    CapacityReservationSpecification, CapacityReservationSpecificationResponse, CapacityReservationTargetResponse,
    Instance, Placement,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::lifecycle::Phase;
use super::settings::Setting;
use super::state::{InstanceCommand, InstanceState};
use crate::Region;
use crate::entity::{Entity as _, Id, Published, Undo};
use crate::families::capacity_reservations::{self, CapacityReservationCommand, CapacityReservationState};
use crate::families::hosts;
use crate::request::Context;

#[derive(Clone, Debug, Default)]
pub(super) struct Seat {
    host: Option<Id>,
    reservation: Option<Id>,
}

impl Seat {
    pub(super) fn is_reserved(&self) -> bool {
        self.reservation.is_some()
    }

    /// Shows the seat in an instance that is being launched.
    pub(super) fn show(&self, public: &mut Instance) {
        public.capacity_reservation_id = self.reservation.clone().map(String::from);
        if let (Some(host), Some(placement)) = (&self.host, &mut public.placement) {
            placement.host_id = Some(host.to_string());
        }
    }
}

/// A seat for each of the instances, which are alike; given back if the workflow fails.
pub(super) async fn take(cx: &Context, undo: &mut Undo, public: &Instance, ids: &[Id]) -> Ec2Result<Vec<Seat>> {
    let mut seats = vec![Seat::default(); ids.len()];
    let placement = public.placement.clone().unwrap_or_default();
    if placement.tenancy() == "host" {
        let wish = hosts::Wish {
            host: placement.host_id.as_deref().filter(|id| !id.is_empty()),
            last: None,
            zone: placement.availability_zone(),
            instance_type: public.instance_type(),
        };
        let placed = hosts::place(cx, undo, &wish, ids).await?;
        seats.iter_mut().zip(placed).for_each(|(seat, host)| seat.host = Some(host));
        return Ok(seats);
    }
    if public.instance_lifecycle() == "spot" {
        return Ok(seats);
    }
    let wish = wish(public, &placement);
    let specification = public.capacity_reservation_specification.clone().unwrap_or_default();
    let target = specification.capacity_reservation_target.and_then(|target| target.capacity_reservation_id);
    if let Some(id) = target {
        capacity_reservations::targeted(cx, undo, &id, &wish, ids).await?;
        seats.iter_mut().for_each(|seat| seat.reservation = Some(Id::new(&id)));
        return Ok(seats);
    }
    let preference = specification.capacity_reservation_preference.unwrap_or_default();
    if preference == "none" {
        return Ok(seats);
    }
    let rooms = capacity_reservations::open(cx, undo, &wish, ids).await?;
    if preference == "capacity-reservations-only" && rooms.iter().any(Option::is_none) {
        return Err(Ec2Error::new(
            "ReservationCapacityExceeded",
            "There is no capacity reservation with matching attributes and available capacity.",
        ));
    }
    seats.iter_mut().zip(rooms).for_each(|(seat, room)| seat.reservation = room);
    Ok(seats)
}

/// How many instances like this find room in open reservations.
pub(super) fn room(cx: &Context, public: &Instance, spot: bool) -> usize {
    let placement = public.placement.clone().unwrap_or_default();
    let preference = public.capacity_reservation_specification.as_ref();
    let preference = preference.and_then(|known| known.capacity_reservation_preference.as_deref());
    if spot || placement.tenancy() == "host" || !matches!(preference, Some("open" | "capacity-reservations-only")) {
        return 0;
    }
    capacity_reservations::open_room(cx, &wish(public, &placement))
}

fn wish<'a>(public: &'a Instance, placement: &'a Placement) -> capacity_reservations::Wish<'a> {
    capacity_reservations::Wish {
        instance_type: public.instance_type(),
        zone: placement.availability_zone(),
        platform: public.platform_details.as_deref().unwrap_or("Linux/UNIX"),
        tenancy: placement.tenancy.as_deref().unwrap_or("default"),
    }
}

/// Seats for stopped instances that are about to start.
pub(super) async fn take_again(
    cx: &Context,
    undo: &mut Undo,
    instances: &[Arc<Published<InstanceState>>],
) -> Ec2Result<()> {
    for instance in instances.iter().filter(|instance| instance.state.phase() == Phase::Stopped) {
        let ids = std::slice::from_ref(&instance.id);
        let Seat { host, reservation } = take(cx, undo, &instance.state.public, ids).await?.remove(0);
        settle(cx, &instance.id, Setting::Seat { host, reservation }).await?;
        let (cx, id) = (cx.clone(), instance.id.clone());
        undo.push(async move {
            let _ = settle(&cx, &id, Setting::Unseat).await;
        });
    }
    Ok(())
}

async fn settle(cx: &Context, id: &Id, setting: Setting) -> Ec2Result<()> {
    cx.instances.ask(id, InstanceCommand::Settle(Box::new(setting))).await.map(drop)
}

/// It has stopped or is terminated. Bears repetition.
pub(super) async fn leave(cx: &Context, id: &Id) -> Ec2Result<()> {
    let Some(instance) = cx.instances.index().get(id) else { return Ok(()) };
    let public = &instance.state.public;
    let host = public.placement.as_ref().and_then(|placement| placement.host_id.as_deref());
    if let Some(host) = host {
        hosts::leave(&cx.region, &Id::new(host), vec![id.clone()]).await;
    }
    if let Some(reservation) = public.capacity_reservation_id.as_deref() {
        capacity_reservations::leave(&cx.region, &Id::new(reservation), vec![id.clone()]).await;
    }
    if host.is_some() || public.capacity_reservation_id.is_some() {
        settle(cx, id, Setting::Unseat).await?;
    }
    Ok(())
}

fn seated(phase: Phase) -> bool {
    !matches!(phase, Phase::Stopped | Phase::Terminated)
}

/// Seats instances again after a restart.
pub(crate) async fn rebuild(region: &Region) {
    for instance in region.instances.index().all() {
        let public = &instance.state.public;
        if !seated(instance.state.phase()) {
            continue;
        }
        if let Some(host) = public.placement.as_ref().and_then(|placement| placement.host_id.as_deref()) {
            hosts::restore(region, &Id::new(host), instance.id.clone(), public.instance_type()).await;
        }
        if let Some(reservation) = public.capacity_reservation_id.as_deref() {
            capacity_reservations::restore(region, &Id::new(reservation), instance.id.clone()).await;
        }
    }
}

/// Tells instances that a reservation has begun to cover them, or that it is over. True if there is more room now.
pub(crate) async fn follow_reservation(
    region: Arc<Region>,
    reservation: Arc<Published<CapacityReservationState>>,
) -> bool {
    let cx = Context::internal(&region, &reservation.account);
    let freed = capacity_reservations::settle(&region, &reservation).await;
    if reservation.state.is_over() {
        let used: Vec<_> = reservation.state.used().cloned().collect();
        for id in &used {
            let _ = settle(&cx, id, Setting::Reservation(None)).await;
            // It runs on without it, and has a place of its own, whatever the limit.
            if let Some(instance) = cx.instances.index().get(id).filter(|instance| seated(instance.state.phase())) {
                cx.capacity.hold(&instance.state.pool(), id);
            }
        }
        capacity_reservations::leave(&region, &reservation.id, used).await;
        return freed;
    }
    // Before the search, so that nothing is adopted twice.
    let _ = cx.capacity_reservations.ask(&reservation.id, CapacityReservationCommand::Adopted).await;
    for instance in cx.instances.owned_by(&cx.account).values() {
        if !adoptable(&instance.state, &reservation.state) {
            continue;
        }
        let take = CapacityReservationCommand::Take(vec![instance.id.clone()]);
        match cx.capacity_reservations.ask(&reservation.id, take).await {
            Ok(answer) if !answer.reply.is_empty() => {
                let _ = settle(&cx, &instance.id, Setting::Reservation(Some(reservation.id.clone()))).await;
                let own = std::slice::from_ref(&instance.id);
                cx.capacity.release(&instance.state.pool(), own, |_| true);
            }
            _ => break,
        }
    }
    freed
}

fn adoptable(instance: &InstanceState, reservation: &CapacityReservationState) -> bool {
    let public = &instance.public;
    let placement = public.placement.clone().unwrap_or_default();
    let open = public.capacity_reservation_specification.as_ref().is_some_and(|specification| {
        specification.capacity_reservation_target.is_none()
            && specification.capacity_reservation_preference.as_deref() != Some("none")
    });
    matches!(instance.phase(), Phase::Pending | Phase::Running)
        && public.capacity_reservation_id.is_none()
        && public.instance_lifecycle() != "spot"
        && open
        && reservation.matches(&wish(public, &placement))
}

/// What a client says of reservations; a target must exist.
pub(crate) fn specification(
    cx: &Context,
    wanted: &CapacityReservationSpecification,
) -> Ec2Result<CapacityReservationSpecificationResponse> {
    let Some(target) = wanted.capacity_reservation_target.clone() else {
        let preference = wanted.capacity_reservation_preference.clone().unwrap_or_else(|| "open".to_owned());
        return Ok(CapacityReservationSpecificationResponse {
            capacity_reservation_preference: Some(preference),
            capacity_reservation_target: None,
        });
    };
    if wanted.capacity_reservation_preference.as_deref().is_some_and(|known| known != "capacity-reservations-only") {
        return Err(Ec2Error::invalid_combination(
            "The parameters CapacityReservationPreference and CapacityReservationTarget may not be specified together",
        ));
    }
    if target.capacity_reservation_resource_group_arn.is_some() {
        return Err(Ec2Error::unsupported("Resource groups are not supported: there is no service for them here."));
    }
    let id = target.capacity_reservation_id.unwrap_or_default();
    if cx.capacity_reservations.find(&cx.account, &id).is_err() {
        CapacityReservationState::KIND.check(&id)?;
        return Err(CapacityReservationState::KIND.not_found(&id));
    }
    Ok(CapacityReservationSpecificationResponse {
        capacity_reservation_preference: None,
        capacity_reservation_target: Some(CapacityReservationTargetResponse {
            capacity_reservation_id: Some(id),
            capacity_reservation_resource_group_arn: None,
        }),
    })
}
