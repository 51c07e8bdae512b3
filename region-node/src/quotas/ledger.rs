//! Who takes how much of what. An account's page is under one lock, so that of two who ask for the last place one has it,
//! and nobody is refused for what is given back a moment later.
//!
//! It knows what each resource takes, so that entering the same twice does no harm.

use std::collections::HashMap;

use dashmap::DashMap;

use super::load::{Key, Load};
use super::table::{Place, Table};
use crate::entity::{Account, Id};

#[derive(Default)]
pub(super) struct Ledger(DashMap<Account, HashMap<Key, Held>>);

#[derive(Default)]
struct Held {
    total: u64,
    by: HashMap<Id, u64>,
}

/// What was there before a reservation.
pub(crate) struct Before {
    account: Account,
    key: Key,
    id: Id,
    amount: u64,
}

/// The quota that has no room.
#[derive(Debug, PartialEq)]
pub(super) struct Exceeded {
    pub(super) place: Place,
    pub(super) parent: Option<Id>,
    pub(super) limit: u64,
    pub(super) needed: u64,
}

impl Ledger {
    /// Takes room for all that is more than before, or for nothing.
    /// What `predecessor` takes goes over to them.
    pub(super) fn reserve(
        &self,
        wanted: &[(Id, Vec<Load>)],
        predecessor: Option<&Id>,
        limit: impl Fn(&Account, Place) -> Option<u64>,
    ) -> Result<Vec<Before>, Exceeded> {
        let mut accounts: Vec<&Account> =
            wanted.iter().flat_map(|(_, loads)| loads).map(|load| &load.account).collect();
        accounts.sort();
        accounts.dedup();
        let mut before = Vec::new();
        for account in accounts {
            let loads = wanted.iter().flat_map(|(id, loads)| loads.iter().map(move |load| (id, load)));
            let loads: Vec<_> = loads.filter(|(_, load)| load.account == *account).collect();
            match self.reserve_of(account, &loads, predecessor, |place| limit(account, place)) {
                Ok(taken) => before.extend(taken),
                Err(exceeded) => {
                    self.put_back(before);
                    return Err(exceeded);
                }
            }
        }
        Ok(before)
    }

    fn reserve_of(
        &self,
        account: &Account,
        wanted: &[(&Id, &Load)],
        predecessor: Option<&Id>,
        limit: impl Fn(Place) -> Option<u64>,
    ) -> Result<Vec<Before>, Exceeded> {
        let mut page = self.0.entry(account.clone()).or_default();
        let known = |id: &Id, load: &Load| page.get(&load.key).map_or(0, |held| held.of(id));
        let more: Vec<_> = wanted.iter().filter(|(id, load)| load.amount > known(id, load)).collect();
        let mut growth: HashMap<&Key, u64> = HashMap::new();
        for (id, load) in &more {
            *growth.entry(&load.key).or_default() += load.amount - known(id, load);
        }
        let exceeded = growth.iter().filter_map(|(key, growth)| {
            let held = page.get(*key);
            let used = held.map_or(0, |held| held.total - predecessor.map_or(0, |id| held.of(id)));
            let (limit, needed) = (limit(key.0)?, used + growth);
            let most = limit.saturating_mul(Table::get().quota(key.0).unit);
            (needed > most).then(|| Exceeded { place: key.0, parent: key.1.clone(), limit, needed })
        });
        // Of several the one that the table has first.
        if let Some(exceeded) = exceeded.min_by_key(|exceeded| exceeded.place) {
            return Err(exceeded);
        }
        let taken = more.into_iter().map(|(id, load)| {
            let amount = page.entry(load.key.clone()).or_default().set(id, load.amount);
            Before { account: account.clone(), key: load.key.clone(), id: (*id).clone(), amount }
        });
        Ok(taken.collect())
    }

    /// A reservation that came to nothing.
    pub(super) fn put_back(&self, before: Vec<Before>) {
        for Before { account, key, id, amount } in before {
            self.set(&account, &key, &id, amount);
        }
    }

    /// What a resource takes by now, whatever the limit, instead of what it took.
    pub(super) fn enter(&self, id: &Id, old: &[Load], new: &[Load]) {
        for load in new {
            self.set(&load.account, &load.key, id, load.amount);
        }
        let kept = |old: &Load| new.iter().any(|new| new.key == old.key && new.account == old.account);
        for load in old.iter().filter(|load| !kept(load)) {
            self.set(&load.account, &load.key, id, 0);
        }
    }

