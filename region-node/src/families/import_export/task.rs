//! A task: it runs for a while, by the clock, and then its results are made. All kinds of imports and exports are tasks.

use std::fmt;

use archipelago_proto::ec2::v1::Tag;
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind, Next};
use crate::quotas::Weight;
use crate::time::Millis;

/// What is done, and how it is told.
pub trait Task: Message + Default + Clone + 'static {
    const KIND: Kind;
    /// Whether it ends in resources, which are made when the time has come; else it ends in files that nobody sees.
    const MAKES: bool;

    fn tags(&self) -> &[Tag];

    fn tags_mut(&mut self) -> &mut Vec<Tag>;
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskState<T> {
    pub task: T,
    pub run: Run,
}

/// How far a task is.
#[derive(Clone, PartialEq, Message)]
pub struct Run {
    #[prost(int64, tag = "1")]
    pub started: Millis,
    #[prost(int64, tag = "2")]
    pub ends: Millis,
    #[prost(enumeration = "Stage", tag = "3")]
    pub stage: i32,
    /// Why it was cancelled, or failed.
    #[prost(string, tag = "4")]
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum Stage {
    Active = 0,
    /// Its results are being made.
    Ending = 1,
    Completed = 2,
    Cancelled = 3,
    Failed = 4,
}

pub enum TaskCommand {
    Cancel(Option<String>),
    /// Its results are there, or it turned out that they cannot be.
    End(Result<(), String>),
}

impl Run {
    pub(crate) fn new(started: Millis, lasts: Millis) -> Self {
        Self { started, ends: started + lasts, ..Self::default() }
    }

    /// Percent of the way at a time.
    pub(crate) fn percent(&self, now: Millis) -> i64 {
        match self.stage() {
            Stage::Active => ((now - self.started) * 100 / (self.ends - self.started).max(1)).clamp(0, 99),
            Stage::Ending => 99,
            Stage::Completed => 100,
            Stage::Cancelled | Stage::Failed => 0,
        }
    }

    /// The one of these steps that a running task is at.
    pub(crate) fn step<'a>(&self, now: Millis, steps: &[&'a str]) -> &'a str {
        let count = i64::try_from(steps.len()).unwrap_or(1);
        let at = usize::try_from(self.percent(now) * count / 100).unwrap_or_default();
        steps.get(at.min(steps.len().saturating_sub(1))).copied().unwrap_or_default()
    }
}

impl<T: Task> TaskState<T> {
    pub(crate) fn new(task: T, run: Run) -> Self {
        Self { task, run }
    }
}

impl<T: Task + fmt::Debug> Entity for TaskState<T> {
    const KIND: Kind = T::KIND;
    type Command = TaskCommand;
    type Reply = ();

    fn decide(&self, command: TaskCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.run.stage(), command) {
            (Stage::Active, TaskCommand::Cancel(reason)) => {
                next.run.set_stage(Stage::Cancelled);
                next.run.message = reason.unwrap_or_default();
            }
            (stage, TaskCommand::Cancel(_)) => {
                let told = match stage {
                    Stage::Completed => "completed",
                    Stage::Cancelled | Stage::Failed => "cancelled",
                    Stage::Active | Stage::Ending => "ending",
                };
                return Err(Ec2Error::new(
                    "IncorrectState",
                    format!("The task '{}' is in the '{told}' state and cannot be cancelled.", facts.id),
                ));
            }
            (Stage::Ending, TaskCommand::End(Ok(()))) => next.run.set_stage(Stage::Completed),
            (Stage::Ending, TaskCommand::End(Err(message))) => {
                next.run.set_stage(Stage::Failed);
                next.run.message = message;
            }
            (_, TaskCommand::End(_)) => return Ok(Decision::keep()),
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        (self.run.stage() == Stage::Active).then_some(self.run.ends)
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.run.set_stage(if T::MAKES { Stage::Ending } else { Stage::Completed });
        Next::Become(next)
    }

    fn intent(&self) -> bool {
        self.run.stage() == Stage::Ending
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        let quota = if T::MAKES { "import-tasks" } else { "export-tasks" };
        vec![Weight::new(quota, matches!(self.run.stage(), Stage::Active | Stage::Ending).into())]
    }

    fn tags(&self) -> &[Tag] {
        self.task.tags()
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        self.task.tags_mut()
    }

    fn encode(&self) -> Vec<u8> {
        Stored { task: self.task.encode_to_vec(), run: Some(self.run.clone()) }.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored = Stored::decode(bytes).ok()?;
        Some(Self { task: T::decode(stored.task.as_slice()).ok()?, run: stored.run? })
    }
}

#[derive(Clone, PartialEq, Message)]
struct Stored {
    #[prost(bytes = "vec", tag = "1")]
    task: Vec<u8>,
    #[prost(message, optional, tag = "2")]
    run: Option<Run>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_goes_through_its_steps() {
        let run = Run::new(1_000, 100);
        let steps = ["pending", "converting", "booting"];
        for (now, percent, step) in [(1_000, 0, "pending"), (1_050, 50, "converting"), (1_099, 99, "booting")] {
            assert_eq!((run.percent(now), run.step(now, &steps)), (percent, step));
        }
        assert_eq!(Run { stage: Stage::Completed as i32, ..run }.percent(5_000), 100);
    }
}
