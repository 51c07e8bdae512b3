//! The configuration file. Every key is optional; an unknown one is an error.

use std::collections::BTreeMap;
use std::path::Path;

use archipelago_gateway::{
    Directory, Fault, Group, Identities, Key, Policy, Populate, RecordConfig, Role, Step, ThrottleConfig, User,
    is_account,
};
use archipelago_proto::topology::Topology;
use archipelago_region_node::capacity::{Bound, Market};
use archipelago_region_node::consistency::Rule;
use archipelago_region_node::time::{Lifecycle, Transition};
use serde::Deserialize;

use crate::cli::LifecycleName;
use crate::error::{Error, Result};
use crate::quotas::QuotasConfig;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Access keys beside those that every cluster takes.
    pub(crate) keys: Vec<Key>,
    users: Vec<User>,
    groups: Vec<Group>,
    roles: Vec<Role>,
    policies: Vec<Policy>,
    /// Accounts that are not as all others are.
    pub(crate) accounts: Vec<AccountConfig>,
    pub(crate) lifecycle: LifecycleConfig,
    /// How many instances there is room for; where nothing is said, for as many as anybody wants. Later ones count
    /// before earlier ones.
    pub(crate) capacity: Vec<CapacityConfig>,
    /// How much an account may have.
    pub(crate) quotas: QuotasConfig,
    /// How often an account may ask.
    pub(crate) throttle: ThrottleConfig,
    /// How long writes stay unseen. Later rules count before earlier ones.
    pub(crate) consistency: Vec<Rule>,
    /// What was called.
    pub(crate) record: RecordConfig,
    /// Calls that are to fail.
    pub(crate) faults: Vec<Fault>,
    /// What is to happen, and when.
    pub(crate) scenario: Vec<Step>,
    /// What regions have from their start.
    pub(crate) populate: Vec<Populate>,
    /// The same seed draws the same lots.
    pub(crate) seed: Option<u64>,
    /// Region to HOST:PORT, for a gateway or a node that runs by itself.
    pub(crate) topology: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountConfig {
    pub(crate) id: String,
    /// Whether it has EC2-Classic beside VPCs, as accounts from before December 2013 had.
    #[serde(default)]
    pub(crate) classic: bool,
}

/// Each pool of these zones and types has room for so many instances.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapacityConfig {
    /// `us-east-1a`, with `*` and `?` as in filters.
    #[serde(default = "any")]
    zone: String,
    #[serde(default = "any")]
    instance_type: String,
    /// Both markets, if it is left out.
    market: Option<MarketName>,
    limit: u64,
}

