//! What is out of order by the operator's will, by its name, and since when: zones without power, and other regions to
//! which the line is cut. A restart does not change it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use prost::Message;

use crate::store::{Keep, Write};
use crate::time::Millis;

/// Where the store keeps them.
pub(crate) const ZONES: &str = "zones-off";
pub(crate) const LINES: &str = "lines-cut";

#[derive(Default)]
pub struct Outages {
    /// What the store knows them by.
    word: &'static str,
    /// Whether there is any, so that a question costs nothing as long as there is none.
    any: AtomicBool,
    since: RwLock<BTreeMap<String, Millis>>,
}

#[derive(Clone, PartialEq, Message)]
struct Stored {
    #[prost(btree_map = "string, int64", tag = "1")]
    since: BTreeMap<String, Millis>,
}

impl Outages {
    pub(crate) fn of(word: &'static str) -> Self {
        Self { word, ..Self::default() }
    }

    pub fn since(&self, name: &str) -> Option<Millis> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        self.read().get(name).copied()
    }

    pub fn has(&self, name: &str) -> bool {
        self.since(name).is_some()
    }

    pub(crate) fn all(&self) -> BTreeMap<String, Millis> {
        self.read().clone()
    }

    /// What is out of order already stays so since then.
    pub fn begin(&self, name: &str, now: Millis) {
        self.change(|since| {
            since.entry(name.to_owned()).or_insert(now);
        });
    }

    pub fn end(&self, name: &str) {
        self.change(|since| {
            since.remove(name);
        });
    }

    /// For the store.
    pub(crate) fn record(&self) -> Write {
        Write { key: format!("{}/operator", self.word), value: Some(Stored { since: self.all() }.encode_to_vec()) }
    }

    fn change(&self, change: impl FnOnce(&mut BTreeMap<String, Millis>)) {
        let mut since = self.since.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut since);
        self.any.store(!since.is_empty(), Ordering::Release);
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<String, Millis>> {
        self.since.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keep for Outages {
    fn word(&self) -> &'static str {
        self.word
    }

    fn records(&self) -> Vec<Write> {
        vec![self.record()]
    }

    fn restore(&self, _: &str, bytes: &[u8]) -> bool {
        let Ok(Stored { since: known }) = Stored::decode(bytes) else { return false };
        self.change(|since| *since = known);
        true
    }

    fn forget(&self) {
        self.change(BTreeMap::clear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_counts_from_when_it_began_and_survives_a_restart() {
        let outages = Outages::of(ZONES);
        outages.begin("us-east-1b", 5);
        outages.begin("us-east-1b", 9);
        assert_eq!((outages.since("us-east-1b"), outages.since("us-east-1a")), (Some(5), None));
        let restarted = Outages::of(ZONES);
        assert!(restarted.restore("operator", &outages.record().value.unwrap()));
        assert_eq!(restarted.since("us-east-1b"), Some(5));
        restarted.end("us-east-1b");
        assert!(!restarted.has("us-east-1b") && restarted.all().is_empty());
    }
}
