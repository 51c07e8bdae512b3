//! Which bucket is an action's: AWS's figures, and what the configuration says instead.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::rate::Rate;
use crate::service::only_reads;

/// The section `[throttle]` of the configuration.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ThrottleConfig {
    profile: Profile,
    categories: BTreeMap<Category, Rate>,
    requests: BTreeMap<String, Rate>,
    resources: BTreeMap<String, Rate>,
}

/// Where the figures come from that are not set one by one.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Profile {
    /// There are none.
    #[default]
    Off,
    Aws,
}

/// What actions have in common that have no bucket's figures of their own.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Category {
    NonMutating,
    /// A describe of everything, without ids, filters and pages.
    Unfiltered,
    Mutating,
    ResourceIntensive,
}

impl Category {
    pub(super) const ALL: [(&str, Self); 4] = [
        ("non-mutating", Self::NonMutating),
        ("unfiltered", Self::Unfiltered),
        ("mutating", Self::Mutating),
        ("resource-intensive", Self::ResourceIntensive),
    ];
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Figures {
    pub(super) categories: BTreeMap<Category, Rate>,
    members: Members,
    pub(super) requests: BTreeMap<String, Rate>,
    pub(super) resources: BTreeMap<String, Rate>,
    /// The parameter that tells how many resources an action is about: a number, or a list.
    counted: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Members {
    unfiltered: BTreeSet<String>,
    resource_intensive: BTreeSet<String>,
}

impl Figures {
    pub(super) fn of(profile: Profile) -> Result<Self, String> {
        let mut aws: Self = toml::from_str(include_str!("aws.toml")).map_err(|error| error.to_string())?;
        if profile == Profile::Off {
            aws.categories.clear();
            aws.requests.clear();
            aws.resources.clear();
        }
        Ok(aws)
    }

    /// Single figures of the configuration win over those of its profile.
    pub(super) fn configured(config: ThrottleConfig) -> Result<Self, String> {
        let mut figures = Self::of(config.profile)?;
        let countable = |action: &String| figures.counted.contains_key(action);
        if let Some(other) = config.resources.keys().find(|action| !countable(action)) {
            return Err(format!("throttle.resources: {other} is not counted by its resources"));
        }
        figures.categories.extend(config.categories);
        figures.requests.extend(config.requests);
        figures.resources.extend(config.resources);
        Ok(figures)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.categories.is_empty() && self.requests.is_empty() && self.resources.is_empty()
    }

    /// Whether it matters how much the action asks for.
    pub(super) fn tells_unfiltered(&self, action: &str) -> bool {
        self.members.unfiltered.contains(action)
    }

    pub(super) fn counted(&self, action: &str) -> Option<&str> {
        self.counted.get(action).map(String::as_str)
    }

    pub(super) fn requests(&self, action: &str, unfiltered: bool) -> Option<Rate> {
        let own = self.requests.get(action).copied();
        own.or_else(|| self.categories.get(&self.category(action, unfiltered)).copied())
    }

    fn category(&self, action: &str, unfiltered: bool) -> Category {
        if unfiltered {
            Category::Unfiltered
        } else if self.members.resource_intensive.contains(action) {
            Category::ResourceIntensive
        } else if only_reads(action) {
            Category::NonMutating
        } else {
            Category::Mutating
        }
    }
}
