//! What is set on an instance by actions of its own, beside its attributes.

use archipelago_proto::ec2::v1::{
    CapacityReservationSpecificationResponse, InstanceMaintenanceOptions, InstanceStatusEvent, Placement,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::classic::{ClassicLink, not_linkable};
use super::lifecycle::Phase;
use super::state::{InstanceState, incorrect};
use crate::entity::{Facts, Id};
use crate::time::Millis;

pub enum Setting {
    /// Of a stopped instance; while it runs, only its affinity.
    Placement(Placement),
    Affinity(String),
    /// Of a stopped instance.
    ReservationSpecification(CapacityReservationSpecificationResponse),
    Maintenance(InstanceMaintenanceOptions),
    Credits(String),
    /// The host that it is on, and the Capacity Reservation that it runs in.
    Seat {
        host: Option<Id>,
        reservation: Option<Id>,
    },
    /// It has stopped: it is in no reservation, and on no host but the one that it is bound to.
    Unseat,
    /// It runs in a Capacity Reservation from now on, or no longer.
    Reservation(Option<Id>),
    /// Of an instance in EC2-Classic.
    ClassicAddresses {
        private_ip: Option<String>,
        public_ip: Option<String>,
    },
    ClassicLink(Option<ClassicLink>),
    /// Since when its status checks fail; None: they pass.
    Impaired(Option<Millis>),
    /// Its fleet has another in its place: it does not count any more.
    Replaced,
    /// Something is to happen to it, as the operator says.
    Event(InstanceStatusEvent),
    /// It shall happen at another time.
    EventStart {
        id: String,
        not_before: Millis,
    },
}

impl Setting {
    pub(super) fn apply(self, instance: &mut InstanceState, facts: &Facts<'_>) -> Ec2Result<()> {
        let phase = instance.phase();
        let gone = matches!(phase, Phase::ShuttingDown | Phase::Terminated);
        let public = &mut instance.public;
        match self {
            Self::Unseat => {
                public.capacity_reservation_id = None;
                if let Some(placement) = public.placement.as_mut().filter(|known| known.affinity() != "host") {
                    placement.host_id = None;
                }
            }
            Self::Reservation(id) => public.capacity_reservation_id = id.map(String::from),
            Self::ClassicAddresses { private_ip, public_ip } => {
                if let Some(classic) = &mut instance.private.classic {
                    (classic.private_ip, classic.public_ip) = (private_ip, public_ip);
                }
            }
            Self::ClassicLink(link) => {
                let classic = instance.private.classic.as_mut().ok_or_else(|| not_linkable(facts.id))?;
                classic.link(link, phase, facts)?;
            }
            _ if gone => return Err(incorrect(facts.id)),
            Self::Placement(_) | Self::ReservationSpecification(_) if phase != Phase::Stopped => {
                return Err(incorrect(facts.id));
            }
            Self::Placement(placement) => public.placement = Some(placement),
            Self::Affinity(affinity) => public.placement.get_or_insert_default().affinity = Some(affinity),
            Self::ReservationSpecification(specification) => {
                public.capacity_reservation_specification = Some(specification);
            }
            Self::Impaired(_) if phase != Phase::Running => return Err(incorrect(facts.id)),
            Self::Impaired(since) => instance.private.impaired_since = since,
            Self::Replaced => {
                if let Some(membership) = &mut instance.private.fleet {
                    membership.replaced = true;
                }
            }
            Self::Event(event) => instance.private.events.push(event),
            Self::EventStart { id, not_before } => move_event(&mut instance.private.events, &id, not_before, facts)?,
            Self::Maintenance(options) => public.maintenance_options = Some(options),
            Self::Credits(credits) => instance.private.cpu_credits = Some(credits),
            Self::Seat { host, reservation } => {
                public.capacity_reservation_id = reservation.map(String::from);
                if host.is_some() {
                    public.placement.get_or_insert_default().host_id = host.map(String::from);
                }
            }
        }
        Ok(())
    }
}

/// AWS, "Reschedule a scheduled event": not after its deadline, and not once it has begun.
fn move_event(events: &mut [InstanceStatusEvent], id: &str, not_before: Millis, facts: &Facts<'_>) -> Ec2Result<()> {
    let event = events.iter_mut().find(|event| event.instance_event_id() == id).ok_or_else(|| {
        Ec2Error::new("InvalidInstanceEventIDNotFound", format!("The instance event ID '{id}' does not exist"))
    })?;
    let invalid = |message: String| Err(Ec2Error::new("InvalidInstanceEventStartTime", message));
    if event.not_before() <= facts.now {
        return invalid(format!("The event '{id}' has begun and cannot be rescheduled."));
    }
    let Some(deadline) = event.not_before_deadline else {
        return invalid(format!("The event '{id}' cannot be rescheduled."));
    };
    if not_before <= facts.now || not_before > deadline {
        return invalid("The start time must be in the future, and not after the event's deadline.".to_owned());
    }
    if let (Some(end), begin) = (event.not_after, event.not_before()) {
        event.not_after = Some(end + not_before - begin);
    }
    event.not_before = Some(not_before);
    Ok(())
}
