//! The quotas that there are: `aws.toml`, read once.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

/// The place of a quota in the table.
pub(crate) type Place = u16;

/// A quota, as AWS documents it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// `subnets-per-vpc`
    pub name: String,
    /// `Subnets per VPC`
    pub title: String,
    /// What is answered beyond it. In the message `{limit}`, `{needed}` and `{parent}` stand for their values.
    pub code: String,
    pub message: String,
    /// What a new account has; none where AWS documents no figure.
    pub default: Option<u64>,
    /// The prefix of the ids of what it counts. None: states tell what they take of it, under its name.
    pub counts: Option<String>,
    /// What it holds for each of: the prefix of ids, or a word. None: for an account in a region.
    pub per: Option<String>,
    /// How much of what is measured is 1 in its figures: 1,024 GiB, where they are in TiB.
    #[serde(default = "one")]
    pub unit: u64,
    /// Where AWS documents it.
    pub source: String,
}

fn one() -> u64 {
    1
}

#[derive(Deserialize)]
struct File {
    quota: Vec<Quota>,
}

pub(super) struct Table {
    quotas: Vec<Quota>,
    names: HashMap<String, Place>,
    /// By the prefix of what they count.
    counting: HashMap<String, Vec<Place>>,
}

static TABLE: LazyLock<Table> =
    LazyLock::new(|| Table::read(include_str!("aws.toml")).expect("aws.toml is well formed"));

impl Table {
    pub(super) fn get() -> &'static Self {
        &TABLE
    }

    fn read(text: &str) -> Result<Self, toml::de::Error> {
        let File { quota: quotas } = toml::from_str(text)?;
        let (mut names, mut counting) = (HashMap::new(), HashMap::<String, Vec<Place>>::new());
        for (place, quota) in (0..).zip(&quotas) {
            names.insert(quota.name.clone(), place);
            if let Some(prefix) = &quota.counts {
                counting.entry(prefix.clone()).or_default().push(place);
            }
        }
        Ok(Self { quotas, names, counting })
    }

    pub(super) fn place(&self, name: &str) -> Option<Place> {
        self.names.get(name).copied()
    }

    pub(super) fn quota(&self, place: Place) -> &Quota {
        &self.quotas[usize::from(place)]
    }

    /// Those that count resources with this prefix.
    pub(super) fn counting(&self, prefix: &str) -> &[Place] {
        self.counting.get(prefix).map_or(&[], Vec::as_slice)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = (Place, &Quota)> {
        (0..).zip(&self.quotas)
    }
}

/// The quota of this name.
pub fn find(name: &str) -> Option<&'static Quota> {
    Table::get().place(name).map(|place| Table::get().quota(place))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_quota_has_a_name_of_its_own_a_code_a_message_and_a_source() {
        let mut names = HashSet::new();
        for (_, quota) in Table::get().all() {
            let Quota { name, title, code, message, source, .. } = quota;
            assert!(names.insert(name), "{name} is there twice");
            assert!(
                name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'),
                "{name}"
            );
            assert!(code.ends_with("Exceeded"), "{name}: {code}");
            assert!(![title, message, source].iter().any(|text| text.is_empty()), "{name}");
        }
        assert!(names.len() > 80);
    }

    #[test]
    fn messages_name_only_what_is_known() {
        for (_, quota) in Table::get().all() {
            let mut plain = quota.message.clone();
            for known in ["{limit}", "{needed}", "{parent}"] {
                plain = plain.replace(known, "");
            }
            assert!(!plain.contains(['{', '}']), "{}: {}", quota.name, quota.message);
            assert!(!quota.message.contains("{parent}") || quota.per.is_some(), "{}", quota.name);
        }
    }

    #[test]
    fn quotas_are_found_by_name_and_by_what_they_count() {
        let vpcs = find("vpcs").unwrap();
        assert_eq!((vpcs.code.as_str(), vpcs.default), ("VpcLimitExceeded", Some(5)));
        let places = Table::get().counting("vpc");
        assert!(places.iter().any(|place| Table::get().quota(*place).name == "vpcs"));
        assert!(find("vpc").is_none());
    }
}
