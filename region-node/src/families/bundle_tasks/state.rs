//! A bundle task: pending, bundling, storing, complete; or cancelled, which AWS tells as failed.

use archipelago_proto::ec2::v1::{BundleTask, BundleTaskError, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, Next};
use crate::time::{Millis, Transition};

const PENDING: &str = "pending";
const CANCELLING: &str = "cancelling";
const COMPLETE: &str = "complete";
const FAILED: &str = "failed";

/// The states on the way, each for its part of the time.
const STEPS: [(&str, i64); 4] = [(PENDING, 0), ("waiting-for-shutdown", 10), ("bundling", 20), ("storing", 80)];

/// AWS: "completed bundle tasks are listed for only a limited time".
const LISTED: Millis = 86_400_000;

#[derive(Clone, PartialEq, Message)]
pub struct BundleTaskState {
    #[prost(message, required, tag = "1")]
    pub public: BundleTask,
    /// When it is done, or forgotten.
    #[prost(int64, tag = "2")]
    pub changes: Millis,
}

pub enum BundleTaskCommand {
    Cancel,
}

impl BundleTaskState {
    pub(super) fn new(public: BundleTask, done: Millis) -> Self {
        Self { public: BundleTask { state: Some(PENDING.into()), ..public }, changes: done }
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.public.state(), COMPLETE | FAILED)
    }

    /// The task as it is at a time.
    pub(super) fn view(&self, now: Millis) -> BundleTask {
        let mut public = self.public.clone();
        if public.state() == PENDING {
            let (start, end) = (public.start_time(), self.changes);
            let percent = ((now - start) * 100 / (end - start).max(1)).clamp(0, 99);
            let step = STEPS.iter().rev().find(|(_, from)| *from <= percent);
            public.state = step.map(|(name, _)| (*name).to_owned());
            public.progress = Some(format!("{percent}%"));
            public.update_time = Some(now.min(end));
        }
        public
    }
}

impl Entity for BundleTaskState {
    const KIND: Kind = Kind {
        resource_type: "bundle-task",
        prefix: "bun",
        not_found: "InvalidBundleID.NotFound",
        malformed: "InvalidBundleID.Malformed",
        noun: "bundle task ID",
    };
    type Command = BundleTaskCommand;
    type Reply = ();
    const TAGGABLE: bool = false;

    fn decide(&self, command: BundleTaskCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let BundleTaskCommand::Cancel = command;
        if self.is_over() {
            return Err(Ec2Error::new(
                "IncorrectState",
                format!("The bundle task '{}' is in the '{}' state.", facts.id, self.public.state()),
            ));
        }
        let mut next = self.clone();
        next.public = self.view(facts.now);
        next.public.state = Some(CANCELLING.into());
        next.public.update_time = Some(facts.now);
        next.changes = facts.after(Transition::InstanceStop);
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        Some(self.changes)
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        match self.public.state() {
            PENDING => {
                next.public.state = Some(COMPLETE.into());
                next.public.progress = Some("100%".into());
            }
            CANCELLING => {
                next.public.state = Some(FAILED.into());
                let (code, message) = ("Client.Cancelled", "Client requested cancellation of the bundle task");
                next.public.bundle_task_error =
                    Some(BundleTaskError { code: Some(code.into()), message: Some(message.into()) });
            }
            _ => return Next::Gone(next),
        }
        next.public.update_time = Some(self.changes);
        next.changes = self.changes + LISTED;
        Next::Become(next)
    }

    /// Its instance, until it is over.
    fn links(&self) -> Vec<Id> {
        if self.is_over() { Vec::new() } else { vec![Id::new(self.public.instance_id())] }
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        unreachable!("a bundle task cannot be tagged")
    }

    fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Message::decode(bytes).ok()
    }
}
