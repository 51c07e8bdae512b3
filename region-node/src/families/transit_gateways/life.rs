//! The life that gateways, route tables and attachments share: a transitional state settles, and what is deleted is
//! seen for a while.

use archipelago_proto::Ec2Error;
use prost::Message;

use crate::entity::{Facts, Next};
use crate::time::{Millis, Transition};

/// AWS says "a while".
const REMAINS: Millis = 3_600_000;

pub(super) const AVAILABLE: &str = "available";
pub(super) const DELETED: &str = "deleted";
pub(super) const DELETING: &str = "deleting";
pub(super) const FAILED: &str = "failed";
pub(super) const MODIFYING: &str = "modifying";
pub(super) const PENDING: &str = "pending";
pub(super) const REJECTED: &str = "rejected";

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Life {
    /// When the state settles.
    #[prost(int64, optional, tag = "1")]
    settles: Option<Millis>,
    /// Since when it is deleted.
    #[prost(int64, optional, tag = "2")]
    ended: Option<Millis>,
}

impl Life {
    pub(super) fn beginning(settles: Millis) -> Self {
        Self { settles: Some(settles), ended: None }
    }

    /// Takes on a transitional state.
    pub(super) fn change(&mut self, state: &mut Option<String>, to: &str, facts: &Facts<'_>) {
        *state = Some(to.to_owned());
        self.settles = Some(facts.after(Transition::TransitGatewayChange));
    }

    /// It is over at once, and seen for a while.
    pub(super) fn end(&mut self, now: Millis) {
        *self = Self { settles: None, ended: Some(now) };
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.is_some()
    }

    pub(super) fn due(&self) -> Option<Millis> {
        self.settles.or(self.ended.map(|ended| ended + REMAINS))
    }

    pub(super) fn elapse<E: Clone>(
        entity: &E,
        parts: fn(&mut E) -> (&mut Self, &mut Option<String>),
        now: Millis,
    ) -> Next<E> {
        let mut next = entity.clone();
        let (life, state) = parts(&mut next);
        if life.ended.is_some() {
            return Next::Gone(next);
        }
        life.settles = None;
        if state.as_deref() == Some(DELETING) {
            life.ended = Some(now);
            *state = Some(DELETED.to_owned());
        } else {
            *state = Some(AVAILABLE.to_owned());
        }
        Next::Become(next)
    }
}

/// On its way out, or gone.
pub(super) fn is_over(state: &str) -> bool {
    matches!(state, DELETING | DELETED | FAILED | REJECTED)
}

pub(super) fn incorrect_state(id: &str, state: &str) -> Ec2Error {
    Ec2Error::new("IncorrectState", format!("{id} is in invalid state: {state}"))
}
