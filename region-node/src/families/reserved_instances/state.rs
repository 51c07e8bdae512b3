//! Reserved instances: queued, paid for, active until the term ends; split, merged and sold on the way.

use archipelago_proto::ec2::v1::ReservedInstances;
use archipelago_proto::{Ec2Error, Ec2Result};
use jiff::Timestamp;
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::quotas::Weight;
use crate::time::{Millis, Transition};

pub(super) const QUEUED: &str = "queued";
const QUEUED_DELETED: &str = "queued-deleted";
pub(super) const PENDING: &str = "payment-pending";
pub(super) const ACTIVE: &str = "active";
pub(super) const RETIRED: &str = "retired";

#[derive(Clone, PartialEq, Message)]
pub struct ReservedInstancesState {
    #[prost(message, required, tag = "1")]
    pub public: ReservedInstances,
    /// When a queued purchase is made, or the payment arrives.
    #[prost(int64, optional, tag = "2")]
    pub changes: Option<Millis>,
    /// What is selling some of them.
    #[prost(string, tag = "3")]
    pub listing: String,
    /// What is making others of them.
    #[prost(string, tag = "4")]
    pub modification: String,
    /// The sales that have been taken off the count.
    #[prost(string, repeated, tag = "5")]
    pub sold: Vec<String>,
    /// From AWS, as they are.
    #[prost(bool, tag = "6")]
    pub bought: bool,
}

pub enum ReservedInstancesCommand {
    DeleteQueued,
    /// They are to become others: nothing else may happen to them meanwhile.
    Modify(String),
    /// They will not, after all.
    Spare(String),
    /// They have become others.
    Replaced(String),
    /// So many of them are offered to other accounts.
    List {
        listing: String,
        count: i32,
    },
    Unlist(String),
    /// Another account has bought some: these are the buyer's now.
    Sold {
        sale: String,
        count: i32,
    },
}

impl ReservedInstancesState {
    /// Bought now, or as of a time to come.
    pub(super) fn purchased(public: ReservedInstances, now: Millis, pays_for: Millis) -> Self {
        let start = public.start();
        let (state, changes) = if start > now { (QUEUED, start) } else { (PENDING, now + pays_for) };
        let public = ReservedInstances { state: Some(state.into()), ..public };
        Self { public, changes: Some(changes), ..Self::default() }
    }

    pub(super) fn is_active(&self) -> bool {
        self.public.state() == ACTIVE
    }

    fn enter(&mut self, state: &str) {
        self.public.state = Some(state.to_owned());
    }

    fn retire(&mut self, at: Millis) {
        self.enter(RETIRED);
        self.public.end = Some(at);
        self.changes = None;
    }

    /// Whether something may be begun with them that needs them all.
    fn free(&self, facts: &Facts<'_>) -> Ec2Result<()> {
        let problem = match () {
            () if !self.is_active() => format!("are in the '{}' state", self.public.state()),
            () if !self.modification.is_empty() => format!("are being modified by {}", self.modification),
            () if !self.listing.is_empty() => "are listed in the Reserved Instance Marketplace".to_owned(),
            () => return Ok(()),
        };
        Err(Ec2Error::new("IncorrectState", format!("The Reserved Instances '{}' {problem}.", facts.id)))
    }
}

impl Entity for ReservedInstancesState {
    const KIND: Kind = Kind {
        resource_type: "reserved-instances",
        prefix: "uuid-8",
        not_found: "InvalidReservedInstancesId",
        malformed: "InvalidReservedInstancesId",
        noun: "Reserved Instances ID",
    };
    type Command = ReservedInstancesCommand;
    type Reply = ();

