//! Wakes entities when they are due.
//!
//! What is due is part of each entity's state, so alarms need no store of their own: they are set
//! again at boot. An alarm that has been overtaken by another change finds nothing to do.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::{Clock, Millis};
use crate::entity::{Id, Registry};

/// An entity, and when it wants to be woken.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Alarm {
    pub(crate) due: Millis,
    pub(crate) id: Id,
}

pub(crate) struct Scheduler {
    clock: Arc<Clock>,
    alarms: Mutex<BinaryHeap<Reverse<Alarm>>>,
    sooner: Notify,
    /// Held by whoever wakes entities, so that time that is advanced by hand and time that passes do not overtake
    /// each other.
    turn: tokio::sync::Mutex<()>,
}

impl Scheduler {
    pub(crate) fn new(clock: Arc<Clock>) -> Self {
        Self { clock, alarms: Mutex::default(), sooner: Notify::new(), turn: tokio::sync::Mutex::default() }
    }

    pub(crate) fn set(&self, alarm: Alarm) {
        let mut alarms = self.alarms();
        let first = alarms.peek().is_none_or(|Reverse(next)| alarm.due < next.due);
        alarms.push(Reverse(alarm));
        drop(alarms);
        if first {
            self.sooner.notify_one();
        }
    }

    /// Runs until it is dropped. What entities are left to do may wait for other nodes, so nobody waits for that.
    pub(crate) async fn run(&self, registry: &Registry) {
        loop {
            let changed = self.clock.changed.notified();
            let turn = self.turn.lock().await;
            while let Some(alarm) = self.pop_due(self.clock.now()) {
                if let Some(owed) = registry.wake(&alarm.id).await {
                    tokio::spawn(owed);
                }
            }
            drop(turn);
            let wait = self.next_due().and_then(|due| self.clock.wait_for(due));
            let sleep = async {
                match wait {
                    Some(wait) => tokio::time::sleep(wait).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = sleep => {}
                () = changed => {}
                () = self.sooner.notified() => {}
            }
        }
    }

    /// Moves the clock ahead, waking each entity at its own time and in order, and seeing to what it is left to do.
    pub(crate) async fn advance(&self, by: Millis, registry: &Registry) {
        let _turn = self.turn.lock().await;
        let end = self.clock.now().saturating_add(by.max(0));
        while let Some(due) = self.next_due().filter(|due| *due <= end) {
            self.clock.set(due);
            while let Some(alarm) = self.pop_due(due) {
                if let Some(owed) = registry.wake(&alarm.id).await {
                    owed.await;
                }
            }
        }
        self.clock.set(end);
    }

    fn next_due(&self) -> Option<Millis> {
        self.alarms().peek().map(|Reverse(alarm)| alarm.due)
    }

    fn pop_due(&self, now: Millis) -> Option<Alarm> {
        let mut alarms = self.alarms();
        if alarms.peek().is_some_and(|Reverse(alarm)| alarm.due <= now) {
            return alarms.pop().map(|Reverse(alarm)| alarm);
        }
        None
    }

    fn alarms(&self) -> MutexGuard<'_, BinaryHeap<Reverse<Alarm>>> {
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