fn any() -> String {
    "*".to_owned()
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum MarketName {
    OnDemand,
    Spot,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LifecycleConfig {
    profile: Option<LifecycleName>,
    /// Milliseconds of single transitions.
    durations: BTreeMap<Transition, i64>,
    /// How fast snapshots are copied between regions.
    copy_mib_per_second: Option<u64>,
}

impl Config {
    pub(crate) fn load(file: Option<&Path>) -> Result<Self> {
        let Some(file) = file else { return Ok(Self::default()) };
        let text = std::fs::read_to_string(file).map_err(|error| Error::File(file.into(), error.to_string()))?;
        let wrong = |error: String| Error::File(file.into(), error);
        let config: Self = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
        if let Some(other) = config.accounts.iter().find(|account| !is_account(&account.id)) {
            return Err(wrong(format!("'{}' is no account: it takes 12 digits", other.id)));
        }
        config.quotas.check().map_err(wrong)?;
        config.consistency.iter().try_for_each(Rule::check).map_err(wrong)?;
        let folder = file.parent().unwrap_or(Path::new("."));
        config
            .checked(|name| std::fs::read_to_string(folder.join(name)).map_err(|error| format!("{name}: {error}")))
            .map_err(wrong)
    }

    /// With its policies read, and everybody who is named found.
    fn checked(
        mut self,
        read: impl Fn(&str) -> std::result::Result<String, String>,
    ) -> std::result::Result<Self, String> {
        let mut identities = self.identities();
        identities.read_files(read)?;
        let directory = Directory::new(identities.clone())?;
        for key in &self.keys {
            key.check()?;
            if let Some(principal) = &key.principal {
                directory
                    .check_principal(&key.account, principal)
                    .map_err(|why| format!("the key {}: {why}", key.access_key))?;
            }
        }
        let Identities { users, groups, roles, policies } = identities;
        self = Self { users, groups, roles, policies, ..self };
        Ok(self)
    }

    /// Who is restricted, and by what.
    pub(crate) fn identities(&self) -> Identities {
        Identities {
            users: self.users.clone(),
            groups: self.groups.clone(),
            roles: self.roles.clone(),
            policies: self.policies.clone(),
        }
    }

    /// The accounts with EC2-Classic.
    pub(crate) fn classic(&self) -> impl Iterator<Item = &str> {
        self.accounts.iter().filter(|account| account.classic).map(|account| account.id.as_str())
    }

    /// The command line's profile wins over the file's.
    pub(crate) fn lifecycle(&self, named: Option<LifecycleName>) -> Lifecycle {
        let profile = match named.or(self.lifecycle.profile) {
            Some(LifecycleName::Realistic) => Lifecycle::realistic(),
            Some(LifecycleName::Instant) | None => Lifecycle::instant(),
        };
        let profile = match self.lifecycle.copy_mib_per_second {
            Some(rate) => profile.with_copy_rate(rate),
            None => profile,
        };
        let durations = self.lifecycle.durations.iter();
        durations.fold(profile, |lifecycle, (transition, duration)| lifecycle.with(*transition, *duration))
    }

    pub(crate) fn capacity(&self) -> impl Iterator<Item = Bound> {
        self.capacity.iter().map(|config| Bound {
            zone: config.zone.clone(),
            instance_type: config.instance_type.clone(),
            market: config.market.map(|market| match market {
                MarketName::OnDemand => Market::OnDemand,
                MarketName::Spot => Market::Spot,
            }),
            limit: Some(config.limit),
        })
    }

    /// The command line's address book wins over the file's.
    pub(crate) fn topology(&self, named: Option<Topology>) -> Topology {
        named.unwrap_or_else(|| {
            let mut topology = Topology::default();
            for (region, address) in &self.topology {
                topology.insert(region, address);
            }
            topology
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_key_is_an_error() {
        assert!(toml::from_str::<Config>("regoins = 1").is_err());
    }

    #[test]
    fn identities_are_read_and_checked() {
        let text = r#"
            [[keys]]
            access_key = "AKIDEXAMPLE"
            secret = "s"
            account = "123456789012"
            principal = "arn:aws:iam::123456789012:user/alice"
            [[users]]
            account = "123456789012"
            name = "alice"
            policies = ["volumes"]
            [[policies]]
            account = "123456789012"
            name = "volumes"
            document = { file = "volumes.json" }
        "#;
        let allow = r#"{"Statement":{"Effect":"Allow","Action":"ec2:*","Resource":"*"}}"#;
        let check = |text: &str, file: &str| {
            let config: Config = toml::from_str(text).unwrap();
            config.checked(|_| Ok(file.to_owned())).map(|config| config.identities().users.len())
        };
        assert_eq!(check(text, allow), Ok(1));
        let because = |text: &str, file: &str| check(text, file).unwrap_err();
        assert!(because(text, "{}").starts_with("the policy volumes of account 123456789012: Syntax errors"));
        let unknown = text.replace("name = \"alice\"", "name = \"bob\"");
        assert!(because(&unknown, allow).starts_with("the key AKIDEXAMPLE: account 123456789012 has no"));
        let missing = text.replace("[\"volumes\"]", "[\"others\"]");
        assert_eq!(because(&missing, allow), "the user alice of account 123456789012: there is no policy others");
    }

    #[test]
    fn capacity_is_bounded_by_zone_type_and_market() {
        let text = "[[capacity]]\nzone = 'us-east-1?'\nlimit = 3\n[[capacity]]\nmarket = 'on-demand'\nlimit = 0";
        let config: Config = toml::from_str(text).unwrap();
        let bounds: Vec<_> = config.capacity().collect();
        assert_eq!(
            (bounds[0].zone.as_str(), bounds[0].instance_type.as_str(), bounds[0].limit),
            ("us-east-1?", "*", Some(3))
        );
        assert_eq!((bounds[0].market, bounds[1].market), (None, Some(Market::OnDemand)));
    }

    #[test]
    fn accounts_have_ec2_classic_if_they_are_said_to() {
        let text = "[[accounts]]\nid = '123456789012'\nclassic = true\n[[accounts]]\nid = '210987654321'";
        let config: Config = toml::from_str(text).unwrap();
        assert_eq!(config.classic().collect::<Vec<_>>(), ["123456789012"]);
    }

    #[test]
    fn single_durations_can_be_set() {
        let config: Config =
            toml::from_str("[lifecycle]\nprofile = 'realistic'\ndurations = { instance-launch = 7 }").unwrap();
        assert_eq!(config.lifecycle(None).duration(Transition::InstanceLaunch), 7);
        assert_eq!(config.lifecycle(Some(LifecycleName::Instant)).duration(Transition::InstanceStop), 0);
    }
}
