//! What a resource takes of quotas.

use super::table::{Place, Table};
use crate::entity::{Account, Entity, Id, Published};

/// What a state takes of a quota that does not count resources: rules of a group, GiB of a volume.
#[derive(Clone, Debug, PartialEq)]
pub struct Weight {
    quota: &'static str,
    parent: Option<Id>,
    account: Option<Account>,
    amount: u64,
}

impl Weight {
    /// Of the quota with this name.
    pub fn new(quota: &'static str, amount: usize) -> Self {
        Self { quota, parent: None, account: None, amount: amount as u64 }
    }

    /// A figure of a message, which is there and not negative.
    pub fn of_figure(quota: &'static str, figure: Option<i32>) -> Self {
        Self::new(quota, figure.and_then(|figure| usize::try_from(figure).ok()).unwrap_or(0))
    }

    /// What it holds for each of.
    #[must_use]
    pub fn per(self, parent: &str) -> Self {
        Self { parent: Some(Id::new(parent)), ..self }
    }

    /// It is not the owner's.
    #[must_use]
    pub fn by(self, account: &str) -> Self {
        Self { account: Some(account.into()), ..self }
    }
}

/// An entry of the ledger.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Load {
    pub(super) account: Account,
    pub(super) key: Key,
    pub(super) amount: u64,
}

/// A quota, and for what it holds, if not for the account.
pub(super) type Key = (Place, Option<Id>);

/// All that a resource takes, each key once.
pub(crate) fn loads<E: Entity>(published: &Published<E>) -> Vec<Load> {
    let (table, state) = (Table::get(), &published.state);
    let mut loads: Vec<Load> = Vec::new();
    let mut add = |account: Option<Account>, key: Key, amount: u64| {
        let account = account.unwrap_or_else(|| published.account.clone());
        match loads.iter_mut().find(|load| load.key == key && load.account == account) {
            Some(load) => load.amount += amount,
            None if amount > 0 => loads.push(Load { account, key, amount }),
            None => {}
        }
    };
    let places = table.counting(E::KIND.prefix);
    if !places.is_empty() && state.counts() {
        let links = state.links();
        for &place in places {
            match &table.quota(place).per {
                None => add(None, (place, None), 1),
                Some(prefix) => {
                    let mut parents = links.iter().filter(|link| link.prefix() == prefix);
                    if let Some(parent) = parents.next() {
                        add(None, (place, Some(parent.clone())), 1);
                    }
                }
            }
        }
    }
    for weight in state.weighs(&published.id) {
        let place = table.place(weight.quota);
        debug_assert!(place.is_some(), "there is no quota {}", weight.quota);
        if let Some(place) = place {
            add(weight.account, (place, weight.parent), weight.amount);
        }
    }
    loads
}