    fn decide(&self, command: ReservedInstancesCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.public.state(), command) {
            (QUEUED, ReservedInstancesCommand::DeleteQueued) => {
                next.enter(QUEUED_DELETED);
                next.changes = None;
            }
            (_, ReservedInstancesCommand::DeleteQueued) => {
                return Err(Ec2Error::new(
                    "reserved-instances-not-in-queued-state",
                    format!("The Reserved Instances '{}' are not in the queued state.", facts.id),
                ));
            }
            (_, ReservedInstancesCommand::Modify(by)) => {
                self.free(facts)?;
                next.modification = by;
            }
            (_, ReservedInstancesCommand::Spare(by)) if self.modification == by => next.modification.clear(),
            (ACTIVE, ReservedInstancesCommand::Replaced(by)) if self.modification == by => {
                next.modification.clear();
                next.retire(facts.now);
            }
            (_, ReservedInstancesCommand::List { listing, count }) => {
                self.free(facts)?;
                if count > self.public.instance_count() {
                    return Err(Ec2Error::invalid_parameter(format!(
                        "Only {} instances are reserved, so that {count} cannot be listed.",
                        self.public.instance_count()
                    )));
                }
                next.listing = listing;
            }
            (_, ReservedInstancesCommand::Unlist(listing)) if self.listing == listing => next.listing.clear(),
            (_, ReservedInstancesCommand::Sold { sale, count }) if !self.sold.contains(&sale) => {
                let left = self.public.instance_count() - count;
                next.sold.push(sale);
                if left > 0 {
                    next.public.instance_count = Some(left);
                } else if self.is_active() {
                    next.retire(facts.now);
                }
            }
            // Repeated after a restart, or overtaken by the end of the term.
            (
                _,
                ReservedInstancesCommand::Spare(_)
                | ReservedInstancesCommand::Replaced(_)
                | ReservedInstancesCommand::Unlist(_)
                | ReservedInstancesCommand::Sold { .. },
            ) => return Ok(Decision::keep()),
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        match self.public.state() {
            QUEUED | PENDING => self.changes,
            ACTIVE => self.public.end,
            _ => None,
        }
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        match self.public.state() {
            QUEUED => {
                next.enter(PENDING);
                let due = self.changes.unwrap_or(facts.now);
                next.changes = Some(due + facts.lifecycle.duration(Transition::ReservedInstancesPayment));
            }
            PENDING => {
                next.enter(ACTIVE);
                next.changes = None;
            }
            ACTIVE => next.retire(self.public.end()),
            _ => return Next::Keep,
        }
        Next::Become(next)
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        if !self.bought {
            return Vec::new();
        }
        let start = Timestamp::from_millisecond(self.public.start()).unwrap_or_default().to_string();
        let month = start.get(..7).unwrap_or_default();
        let parent = match self.public.availability_zone.as_deref() {
            Some(zone) => format!("{zone} {month}"),
            None => month.to_owned(),
        };
        vec![Weight::of_figure("reserved-instances-per-month", self.public.instance_count).per(&parent)]
    }

    /// What is done with them takes no more than their purchase did.
    fn is_owed(_: &ReservedInstancesCommand) -> bool {
        true
    }

    resource!(tags);
}

#[cfg(test)]
mod tests {
    use imbl::OrdSet;

    use super::*;
    use crate::entity::{Account, Id, Ids};
    use crate::time::Lifecycle;

    fn decide(state: &ReservedInstancesState, command: ReservedInstancesCommand) -> Ec2Result<ReservedInstancesState> {
        let (id, account): (Id, Account) = (Id::new("e5a2ff3b-7d14-494f-80af-0b5d0a1b2c3d"), "1".into());
        let facts = Facts {
            id: &id,
            account: &account,
            now: 1_000,
            region: "us-east-1",
            lifecycle: &Lifecycle::instant(),
            dependents: &OrdSet::new(),
            ids: &Ids::seeded(1),
        };
        match state.decide(command, &facts)?.next {
            Next::Become(next) | Next::Gone(next) => Ok(next),
            Next::Keep => Ok(state.clone()),
        }
    }

    fn reserved(state: &str, instance_count: i32) -> ReservedInstancesState {
        let public = ReservedInstances {
            state: Some(state.into()),
            instance_count: Some(instance_count),
            end: Some(9_000),
            ..ReservedInstances::default()
        };
        ReservedInstancesState { public, ..ReservedInstancesState::default() }
    }

    #[test]
    fn only_active_ones_are_modified_or_listed_and_only_once() {
        let modify = || ReservedInstancesCommand::Modify("rimod-1".into());
        let list = |count| ReservedInstancesCommand::List { listing: "l".into(), count };
        for state in [QUEUED, PENDING, RETIRED] {
            assert_eq!(decide(&reserved(state, 1), modify()).unwrap_err().code, "IncorrectState", "{state}");
        }
        let modified = decide(&reserved(ACTIVE, 2), modify()).unwrap();
        assert_eq!(decide(&modified, list(1)).unwrap_err().code, "IncorrectState");
        assert_eq!(decide(&reserved(ACTIVE, 2), list(3)).unwrap_err().code, "InvalidParameterValue");
    }

    #[test]
    fn a_sale_is_taken_off_once() {
        let sold = || ReservedInstancesCommand::Sold { sale: "s".into(), count: 2 };
        let once = decide(&reserved(ACTIVE, 3), sold()).unwrap();
        let twice = decide(&once, sold()).unwrap();
        assert_eq!((twice.public.instance_count(), twice.public.state()), (1, ACTIVE));
        let all = decide(&reserved(ACTIVE, 2), sold()).unwrap();
        assert_eq!((all.public.state(), all.public.end()), (RETIRED, 1_000));
    }
}
