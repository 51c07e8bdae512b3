//! How many instances the region has room for: a pool for each zone, instance type and market.
//!
//! Pools are unlimited until they are bounded, by the configuration or by the operator. A pool knows which instances are
//! in it, so that taking a place and giving it back cost the same however many there are, and giving back twice does no
//! harm. What is in the pools is derived from the instances, and is made again at boot.

mod bound;
mod bounds;
mod pool;

use std::sync::{Mutex, MutexGuard, PoisonError};

use dashmap::DashMap;

pub use bound::Bound;
pub use pool::{Market, Pool};

use crate::entity::Id;
use crate::store::{Keep, Write};
use bounds::{BOUNDS, Bounds};
use pool::Held;

#[derive(Default)]
pub struct Capacity {
    pools: DashMap<Pool, Held>,
    bounds: Mutex<Bounds>,
}

impl Capacity {
    /// A bound of the configuration: whatever the operator has set counts before it.
    pub fn configure(&self, bound: Bound) {
        let mut bounds = self.bounds();
        bounds.configured.retain(|known| !known.same_pools(&bound));
        bounds.configured.push(bound);
        self.apply(&bounds);
    }

    /// Bounds the pools that it is about. What is beyond the bound already stays.
    pub fn set(&self, bound: Bound) {
        let mut bounds = self.bounds();
        bounds.set.retain(|known| !known.same_pools(&bound));
        bounds.set.push(bound);
        self.apply(&bounds);
    }

    /// Takes all bounds away, those of the configuration too.
    pub fn unbound(&self) {
        let mut bounds = self.bounds();
        bounds.set.clear();
        bounds.unbound = true;
        self.apply(&bounds);
    }

    pub fn all_bounds(&self) -> Vec<Bound> {
        self.bounds().all().cloned().collect()
    }

    /// What the operator has set, for the store.
    pub(crate) fn record(&self) -> Write {
        Write { key: format!("{BOUNDS}/operator"), value: Some(self.bounds().encode()) }
    }

    /// The pools that something is in, with what is in them and their limits, in order.
    pub fn usage(&self) -> Vec<(Pool, usize, Option<u64>)> {
        let mut usage: Vec<_> =
            self.pools.iter().map(|entry| (entry.key().clone(), entry.ids.len(), entry.limit)).collect();
        usage.retain(|(_, used, limit)| *used > 0 || limit.is_some());
        usage.sort();
        usage
    }

    /// Takes places for all of them or for none. Those that are in the pool already need none. Returns the others; on
    /// failure, how many more would have had room.
    pub fn reserve(&self, pool: &Pool, ids: &[Id]) -> Result<Vec<Id>, usize> {
        let mut held = self.pool(pool);
        let new: Vec<_> = ids.iter().filter(|id| !held.ids.contains(*id)).cloned().collect();
        let room = held.room();
        if new.len() > room {
            return Err(room);
        }
        held.ids.extend(new.iter().cloned());
        Ok(new)
    }

    /// Counts an instance that is there, whatever the limit.
    pub fn hold(&self, pool: &Pool, id: &Id) {
        self.pool(pool).ids.insert(id.clone());
    }

    /// Gives places back, where `gone` says so while nobody can take them.
    pub fn release(&self, pool: &Pool, ids: &[Id], gone: impl Fn(&Id) -> bool) {
        if let Some(mut held) = self.pools.get_mut(pool) {
            for id in ids.iter().filter(|id| gone(id)) {
                held.ids.remove(id);
            }
        }
    }

    /// How many more instances there is room for.
    pub fn room(&self, pool: &Pool) -> usize {
        self.pool(pool).room()
    }

    /// Forgets what is in the pools.
    pub fn empty(&self) {
        self.pools.iter_mut().for_each(|mut entry| entry.ids.clear());
    }

    fn pool(&self, pool: &Pool) -> dashmap::mapref::one::RefMut<'_, Pool, Held> {
        if let Some(held) = self.pools.get_mut(pool) {
            return held;
        }
        // The bounds first: whoever changes them has them while going through the pools.
        let bounds = self.bounds();
        let limit = limit(&bounds, pool);
        self.pools.entry(pool.clone()).or_insert_with(|| Held::new(limit))
    }

    fn apply(&self, bounds: &Bounds) {
        self.pools.iter_mut().for_each(|mut entry| {
            let limit = limit(bounds, entry.key());
            entry.limit = limit;
        });
    }

    fn bounds(&self) -> MutexGuard<'_, Bounds> {
        self.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keep for Capacity {
    fn word(&self) -> &'static str {
        BOUNDS
    }

    fn records(&self) -> Vec<Write> {
        vec![self.record()]
    }

    fn restore(&self, _: &str, bytes: &[u8]) -> bool {
        let mut bounds = self.bounds();
        let restored = bounds.decode(bytes);
        self.apply(&bounds);
        restored
    }

    /// What the configuration says stays.
    fn forget(&self) {
        let mut bounds = self.bounds();
        bounds.forget();
        self.apply(&bounds);
    }
}

fn limit(bounds: &Bounds, pool: &Pool) -> Option<u64> {
    bounds.all().filter(|bound| bound.is_about(pool)).last().and_then(|bound| bound.limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pool(zone: &str) -> Pool {
        Pool::new(zone, "t3.micro", Market::OnDemand)
    }

    fn ids(numbers: std::ops::Range<u8>) -> Vec<Id> {
        numbers.map(|number| Id::new(&format!("i-{number}"))).collect()
    }

    fn bound(zone: &str, instance_type: &str, limit: Option<u64>) -> Bound {
        Bound { zone: zone.into(), instance_type: instance_type.into(), market: None, limit }
    }

    #[test]
    fn places_are_taken_all_or_none_and_once_for_each_instance() {
        let capacity = Capacity::default();
        capacity.set(bound("a", "t3.*", Some(3)));
        assert_eq!(capacity.reserve(&pool("a"), &ids(0..2)).unwrap().len(), 2);
        assert_eq!(capacity.reserve(&pool("a"), &ids(1..4)), Err(1), "of two new ones one has room");
        assert_eq!(capacity.reserve(&pool("a"), &ids(0..3)).unwrap(), ids(2..3));
        capacity.release(&pool("a"), &ids(0..3), |id| **id != *"i-0");
        assert_eq!(capacity.room(&pool("a")), 2);
        assert_eq!(capacity.room(&pool("b")), usize::MAX);
    }

    #[test]
    fn the_latest_bound_counts() {
        let capacity = Capacity::default();
        capacity.reserve(&pool("a"), &ids(0..5)).unwrap();
        capacity.set(bound("*", "*", Some(0)));
        assert_eq!(capacity.room(&pool("a")), 0, "what is there already stays");
        capacity.set(bound("a", "*", None));
        assert_eq!((capacity.room(&pool("a")), capacity.room(&pool("b"))), (usize::MAX, 0));
        capacity.set(bound("*", "*", Some(9)));
        assert_eq!(capacity.room(&pool("a")), 4);
        assert_eq!(capacity.all_bounds().len(), 2);
        capacity.unbound();
        assert_eq!(capacity.room(&pool("a")), usize::MAX);
    }
}
