//! What only one resource may have at a time, such as a number on an interface. Who claims it first has it: that is
//! decided in one place, and nobody looks before who writes.

use archipelago_proto::{Ec2Error, Ec2Result};
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;

use super::Id;

/// Something that is had by one resource at most.
pub struct Claim {
    /// What it is, among the claims of all kinds.
    pub key: String,
    /// What is said to who comes second.
    pub taken: Ec2Error,
}

/// The claims of a region. Not stored: made again from the resources that have them.
#[derive(Default)]
pub struct Claims(DashMap<String, Id>);

impl Claims {
    /// Takes all of them for a resource, or none. What it has already it may take again.
    pub(super) fn take(&self, claims: Vec<Claim>, by: &Id) -> Ec2Result<Vec<String>> {
        let mut taken = Vec::new();
        for claim in claims {
            match self.0.entry(claim.key) {
                Entry::Occupied(entry) if entry.get() == by => {}
                Entry::Occupied(entry) => {
                    drop(entry);
                    self.free(&taken, by);
                    return Err(claim.taken);
                }
                Entry::Vacant(entry) => {
                    taken.push(entry.key().clone());
                    entry.insert(by.clone());
                }
            }
        }
        Ok(taken)
    }

    pub(super) fn free(&self, keys: &[String], by: &Id) {
        for key in keys {
            self.0.remove_if(key, |_, holder| holder == by);
        }
    }
}

pub(super) fn keys(claims: Vec<Claim>) -> Vec<String> {
    claims.into_iter().map(|claim| claim.key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(keys: &[&str]) -> Vec<Claim> {
        let claim = |key: &&str| Claim { key: (*key).to_owned(), taken: Ec2Error::internal() };
        keys.iter().map(claim).collect()
    }

    #[test]
    fn all_are_taken_or_none() {
        let (known, one, two) = (Claims::default(), Id::new("a-1"), Id::new("a-2"));
        assert_eq!(known.take(claims(&["x", "y"]), &one).unwrap(), ["x", "y"]);
        assert!(known.take(claims(&["y"]), &one).unwrap().is_empty(), "it has it already");
        assert!(known.take(claims(&["z", "x"]), &two).is_err());
        known.free(&["x".to_owned()], &two);
        assert!(known.take(claims(&["x"]), &two).is_err(), "only who has it frees it");
        known.free(&["x".to_owned()], &one);
        assert_eq!(known.take(claims(&["z", "x"]), &two).unwrap(), ["z", "x"], "z was given back");
    }
}
