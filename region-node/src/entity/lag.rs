//! What others do not see yet: for each resource that was written a short while ago, what they see instead.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;

use super::{Entity, Id, Published};
use crate::time::Millis;

/// A resource at some time; None while it does not exist.
type Version<E> = Option<Arc<Published<E>>>;

pub(super) struct Lag<E> {
    histories: DashMap<Id, History<E>>,
    /// How many there are: nobody looks for any while there are none.
    count: AtomicUsize,
}

/// A resource of which others see something else than it is.
pub(super) struct Lagging<E> {
    pub(super) id: Id,
    /// Its place in the order of creation.
    pub(super) sequence: u64,
    pub(super) seen: Version<E>,
}

struct History<E> {
    sequence: u64,
    seen: Version<E>,
    /// What will be seen, and from when on, in order.
    coming: VecDeque<(Millis, Version<E>)>,
}

impl<E> Default for Lag<E> {
    fn default() -> Self {
        Self { histories: DashMap::new(), count: AtomicUsize::new(0) }
    }
}

impl<E> History<E> {
    fn go_on_until(&mut self, now: Millis) {
        while self.coming.front().is_some_and(|(from, _)| *from <= now) {
            if let Some((_, version)) = self.coming.pop_front() {
                self.seen = version;
            }
        }
    }
}

impl<E: Entity> Lag<E> {
    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// A write that is seen from a time on; at once, unless it comes after one that is not seen yet.
    pub(super) fn write(&self, id: &Id, before: Version<E>, after: Version<E>, now: Millis, delay: Millis) {
        if delay <= 0 && self.is_empty() {
            return;
        }
        let Some(sequence) = before.as_ref().or(after.as_ref()).map(|version| version.sequence) else { return };
        if delay <= 0 && !self.histories.contains_key(id) {
            return;
        }
        let mut history = self.histories.entry(id.clone()).or_insert_with(|| {
            self.count.fetch_add(1, Ordering::Relaxed);
            History { sequence, seen: before, coming: VecDeque::new() }
        });
        let last = history.coming.back().map_or(now, |(from, _)| *from);
        history.coming.push_back((last.max(now + delay), after));
    }

    /// What is seen of a resource, if that is not what it is.
    pub(super) fn of(&self, id: &str, now: Millis) -> Option<Version<E>> {
        if self.is_empty() {
            return None;
        }
        let mut history = self.histories.get_mut(id)?;
        history.go_on_until(now);
        (!history.coming.is_empty()).then(|| history.seen.clone())
    }

    pub(super) fn all(&self, now: Millis) -> Vec<Lagging<E>> {
        if self.is_empty() {
            return Vec::new();
        }
        let histories = self.histories.iter_mut().filter_map(|mut history| {
            history.go_on_until(now);
            let (id, sequence, seen) = (history.key().clone(), history.sequence, history.seen.clone());
            (!history.coming.is_empty()).then_some(Lagging { id, sequence, seen })
        });
        histories.collect()
    }

    /// Forgets what everybody sees by now.
    pub(super) fn sweep(&self, now: Millis) {
        if !self.is_empty() {
            self.histories.retain(|_, history| {
                history.go_on_until(now);
                let lags = !history.coming.is_empty();
                if !lags {
                    self.count.fetch_sub(1, Ordering::Relaxed);
                }
                lags
            });
        }
    }

    pub(super) fn forget(&self, id: &Id) {
        if !self.is_empty() && self.histories.remove(id).is_some() {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(super) fn clear(&self) {
        self.sweep(Millis::MAX);
    }
}
