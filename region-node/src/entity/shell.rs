//! What all entities of a region share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{Account, Claims, Id, Ids, Registry, TagIndex};
use crate::consistency::Consistency;
use crate::quotas::Quotas;
use crate::store::Store;
use crate::time::{Clock, Lifecycle, Scheduler};

/// Sequences below this one are for resources that every world has, whatever its store holds.
pub(crate) const CATALOGUE: u64 = 1 << 20;

pub struct Shell {
    pub region: &'static str,
    pub clock: Arc<Clock>,
    pub lifecycle: Lifecycle,
    pub ids: Ids,
    pub store: Store,
    pub tags: TagIndex,
    pub consistency: Consistency,
    pub(super) claims: Claims,
    pub quotas: Quotas,
    pub(crate) scheduler: Scheduler,
    pub(crate) registry: OnceLock<Registry>,
    sequence: AtomicU64,
    changing: RwLock<()>,
}

/// Held while states are published that belong together, so that whoever reads all of them reads all or none.
pub(super) type Changing<'a> = RwLockReadGuard<'a, ()>;

impl Shell {
    pub fn new(region: &'static str, clock: Arc<Clock>, lifecycle: Lifecycle, ids: Ids, store: Store) -> Self {
        let scheduler = Scheduler::new(Arc::clone(&clock));
        Self {
            region,
            clock,
            lifecycle,
            ids,
            store,
            tags: TagIndex::default(),
            consistency: Consistency::default(),
            claims: Claims::default(),
            quotas: Quotas::default(),
            scheduler,
            registry: OnceLock::new(),
            sequence: AtomicU64::new(CATALOGUE),
            changing: RwLock::default(),
        }
    }

    /// The hosts of every kind.
    pub fn registry(&self) -> &Registry {
        self.registry.get().expect("the region registers its hosts before it serves")
    }

    /// A number that no resource has, and that is lower than those of all that are created later. It is
    /// unique for as long as something created after it carries it.
    pub(crate) fn unique_number(&self) -> u64 {
        self.next_sequence()
    }

    pub(super) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed)
    }

    /// The number that the next resource gets.
    pub(crate) fn sequence(&self) -> u64 {
        self.sequence.load(Ordering::Relaxed)
    }

    /// How many resources have ever been made.
    pub(crate) fn created(&self) -> u64 {
        self.sequence() - CATALOGUE
    }

    /// Sequences go on from here, unless they are further already.
    pub(crate) fn continue_from(&self, sequence: u64) {
        self.sequence.fetch_max(sequence, Ordering::Relaxed);
    }

    /// As in a new region.
    pub(crate) fn begin_again(&self) {
        self.sequence.store(CATALOGUE, Ordering::Relaxed);
    }

    pub(super) fn change(&self) -> Changing<'_> {
        self.changing.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nothing is published until this is dropped.
    pub(crate) fn stand_still(&self) -> RwLockWriteGuard<'_, ()> {
        self.changing.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn facts<'a>(
        &'a self,
        id: &'a Id,
        account: &'a Account,
        dependents: &'a imbl::OrdSet<Id>,
    ) -> super::Facts<'a> {
        super::Facts {
            id,
            account,
            now: self.clock.now(),
            region: self.region,
            lifecycle: &self.lifecycle,
            dependents,
            ids: &self.ids,
        }
    }
}
