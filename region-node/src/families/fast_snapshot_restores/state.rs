//! The fast restores of a snapshot in a zone: enabling, optimizing, enabled; disabling, disabled.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{DescribeFastSnapshotRestoreSuccessItem, Tag};
use prost::Message;
use sha2::{Digest as _, Sha256};

use crate::entity::{Decision, Entity, Facts, Id, Kind, Next};
use crate::time::{Millis, Transition};

pub(super) const ENABLING: &str = "enabling";
const OPTIMIZING: &str = "optimizing";
pub(super) const ENABLED: &str = "enabled";
const DISABLING: &str = "disabling";
const DISABLED: &str = "disabled";

pub(super) const INITIATED: &str = "Client.UserInitiated";
const COMPLETED: &str = "Client.UserInitiated - Lifecycle state transition";

/// How long it is still described once it is disabled.
const VISIBLE: Millis = 3_600_000;

#[derive(Clone, PartialEq, Message)]
pub struct FastRestoreState {
    #[prost(message, required, tag = "1")]
    pub public: DescribeFastSnapshotRestoreSuccessItem,
    #[prost(int64, optional, tag = "2")]
    pub changes: Option<Millis>,
}

pub enum FastRestoreCommand {
    Enable,
    Disable,
}

/// The one of a snapshot, a zone and the account that asked for it: no client knows this id.
pub(super) fn id(account: &str, snapshot: &str, zone: &str) -> Id {
    let hash = Sha256::digest(format!("{account}/{snapshot}/{zone}"));
    let digits = hash[..9].iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    Id::new(&format!("{}-{}", FastRestoreState::KIND.prefix, &digits[..17]))
}

impl FastRestoreState {
    pub(super) fn is_enabled(&self) -> bool {
        self.public.state() == ENABLED
    }

    pub(super) fn is_off(&self) -> bool {
        matches!(self.public.state(), DISABLING | DISABLED)
    }

    fn enter(&mut self, state: &str, reason: &str, at: Millis) {
        let public = &mut self.public;
        public.state = Some(state.to_owned());
        public.state_transition_reason = Some(reason.to_owned());
        let time = match state {
            ENABLING => &mut public.enabling_time,
            OPTIMIZING => &mut public.optimizing_time,
            ENABLED => &mut public.enabled_time,
            DISABLING => &mut public.disabling_time,
            _ => &mut public.disabled_time,
        };
        *time = Some(at);
    }
}

impl Entity for FastRestoreState {
    const KIND: Kind = Kind {
        resource_type: "fast-snapshot-restore",
        prefix: "fsr",
        not_found: "InternalError",
        malformed: "InternalError",
        noun: "fast snapshot restore",
    };
    type Command = FastRestoreCommand;
    type Reply = ();
    const TAGGABLE: bool = false;

    fn decide(&self, command: FastRestoreCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match command {
            FastRestoreCommand::Enable if self.is_off() => {
                next.public.disabling_time = None;
                next.public.disabled_time = None;
                next.enter(ENABLING, INITIATED, facts.now);
            }
            FastRestoreCommand::Disable if !self.is_off() => next.enter(DISABLING, INITIATED, facts.now),
            FastRestoreCommand::Enable | FastRestoreCommand::Disable => return Ok(Decision::keep()),
        }
        next.changes = Some(facts.after(Transition::FastSnapshotRestore));
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.changes
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        let at = next.changes.take().unwrap_or(facts.now);
        match self.public.state() {
            ENABLING => {
                next.enter(OPTIMIZING, COMPLETED, at);
                next.changes = Some(at + facts.lifecycle.duration(Transition::FastSnapshotRestore));
            }
            OPTIMIZING => next.enter(ENABLED, COMPLETED, at),
            DISABLING => {
                next.enter(DISABLED, COMPLETED, at);
                next.changes = Some(at + VISIBLE);
            }
            _ => return Next::Gone(next),
        }
        Next::Become(next)
    }

    fn counts(&self) -> bool {
        !self.is_off()
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        unreachable!("it has no id that clients know")
    }

    fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Message::decode(bytes).ok()
    }
}
