//! Resource ids and the kinds they belong to.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use archipelago_proto::{Ec2Error, Ec2Result};

use super::uuid;

/// A resource id such as `vol-0123456789abcdef0`; cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(Arc<str>);

impl Id {
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `vol` of `vol-0123456789abcdef0`.
    pub fn prefix(&self) -> &str {
        uuid::prefix(&self.0)
    }

    pub fn is(&self, kind: &Kind) -> bool {
        self.prefix() == kind.prefix
    }
}

impl Deref for Id {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Id {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Id {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        id.0.to_string()
    }
}

/// A 12-digit account id; cheap to clone.
pub type Account = Arc<str>;

/// A kind of resource: how its ids look, and what EC2 says of ids that are wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// As in a tag specification: `volume`.
    pub resource_type: &'static str,
    /// `vol` of `vol-0123456789abcdef0`.
    pub prefix: &'static str,
    /// `InvalidVolume.NotFound`
    pub not_found: &'static str,
    /// `InvalidVolumeID.Malformed`
    pub malformed: &'static str,
    /// How error messages begin: `volume`, `instance ID`.
    pub noun: &'static str,
}

impl Kind {
    /// Checks the form: the prefix, then 8 or 17 hexadecimal digits, for some kinds a UUID.
    pub fn check(&self, id: &str) -> Ec2Result<()> {
        let digits = id.strip_prefix(self.prefix).and_then(|rest| rest.strip_prefix('-'));
        let well_formed = digits.is_some_and(|d| matches!(d.len(), 8 | 17) && d.bytes().all(|b| b.is_ascii_hexdigit()));
        if uuid::check(self.prefix, id).unwrap_or(well_formed) {
            return Ok(());
        }
        Err(Ec2Error::new(self.malformed, format!("Invalid id: \"{id}\" (expecting \"{}-...\")", self.prefix)))
    }

    pub fn not_found(&self, id: &str) -> Ec2Error {
        Ec2Error::new(self.not_found, format!("The {} '{id}' does not exist", self.noun))
    }

    pub fn none_found(&self, ids: &[&str]) -> Ec2Error {
        match ids {
            [id] => self.not_found(id),
            _ => Ec2Error::new(self.not_found, format!("The {}s '{}' do not exist", self.noun, ids.join(", "))),
        }
    }
}

/// Where fresh ids come from, and all else that is drawn by lot; seeded, so that a world can be repeated.
pub struct Ids {
    seed: Option<u64>,
    random: Mutex<fastrand::Rng>,
}

impl Ids {
    pub fn seeded(seed: u64) -> Self {
        Self { seed: Some(seed), random: Mutex::new(fastrand::Rng::with_seed(seed)) }
    }

    /// Each region of a seeded world draws its own.
    pub fn of_region(seed: u64, region: &str) -> Self {
        let mix = |sum: u64, byte: u8| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        Self::seeded(region.bytes().fold(seed ^ 0xcbf2_9ce4_8422_2325, mix))
    }

    pub fn random() -> Self {
        Self { seed: None, random: Mutex::new(fastrand::Rng::new()) }
    }

    /// A world that had so many resources before this start must not get their ids again.
    pub(crate) fn go_on_from(&self, sequence: u64) {
        if let Some(seed) = self.seed {
            // Odd, so that each number leads to a seed of its own.
            *self.lot() = fastrand::Rng::with_seed(seed.wrapping_add(sequence.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        }
    }

    /// A new id of a kind.
    pub fn fresh(&self, kind: &Kind) -> Id {
        match uuid::fresh(kind.prefix, || self.number()) {
            Some(id) => Id(id.into()),
            None => self.prefixed(kind.prefix),
        }
    }

    /// A new id for a part of a resource, such as `eipassoc` or `sgr`.
    pub fn prefixed(&self, prefix: &str) -> Id {
        Id(format!("{prefix}-0{:016x}", self.number()).into())
    }

    pub fn number(&self) -> u64 {
        self.lot().u64(..)
    }

    fn lot(&self) -> MutexGuard<'_, fastrand::Rng> {
        self.random.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VOLUME: Kind = Kind {
        resource_type: "volume",
        prefix: "vol",
        not_found: "InvalidVolume.NotFound",
        malformed: "InvalidVolumeID.Malformed",
        noun: "volume",
    };

    #[test]
    fn fresh_ids_are_well_formed() {
        let id = Ids::seeded(1).fresh(&VOLUME);
        assert!(VOLUME.check(&id).is_ok(), "{id}");
        assert!(id.is(&VOLUME));
    }

    #[test]
    fn some_ids_are_uuids() {
        let kind = Kind { prefix: "fleet", ..VOLUME };
        let id = Ids::seeded(1).fresh(&kind);
        assert!(kind.check(&id).is_ok() && id.is(&kind) && id.len() == "fleet-".len() + 36, "{id}");
        for id in ["fleet-12345678", "fleet-", "fleet-12a34b55-67cd-8ef9-ba9b-9208d012345g"] {
            assert!(kind.check(id).is_err(), "{id}");
        }
    }

    #[test]
    fn old_short_ids_are_well_formed_and_others_are_not() {
        assert!(VOLUME.check("vol-1a2b3c4d").is_ok());
        for id in ["vol-", "vol-1a2b3c4", "i-1a2b3c4d", "vol-1a2b3c4g", "", "vol"] {
            assert_eq!(VOLUME.check(id).unwrap_err().code, "InvalidVolumeID.Malformed", "{id}");
        }
    }

    #[test]
    fn a_seed_repeats_the_ids() {
        assert_eq!(Ids::seeded(7).fresh(&VOLUME), Ids::seeded(7).fresh(&VOLUME));
    }

    #[test]
    fn a_seed_gives_a_later_start_other_ids() {
        let (first, later) = (Ids::seeded(7), Ids::seeded(7));
        first.go_on_from(1);
        later.go_on_from(2);
        assert_ne!(first.fresh(&VOLUME), later.fresh(&VOLUME));
    }
}
