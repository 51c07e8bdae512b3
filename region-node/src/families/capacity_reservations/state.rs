//! A Capacity Reservation: active until it is cancelled or expires; one for a later date is assessed and scheduled first.

use archipelago_proto::ec2::v1::{CapacityReservation, CapacityReservationCommitmentInfo, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use imbl::OrdSet;
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, Next};
use crate::families::instance_types::{bucket, default_vcpus};
use crate::quotas::Weight;
use crate::time::Millis;

pub(super) const ASSESSING: &str = "assessing";
pub(super) const SCHEDULED: &str = "scheduled";
pub(super) const PENDING: &str = "pending";
pub(super) const ACTIVE: &str = "active";
const EXPIRED: &str = "expired";
pub(super) const CANCELLED: &str = "cancelled";

/// How long one that is over is still described.
const VISIBLE: Millis = 3_600_000;

#[derive(Clone, Default)]
pub struct CapacityReservationState {
    pub public: CapacityReservation,
    /// When it is assessed, active or forgotten.
    pub(super) changes: Option<Millis>,
    /// The instances that run in it. Derived from the instances.
    used: OrdSet<Id>,
    /// Instances that run already may match: they are to be looked for.
    adopts: bool,
    /// The places that it has in its pool. Not stored: the pools are made again at boot.
    pub(super) held: u32,
}

pub enum CapacityReservationCommand {
    /// As many of these as there is room for.
    Take(Vec<Id>),
    Leave(Vec<Id>),
    /// An instance that ran in it before a restart.
    Restore(Id),
    Modify(Box<Change>),
    Cancel,
    /// The instances that match are in it.
    Adopted,
    /// It stands in its pool so often.
    Held(u32),
}

/// When a reservation is to end from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    #[default]
    AsBefore,
    Never,
    At(Millis),
}

#[derive(Clone, Debug, Default)]
pub struct Change {
    pub(super) instance_count: Option<i32>,
    pub(super) end: End,
    pub(super) match_criteria: Option<String>,
}

impl CapacityReservationState {
    pub(super) fn new(public: CapacityReservation, changes: Millis) -> Self {
        let mut state = Self { public, changes: Some(changes), ..Self::default() };
        // Those that its creation has reserved.
        state.held = state.places();
        state
    }

    pub(super) fn is_active(&self) -> bool {
        self.public.state() == ACTIVE
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.public.state(), EXPIRED | CANCELLED)
    }

    pub(crate) fn used(&self) -> impl Iterator<Item = &Id> {
        self.used.iter()
    }

    pub(crate) fn room(&self) -> usize {
        let total = usize::try_from(self.public.total_instance_count()).unwrap_or(0);
        if self.is_active() { total.saturating_sub(self.used.len()) } else { 0 }
    }

    pub(super) fn view(&self) -> CapacityReservation {
        let available_instance_count = i32::try_from(self.room()).ok();
        CapacityReservation { available_instance_count, ..self.public.clone() }
    }

    fn over(&mut self, state: &str, at: Millis) {
        self.public.state = Some(state.into());
        self.changes = Some(at + VISIBLE);
    }

    fn modify(&mut self, change: Change, facts: &Facts<'_>) -> Ec2Result<()> {
        if let Some(count) = change.instance_count {
            if usize::try_from(count).is_ok_and(|count| count < self.used.len()) {
                return Err(Ec2Error::invalid_parameter(format!(
                    "The instance count, {count}, is less than the number of instances that use the Capacity Reservation, {}.",
                    self.used.len()
                )));
            }
            let committed = self.public.commitment_info.as_ref().filter(|info| info.commitment_end_date() > facts.now);
            if committed.is_some_and(|info| count < info.committed_instance_count()) {
                return Err(Ec2Error::unsupported("The instance count may not fall below what is committed to."));
            }
            self.public.total_instance_count = Some(count);
        }
        let end = match change.end {
            End::AsBefore => self.public.end_date,
            End::Never => None,
            End::At(end) => Some(end),
        };
        self.public.end_date_type = Some(if end.is_some() { "limited" } else { "unlimited" }.into());
        self.public.end_date = end;
        if let Some(criteria) = change.match_criteria {
            if criteria != self.public.instance_match_criteria() && !self.used.is_empty() {
                return Err(Ec2Error::unsupported(
                    "The instance eligibility can be modified only while no instances use the Capacity Reservation.",
                ));
            }
            self.public.instance_match_criteria = Some(criteria);
        }
        Ok(())
    }

    fn cancel(&mut self, facts: &Facts<'_>) -> Ec2Result<()> {
        let committed =
            self.public.commitment_info.as_ref().map(CapacityReservationCommitmentInfo::commitment_end_date);
        let bound = matches!(self.public.state(), SCHEDULED | ACTIVE | PENDING);
        if bound && committed.is_some_and(|end| end > facts.now) {
            return Err(Ec2Error::unsupported(format!(
                "The Capacity Reservation '{}' cannot be cancelled during its commitment duration.",
                facts.id
            )));
        }
        self.over(CANCELLED, facts.now);
        Ok(())
    }

    fn incorrect(&self, facts: &Facts<'_>) -> Ec2Error {
        let state = self.public.state();
        let message = format!("The capacity reservation '{}' is in the '{state}' state.", facts.id);
        Ec2Error::new("InvalidCapacityReservationState", message)
    }
}

