//! Tags: the rules for changing them, and the index that DescribeTags reads.

use std::sync::Arc;

use archipelago_proto::ec2::v1::Tag;
use archipelago_proto::{Ec2Error, Ec2Result};
use dashmap::DashMap;
use imbl::OrdMap;

use super::{Account, Id, Kind};

/// AWS: 50 tags a resource, keys of 128 characters, values of 256.
const MOST_TAGS: usize = 50;
const LONGEST_KEY: usize = 128;
const LONGEST_VALUE: usize = 256;

/// What CreateTags and DeleteTags ask of a resource.
#[derive(Clone, Debug)]
pub enum TagChange {
    Set(Vec<Tag>),
    /// Each key, or each key that has the value; nothing at all removes all but AWS's own.
    Remove(Vec<Tag>),
}

impl TagChange {
    pub fn apply(&self, tags: &mut Vec<Tag>) -> Ec2Result<()> {
        match self {
            Self::Set(new) => set(tags, new),
            Self::Remove(old) if old.is_empty() => {
                tags.retain(is_reserved);
                Ok(())
            }
            Self::Remove(old) => {
                tags.retain(|tag| !old.iter().any(|o| o.key == tag.key && (o.value.is_none() || o.value == tag.value)));
                Ok(())
            }
        }
    }
}

fn set(tags: &mut Vec<Tag>, new: &[Tag]) -> Ec2Result<()> {
    check(new)?;
    for tag in new {
        match tags.iter_mut().find(|t| t.key == tag.key) {
            Some(known) => known.value.clone_from(&tag.value),
            None => tags.push(tag.clone()),
        }
    }
    if tags.iter().filter(|tag| !is_reserved(tag)).count() > MOST_TAGS {
        return Err(Ec2Error::new(
            "TagLimitExceeded",
            format!("You have reached the maximum number of tags ({MOST_TAGS}) for this resource."),
        ));
    }
    Ok(())
}

/// The rules for each tag that a client gives.
pub(crate) fn check(tags: &[Tag]) -> Ec2Result<()> {
    for (position, tag) in tags.iter().enumerate() {
        let (key, value) = (tag.key(), tag.value());
        if key.is_empty() {
            return Err(Ec2Error::invalid_parameter("Tag key cannot be empty."));
        }
        if is_reserved(tag) {
            return Err(Ec2Error::invalid_parameter("Tag keys starting with 'aws:' are reserved for internal use"));
        }
        if key.chars().count() > LONGEST_KEY {
            return Err(Ec2Error::invalid_parameter(format!(
                "Tag key exceeds the maximum length of {LONGEST_KEY} characters"
            )));
        }
        if value.chars().count() > LONGEST_VALUE {
            return Err(Ec2Error::invalid_parameter(format!(
                "Tag value exceeds the maximum length of {LONGEST_VALUE} characters"
            )));
        }
        if tags.iter().take(position).any(|earlier| earlier.key == tag.key) {
            return Err(Ec2Error::invalid_parameter(format!("Duplicate tag key '{key}' specified.")));
        }
    }
    Ok(())
}

fn is_reserved(tag: &Tag) -> bool {
    tag.key().get(..4).is_some_and(|start| start.eq_ignore_ascii_case("aws:"))
}

/// A resource that has tags.
#[derive(Clone)]
pub struct Tagged {
    pub resource_type: &'static str,
    pub tags: Arc<[Tag]>,
}

/// The tagged resources of every account, in order of their ids.
#[derive(Default)]
pub struct TagIndex(DashMap<Account, OrdMap<Id, Tagged>>);

impl TagIndex {
    pub fn of(&self, account: &str) -> OrdMap<Id, Tagged> {
        self.0.get(account).map(|row| row.value().clone()).unwrap_or_default()
    }

    pub(super) fn publish(&self, kind: &'static Kind, account: &Account, id: &Id, tags: &[Tag]) {
        let mut row = self.0.entry(account.clone()).or_default();
        if tags.is_empty() {
            row.remove(id);
        } else if row.get(id).is_none_or(|known| *known.tags != *tags) {
            row.insert(id.clone(), Tagged { resource_type: kind.resource_type, tags: tags.into() });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: Some(key.into()), value: Some(value.into()) }
    }

    #[test]
    fn setting_a_known_key_replaces_its_value() {
        let mut tags = vec![tag("a", "1")];
        TagChange::Set(vec![tag("a", "2"), tag("b", "")]).apply(&mut tags).unwrap();
        assert_eq!(tags, [tag("a", "2"), tag("b", "")]);
    }

    #[test]
    fn removing_with_a_value_spares_other_values() {
        let mut tags = vec![tag("a", "1")];
        TagChange::Remove(vec![tag("a", "2")]).apply(&mut tags).unwrap();
        assert_eq!(tags.len(), 1);
        TagChange::Remove(vec![Tag { key: Some("a".into()), value: None }]).apply(&mut tags).unwrap();
        assert!(tags.is_empty());
    }

    #[test]
    fn the_fifty_first_tag_is_refused() {
        let mut tags: Vec<_> = (0..50).map(|n| tag(&format!("k{n}"), "")).collect();
        let error = TagChange::Set(vec![tag("one-more", "")]).apply(&mut tags).unwrap_err();
        assert_eq!(error.code, "TagLimitExceeded");
    }

    #[test]
    fn aws_keys_are_reserved() {
        assert_eq!(check(&[tag("AWS:x", "")]).unwrap_err().code, "InvalidParameterValue");
    }
}
