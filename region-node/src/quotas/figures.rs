//! Which figures are in force.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use prost::Message;

use super::table::{Place, Table};
use crate::entity::Account;

/// What holds where nothing else is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// As much as anybody wants.
    #[default]
    Off,
    /// What AWS gives a new account.
    Aws,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Aws => "aws",
        })
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "off" => Ok(Self::Off),
            "aws" => Ok(Self::Aws),
            _ => Err("profile must be off or aws".to_owned()),
        }
    }
}

/// A figure that is set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// None: every account.
    pub account: Option<Account>,
    /// `vpcs`
    pub quota: String,
    /// None: as much as anybody wants.
    pub limit: Option<u64>,
}

/// None: as much as anybody wants.
#[derive(Clone, Copy)]
struct Limit(Option<u64>);

/// What one who may say so has said.
#[derive(Default)]
pub(super) struct Said {
    pub(super) profile: Option<Profile>,
    limits: BTreeMap<(Option<Account>, Place), Limit>,
}

/// What is said of an account counts before what is said of all; then what the operator says before the configuration.
#[derive(Default)]
pub(super) struct Figures {
    pub(super) configured: Said,
    pub(super) set: Said,
}

impl Said {
    pub(super) fn of(profile: Option<Profile>) -> Self {
        Self { profile, ..Self::default() }
    }

    /// A quota that there is not limits nothing.
    pub(super) fn set(&mut self, setting: Setting) {
        if let Some(place) = Table::get().place(&setting.quota) {
            self.limits.insert((setting.account, place), Limit(setting.limit));
        }
    }

    pub(super) fn unset(&mut self, account: Option<&str>, quota: &str) {
        if let Some(place) = Table::get().place(quota) {
            self.limits.remove(&(account.map(Into::into), place));
        }
    }

    fn limit(&self, account: Option<&Account>, place: Place) -> Option<Limit> {
        self.limits.get(&(account.cloned(), place)).copied()
    }

    pub(super) fn settings(&self) -> impl Iterator<Item = Setting> {
        self.limits.iter().map(|((account, place), limit)| Setting {
            account: account.clone(),
            quota: Table::get().quota(*place).name.clone(),
            limit: limit.0,
        })
    }
}

impl Figures {
    pub(super) fn profile(&self) -> Profile {
        self.set.profile.or(self.configured.profile).unwrap_or_default()
    }

    /// None: no limit.
    pub(super) fn limit(&self, account: &Account, place: Place) -> Option<u64> {
        let said = [Some(account), None]
            .into_iter()
            .find_map(|account| self.set.limit(account, place).or_else(|| self.configured.limit(account, place)));
        match (said, self.profile()) {
            (Some(Limit(limit)), _) => limit,
            (None, Profile::Off) => None,
            (None, Profile::Aws) => Table::get().quota(place).default,
        }
    }

    /// Whether anything can be refused.
    pub(super) fn any(&self) -> bool {
        let limits = self.set.limits.values().chain(self.configured.limits.values());
        self.profile() == Profile::Aws || limits.into_iter().any(|limit| limit.0.is_some())
    }
}

#[derive(Clone, PartialEq, Message)]
struct Stored {
    /// Empty: the configuration's.
    #[prost(string, tag = "1")]
    profile: String,
    #[prost(message, repeated, tag = "2")]
    limits: Vec<StoredLimit>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredLimit {
    /// Empty: every account.
    #[prost(string, tag = "1")]
    account: String,
    #[prost(string, tag = "2")]
    quota: String,
    #[prost(uint64, optional, tag = "3")]
    limit: Option<u64>,
}

impl Said {
    pub(super) fn encode(&self) -> Vec<u8> {
        let limits = self.settings().map(|setting| StoredLimit {
            account: setting.account.as_deref().unwrap_or_default().to_owned(),
            quota: setting.quota,
            limit: setting.limit,
        });
        let profile = self.profile.map_or_else(String::new, |profile| profile.to_string());
        Stored { profile, limits: limits.collect() }.encode_to_vec()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let Stored { profile, limits } = Stored::decode(bytes).ok()?;
        let mut said = Self::of(profile.parse().ok());
        for StoredLimit { account, quota, limit } in limits {
            let account = Some(account.as_str()).filter(|account| !account.is_empty()).map(Into::into);
            said.set(Setting { account, quota, limit });
        }
        Some(said)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(account: Option<&str>, limit: Option<u64>) -> Setting {
        Setting { account: account.map(Into::into), quota: "vpcs".into(), limit }
    }

    #[test]
    fn an_account_counts_before_all_and_the_operator_before_the_configuration() {
        let place = Table::get().place("vpcs").unwrap();
        let mut figures = Figures::default();
        let of = |figures: &Figures, account: &str| figures.limit(&account.into(), place);
        assert_eq!((of(&figures, "1"), figures.any()), (None, false));
        figures.configured.profile = Some(Profile::Aws);
        assert_eq!((of(&figures, "1"), figures.any()), (Some(5), true));
        figures.configured.set(setting(None, Some(7)));
        figures.configured.set(setting(Some("1"), Some(9)));
        assert_eq!((of(&figures, "1"), of(&figures, "2")), (Some(9), Some(7)));
        figures.set.set(setting(None, Some(3)));
        assert_eq!((of(&figures, "1"), of(&figures, "2")), (Some(9), Some(3)));
        figures.set.set(setting(Some("1"), None));
        assert_eq!(of(&figures, "1"), None);
        figures.set.unset(Some("1"), "vpcs");
        figures.set.profile = Some(Profile::Off);
        assert_eq!((of(&figures, "1"), figures.profile()), (Some(9), Profile::Off));
    }

    #[test]
    fn what_the_store_keeps_is_what_was_set() {
        let mut said = Said::of(Some(Profile::Off));
        said.set(setting(Some("1"), Some(3)));
        said.set(setting(None, None));
        let back = Said::decode(&said.encode()).unwrap();
        assert_eq!(back.profile, said.profile);
        assert!(back.settings().eq(said.settings()));
    }
}
