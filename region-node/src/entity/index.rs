//! The published states of one kind: what describes read.
//!
//! A state stands on shelves: its owner's, those of the accounts it is shared with or of everyone,
//! and one for each resource it links to. A shelf is in order of creation, and taking a copy of one
//! is constant-time, so that a describe never holds a lock while it looks.

use std::collections::HashSet;
use std::sync::Arc;

use dashmap::DashMap;
use imbl::{OrdMap, OrdSet};

use super::{Account, Audience, Entity, Id};

/// One resource as it was last published.
pub struct Published<E> {
    pub id: Id,
    pub account: Account,
    /// The order of creation within the region.
    pub sequence: u64,
    pub state: E,
    /// The resources that link to this one. Not stored: rebuilt from their links.
    pub dependents: OrdSet<Id>,
}

impl<E: Entity> Published<E> {
    pub(super) fn with(&self, state: E) -> Self {
        Self {
            id: self.id.clone(),
            account: self.account.clone(),
            sequence: self.sequence,
            state,
            dependents: self.dependents.clone(),
        }
    }

    pub(super) fn with_dependents(&self, dependents: OrdSet<Id>) -> Self {
        Self { dependents, ..self.with(self.state.clone()) }
    }
}

/// Where a set of states is found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Shelf {
    Owner(Account),
    SharedWith(Account),
    Everyone,
    LinkedTo(Id),
}

/// States in order of creation.
pub(super) type Row<E> = OrdMap<u64, Arc<Published<E>>>;

pub struct Index<E> {
    by_id: DashMap<Id, Arc<Published<E>>>,
    shelves: DashMap<Shelf, Row<E>>,
    /// Whose part an id is.
    parts: DashMap<Id, Id>,
}

impl<E> Default for Index<E> {
    fn default() -> Self {
        Self { by_id: DashMap::new(), shelves: DashMap::new(), parts: DashMap::new() }
    }
}

impl<E: Entity> Index<E> {
    pub fn get(&self, id: &str) -> Option<Arc<Published<E>>> {
        self.by_id.get(id).map(|entry| Arc::clone(entry.value()))
    }

    /// The resource that has a part of this id.
    pub fn of_part(&self, part: &str) -> Option<Arc<Published<E>>> {
        let owner = self.parts.get(part).map(|entry| entry.value().clone())?;
        self.get(&owner)
    }

    pub fn shelf(&self, shelf: &Shelf) -> OrdMap<u64, Arc<Published<E>>> {
        self.shelves.get(shelf).map(|row| row.value().clone()).unwrap_or_default()
    }

    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Every resource, in no order.
    pub fn all(&self) -> Vec<Arc<Published<E>>> {
        self.by_id.iter().map(|entry| Arc::clone(entry.value())).collect()
    }

    pub(super) fn publish(&self, new: &Arc<Published<E>>) {
        let old = self.by_id.insert(new.id.clone(), Arc::clone(new));
        self.publish_parts(old.as_deref(), new);
        let shelves = shelves(new);
        for shelf in old.iter().flat_map(|old| self::shelves(old)).filter(|shelf| !shelves.contains(shelf)) {
            self.take_off(&shelf, new.sequence);
        }
        for shelf in shelves {
            self.shelves.entry(shelf).or_default().insert(new.sequence, Arc::clone(new));
        }
    }

    pub(super) fn withdraw(&self, id: &str) {
        if let Some((_, old)) = self.by_id.remove(id) {
            for part in old.state.parts() {
                self.parts.remove(part.id);
            }
            for shelf in shelves(&old) {
                self.take_off(&shelf, old.sequence);
            }
        }
    }

    fn publish_parts(&self, old: Option<&Published<E>>, new: &Published<E>) {
        let parts = new.state.parts();
        let kept: HashSet<_> = parts.iter().map(|part| part.id).collect();
        for part in old.iter().flat_map(|old| old.state.parts()).filter(|part| !kept.contains(part.id)) {
            self.parts.remove(part.id);
        }
        for part in parts {
            if !self.parts.contains_key(part.id) {
                self.parts.insert(Id::new(part.id), new.id.clone());
            }
        }
    }

    fn take_off(&self, shelf: &Shelf, sequence: u64) {
        if let Some(mut row) = self.shelves.get_mut(shelf) {
            row.remove(&sequence);
        }
        self.shelves.remove_if(shelf, |_, row| row.is_empty());
    }
}

fn shelves<E: Entity>(published: &Published<E>) -> Vec<Shelf> {
    let mut shelves = vec![Shelf::Owner(published.account.clone())];
    match published.state.audience() {
        Audience::Owner => {}
        Audience::Everyone => shelves.push(Shelf::Everyone),
        Audience::Accounts(accounts) => shelves.extend(accounts.into_iter().map(|a| Shelf::SharedWith(a.into()))),
    }
    shelves.extend(published.state.links().into_iter().map(Shelf::LinkedTo));
    shelves
}
