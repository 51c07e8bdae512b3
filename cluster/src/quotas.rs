//! `[quotas]` of the configuration: how much an account may have.

use std::collections::BTreeMap;

use archipelago_gateway::is_account;
use archipelago_proto::regions;
use archipelago_region_node::quotas::{Profile, Setting, find};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, Visitor};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct QuotasConfig {
    profile: ProfileName,
    /// Single figures, for every account.
    limits: BTreeMap<String, Limit>,
    /// Where others hold. Later ones count before earlier ones.
    overrides: Vec<Override>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ProfileName {
    #[default]
    Off,
    Aws,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Override {
    /// Every account, if it is left out.
    account: Option<String>,
    /// And every region.
    region: Option<String>,
    limits: BTreeMap<String, Limit>,
}

/// A number, or `"none"`: as much as anybody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limit(Option<u64>);

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Figure;

        impl Visitor<'_> for Figure {
            type Value = Limit;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a number that is not negative, or \"none\"")
            }

            fn visit_i64<E: serde::de::Error>(self, figure: i64) -> Result<Limit, E> {
                let limit = u64::try_from(figure).map_err(|_| E::custom(format!("{figure} is negative")))?;
                Ok(Limit(Some(limit)))
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Limit, E> {
                if text == "none" {
                    Ok(Limit(None))
                } else {
                    Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
                }
            }
        }

        deserializer.deserialize_any(Figure).map_err(D::Error::custom)
    }
}

impl QuotasConfig {
    /// Fails for names that nothing has.
    pub(crate) fn check(&self) -> Result<(), String> {
        let limits = self.overrides.iter().map(|known| &known.limits).chain([&self.limits]);
        if let Some(unknown) = limits.flat_map(BTreeMap::keys).find(|name| find(name).is_none()) {
            return Err(format!("quotas: there is no quota {unknown:?}"));
        }
        for Override { account, region, .. } in &self.overrides {
            if account.is_none() && region.is_none() {
                return Err("quotas.overrides: account or region must be given".to_owned());
            }
            if let Some(account) = account.as_deref().filter(|account| !is_account(account)) {
                return Err(format!("quotas.overrides: '{account}' is no account: it takes 12 digits"));
            }
            if let Some(region) = region.as_deref().filter(|region| regions::find(region).is_none()) {
                return Err(format!("quotas.overrides: there is no region {region:?}"));
            }
        }
        Ok(())
    }

    pub(crate) fn profile(&self) -> Profile {
        match self.profile {
            ProfileName::Off => Profile::Off,
            ProfileName::Aws => Profile::Aws,
        }
    }

    /// What holds in a region.
    pub(crate) fn settings(&self, region: &str) -> Vec<Setting> {
        let here = self.overrides.iter().filter(|known| known.region.as_deref().is_none_or(|known| known == region));
        let said = here.map(|known| (known.account.as_deref(), &known.limits));
        let all = std::iter::once((None, &self.limits)).chain(said);
        all.flat_map(|(account, limits)| {
            limits.iter().map(move |(quota, limit)| Setting {
                account: account.map(Into::into),
                quota: quota.clone(),
                limit: limit.0,
            })
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<QuotasConfig, String> {
        let config: QuotasConfig = toml::from_str(text).map_err(|error| error.to_string())?;
        config.check().map(|()| config)
    }

    #[test]
    fn figures_hold_for_all_or_for_an_account_in_a_region() {
        let config = read(
            "profile = 'aws'
             limits = { vpcs = 7, addresses = 'none' }
             [[overrides]]
             account = '123456789012'
             limits = { vpcs = 9 }
             [[overrides]]
             region = 'eu-west-1'
             limits = { vpcs = 8 }",
        );
        let config = config.unwrap();
        assert_eq!(config.profile(), Profile::Aws);
        let shown = |region: &str| -> Vec<String> {
            let settings = config.settings(region).into_iter();
            settings.map(|known| format!("{:?} {} {:?}", known.account, known.quota, known.limit)).collect()
        };
        let everywhere = ["None addresses None", "None vpcs Some(7)", "Some(\"123456789012\") vpcs Some(9)"];
        assert_eq!(shown("us-east-1"), everywhere);
        assert_eq!(shown("eu-west-1"), [&everywhere[..], &["None vpcs Some(8)"]].concat());
    }

    #[test]
    fn what_is_wrong_is_told() {
        let because = |text: &str| read(text).err().unwrap_or_default();
        assert_eq!(because("limits = { vcps = 1 }"), "quotas: there is no quota \"vcps\"");
        assert!(because("limits = { vpcs = -1 }").contains("-1 is negative"), "{}", because("limits = { vpcs = -1 }"));
        assert!(because("limits = { vpcs = 'many' }").contains("or \"none\""));
        assert!(because("profile = 'azure'").contains("azure"));
        assert!(because("[[overrides]]\nlimits = {}").contains("account or region"));
        assert!(because("[[overrides]]\naccount = '1'\nlimits = {}").contains("'1' is no account"));
        assert!(because("[[overrides]]\nregion = 'mars-1'\nlimits = {}").contains("mars-1"));
    }
}