impl Entity for CapacityReservationState {
    const KIND: Kind = Kind {
        resource_type: "capacity-reservation",
        prefix: "cr",
        not_found: "InvalidCapacityReservationId.NotFound",
        malformed: "InvalidCapacityReservationId.Malformed",
        noun: "capacity reservation",
    };
    type Command = CapacityReservationCommand;
    /// The instances that found room.
    type Reply = Vec<Id>;

    fn decide(&self, command: CapacityReservationCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        let mut taken = Vec::new();
        match command {
            CapacityReservationCommand::Leave(ids) => ids.iter().for_each(|id| drop(next.used.remove(id))),
            CapacityReservationCommand::Restore(id) => drop(next.used.insert(id)),
            CapacityReservationCommand::Held(places) => next.held = places,
            _ if self.is_over() => return Err(self.incorrect(facts)),
            CapacityReservationCommand::Take(ids) => {
                taken = ids.into_iter().take(self.room()).collect();
                next.used.extend(taken.iter().cloned());
            }
            CapacityReservationCommand::Modify(change) => {
                next.modify(*change, facts)?;
                next.adopts = next.is_open() && next.room() > 0;
            }
            CapacityReservationCommand::Adopted => next.adopts = false,
            CapacityReservationCommand::Cancel => next.cancel(facts)?,
        }
        Ok(Decision { next: Next::Become(next), reply: taken })
    }

    fn due(&self) -> Option<Millis> {
        self.changes.or(self.public.end_date)
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.changes = None;
        match self.public.state() {
            ASSESSING => {
                next.public.state = Some(SCHEDULED.into());
                next.changes = self.public.start_date;
            }
            PENDING | SCHEDULED => {
                next.public.state = Some(ACTIVE.into());
                next.adopts = next.is_open();
            }
            ACTIVE => next.over(EXPIRED, self.public.end_date.unwrap_or(facts.now)),
            _ => return Next::Gone(next),
        }
        Next::Become(next)
    }

    /// Its places are to be taken or given back; instances are to be taken in; or those that ran in it run on without it, and are to be told.
    fn intent(&self) -> bool {
        self.held != self.places() || if self.is_over() { !self.used.is_empty() } else { self.adopts }
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        let instance_type = self.public.instance_type();
        let bucket = bucket(instance_type).filter(|_| matches!(self.public.state(), PENDING | ACTIVE));
        let count = usize::try_from(self.public.total_instance_count()).unwrap_or(0);
        bucket.map(|bucket| Weight::new(bucket.on_demand, count * default_vcpus(instance_type))).into_iter().collect()
    }

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.public.tags
    }

    fn encode(&self) -> Vec<u8> {
        Stored { public: Some(self.public.clone()), changes: self.changes, adopts: self.adopts }.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let Stored { public, changes, adopts } = Stored::decode(bytes).ok()?;
        Some(Self { public: public?, changes, used: OrdSet::new(), adopts, held: 0 })
    }
}

#[derive(Clone, PartialEq, Message)]
struct Stored {
    #[prost(message, optional, tag = "1")]
    public: Option<CapacityReservation>,
    #[prost(int64, optional, tag = "2")]
    changes: Option<Millis>,
    #[prost(bool, tag = "3")]
    adopts: bool,
}
