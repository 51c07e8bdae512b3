//! The quotas of a region: their figures, and the ledger that is kept while there are any.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use archipelago_proto::{Ec2Error, Ec2Result};

use super::figures::{Figures, Profile, Said, Setting};
use super::ledger::{Before, Exceeded, Ledger};
use super::load::Load;
use super::table::{Quota, Table};
use crate::entity::{Account, Id, Registry, Shell};
use crate::store::{Keep, Write};

/// Where the store keeps what the operator has set.
const QUOTAS: &str = "quotas";

#[derive(Default)]
pub struct Quotas {
    /// Whether anything can be refused. Without that nobody keeps a ledger.
    on: AtomicBool,
    figures: RwLock<Figures>,
    ledger: Ledger,
    /// Held while the ledger is begun or thrown away.
    turning: Mutex<()>,
}

/// A quota, with what is in force and what is used of it.
pub struct Used {
    pub quota: &'static Quota,
    /// None: as much as anybody wants.
    pub limit: Option<u64>,
    /// How much, and for what, if not for the account; the most first.
    pub used: Vec<(Option<Id>, u64)>,
}

impl Quotas {
    pub(crate) fn on(&self) -> bool {
        self.on.load(Ordering::Acquire)
    }

    /// What the configuration says, before the region serves: what the operator sets counts before it.
    pub fn configure(&self, shell: &Shell, profile: Profile, settings: impl IntoIterator<Item = Setting>) {
        let mut said = Said::of(Some(profile));
        settings.into_iter().for_each(|setting| said.set(setting));
        self.write().configured = said;
        self.turn(shell);
    }

    pub(crate) fn set_profile(&self, profile: Profile) {
        self.write().set.profile = Some(profile);
    }

    /// A figure for every account or for one.
    pub(crate) fn set(&self, setting: Setting) {
        self.write().set.set(setting);
    }

    /// Back to what the configuration says.
    pub(crate) fn unset(&self, account: Option<&str>, quota: &str) {
        self.write().set.unset(account, quota);
    }

    /// Forgets all that the operator has set.
    pub(crate) fn clear(&self) {
        self.write().set = Said::default();
    }

    pub(crate) fn profile(&self) -> Profile {
        self.read().profile()
    }

    /// What the operator has set.
    pub(crate) fn settings(&self) -> Vec<Setting> {
        self.read().set.settings().collect()
    }

    /// The same, for the store.
    pub(crate) fn record(&self) -> Write {
        Write { key: format!("{QUOTAS}/operator"), value: Some(self.read().set.encode()) }
    }

    /// Begins the ledger or throws it away, as the figures want it. After each change of figures.
    pub(crate) fn turn(&self, shell: &Shell) {
        let _turning = self.turning.lock().unwrap_or_else(PoisonError::into_inner);
        let (was, on) = (self.on(), self.read().any());
        if was && !on {
            self.on.store(false, Ordering::Release);
            self.ledger.clear();
        }
        if on && !was {
            // What is published later is entered then.
            let _still = shell.stand_still();
            self.ledger.clear();
            self.on.store(true, Ordering::Release);
            shell.registry().hosts().for_each(|host| host.weigh(self));
        }
    }

    /// The figure that is in force for an account.
    pub(crate) fn limit(&self, account: &Account, quota: &str) -> Option<u64> {
        if !self.on() {
            return None;
        }
        self.read().limit(account, Table::get().place(quota)?)
    }

    /// Refuses what asks for too much at once, whatever the account has.
    pub(crate) fn check_request(&self, account: &Account, quota: &str, wanted: usize) -> Ec2Result<()> {
        match (self.limit(account, quota), Table::get().place(quota)) {
            (Some(limit), Some(place)) if wanted as u64 > limit => {
                Err(Exceeded { place, parent: None, limit, needed: wanted as u64 }.into())
            }
            _ => Ok(()),
        }
    }

    /// Takes room for resources that change or are to be, for all of them or for none. What `predecessor` takes is theirs.
    pub(crate) fn reserve(&self, wanted: &[(Id, Vec<Load>)], predecessor: Option<&Id>) -> Ec2Result<Vec<Before>> {
        let figures = self.read();
        Ok(self.ledger.reserve(wanted, predecessor, |account, place| figures.limit(account, place))?)
    }

    pub(crate) fn put_back(&self, before: Vec<Before>) {
        self.ledger.put_back(before);
    }

    /// What a resource takes by now.
    pub(crate) fn enter(&self, id: &Id, old: &[Load], new: &[Load]) {
        self.ledger.enter(id, old, new);
    }

    /// Every quota, for an account.
    pub(crate) fn usage(&self, registry: &Registry, account: &Account) -> Vec<Used> {
        let counted = Self::default();
        if !self.on() {
            registry.hosts().for_each(|host| host.weigh(&counted));
        }
        let mut used = if self.on() { &self.ledger } else { &counted.ledger }.used(account);
        used.sort_by(|a, b| (b.1, &a.0).cmp(&(a.1, &b.0)));
        let figures = self.read();
        let quotas = Table::get().all().map(|(place, quota)| Used {
            quota,
            limit: figures.limit(account, place),
            used: used.iter().filter(|(key, _)| key.0 == place).map(|(key, used)| (key.1.clone(), *used)).collect(),
        });
        quotas.collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Figures> {
        self.figures.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Figures> {
        self.figures.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The ledger follows when everything is back.
impl Keep for Quotas {
    fn word(&self) -> &'static str {
        QUOTAS
    }

    fn records(&self) -> Vec<Write> {
        vec![self.record()]
    }

    fn restore(&self, _: &str, bytes: &[u8]) -> bool {
        let said = Said::decode(bytes);
        let readable = said.is_some();
        self.write().set = said.unwrap_or_default();
        readable
    }

    fn forget(&self) {
        self.clear();
    }
}

impl From<Exceeded> for Ec2Error {
    fn from(exceeded: Exceeded) -> Self {
        let Exceeded { place, parent, limit, needed } = exceeded;
        let quota = Table::get().quota(place);
        let message = quota
            .message
            .replace("{limit}", &limit.to_string())
            .replace("{needed}", &needed.to_string())
            .replace("{parent}", parent.as_deref().unwrap_or_default());
        Self::new(quota.code.clone(), message)
    }
}