    fn set(&self, account: &Account, key: &Key, id: &Id, amount: u64) {
        let mut page = self.0.entry(account.clone()).or_default();
        let held = page.entry(key.clone()).or_default();
        held.set(id, amount);
        if held.by.is_empty() {
            page.remove(key);
        }
    }

    pub(super) fn clear(&self) {
        self.0.clear();
    }

    /// How much of each quota an account takes, and for what.
    pub(super) fn used(&self, account: &str) -> Vec<(Key, u64)> {
        let page = self.0.get(account);
        page.map(|page| page.iter().map(|(key, held)| (key.clone(), held.total)).collect()).unwrap_or_default()
    }
}

impl Held {
    fn of(&self, id: &Id) -> u64 {
        self.by.get(id).copied().unwrap_or(0)
    }

    /// Returns what it was.
    fn set(&mut self, id: &Id, amount: u64) -> u64 {
        let before = if amount == 0 { self.by.remove(id) } else { self.by.insert(id.clone(), amount) }.unwrap_or(0);
        self.total = self.total - before + amount;
        before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(account: &str, place: Place, amount: u64) -> Load {
        Load { account: account.into(), key: (place, None), amount }
    }

    fn total(ledger: &Ledger, account: &str, place: Place) -> u64 {
        ledger.used(account).into_iter().find(|(key, _)| key.0 == place).map_or(0, |(_, total)| total)
    }

    #[test]
    fn all_find_room_or_none() {
        let ledger = Ledger::default();
        let wanted = |ids: &[&str], loads: &[Load]| -> Vec<(Id, Vec<Load>)> {
            ids.iter().map(|id| (Id::new(id), loads.to_vec())).collect()
        };
        let limit = |_: &Account, place| Some(if place == 0 { 3 } else { 10 });
        let both = [load("a", 0, 1), load("a", 1, 4)];
        assert!(ledger.reserve(&wanted(&["x-1", "x-2"], &both), None, limit).is_ok());
        let refused = ledger.reserve(&wanted(&["x-3"], &both), None, limit).err().unwrap();
        assert_eq!((refused.place, refused.needed, refused.limit), (1, 12, 10));
        assert_eq!((total(&ledger, "a", 0), total(&ledger, "a", 1)), (2, 8), "nothing of the third is left");
        let across = [load("b", 0, 1), load("a", 1, 4)];
        assert!(ledger.reserve(&wanted(&["x-3"], &across), None, limit).is_err());
        assert_eq!(total(&ledger, "b", 0), 0, "nor of what another account had room for");
    }

    #[test]
    fn what_a_resource_takes_already_it_may_keep_and_lessen() {
        let (ledger, id) = (Ledger::default(), Id::new("x-1"));
        let one = |amount| vec![(id.clone(), vec![load("a", 0, amount)])];
        ledger.enter(&id, &[], &[load("a", 0, 7)]);
        let at_most_five = |_: &Account, _| Some(5);
        assert!(ledger.reserve(&one(7), None, at_most_five).unwrap().is_empty());
        assert!(ledger.reserve(&one(8), None, at_most_five).is_err());
        ledger.enter(&id, &[load("a", 0, 7)], &[load("a", 0, 4)]);
        let before = ledger.reserve(&one(5), None, at_most_five).unwrap();
        assert_eq!(total(&ledger, "a", 0), 5);
        ledger.put_back(before);
        assert_eq!(total(&ledger, "a", 0), 4);
        let heir = (Id::new("x-2"), vec![load("a", 0, 5)]);
        assert!(ledger.reserve(std::slice::from_ref(&heir), None, at_most_five).is_err());
        let before = ledger.reserve(&[heir], Some(&id), at_most_five).unwrap();
        ledger.put_back(before);
        ledger.enter(&id, &[load("a", 0, 4)], &[]);
        assert!(ledger.used("a").is_empty());
    }

    #[test]
    fn of_many_at_once_so_many_have_a_place_as_there_are() {
        let ledger = Ledger::default();
        let had: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8)
                .map(|thread| {
                    let ledger = &ledger;
                    scope.spawn(move || {
                        let each = (0..100).filter(|n| {
                            let id = Id::new(&format!("x-{thread}-{n}"));
                            ledger.reserve(&[(id, vec![load("a", 0, 1)])], None, |_, _| Some(50)).is_ok()
                        });
                        each.count()
                    })
                })
                .collect();
            tries.into_iter().map(|tried| tried.join().unwrap()).sum()
        });
        assert_eq!((had, total(&ledger, "a", 0)), (50, 50));
    }
}
