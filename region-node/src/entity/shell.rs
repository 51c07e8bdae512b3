//! What all entities of a region share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::{Account, Claims, Id, Ids, Registry, TagIndex};
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
    pub(super) claims: Claims,
    pub quotas: Quotas,
    pub(crate) scheduler: Scheduler,
    pub(crate) registry: OnceLock<Registry>,
    sequence: AtomicU64,
}

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
            claims: Claims::default(),
            quotas: Quotas::default(),
            scheduler,
            registry: OnceLock::new(),
            sequence: AtomicU64::new(CATALOGUE),
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

    /// Sequences go on after the highest that the store held.
    pub(super) fn continue_after(&self, sequence: u64) {
        self.sequence.fetch_max(sequence + 1, Ordering::Relaxed);
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
