//! One pool, and what is in it.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::entity::Id;

/// How instances are paid for. The one has no room where the other has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Market {
    OnDemand,
    Spot,
}

impl fmt::Display for Market {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OnDemand => "on-demand",
            Self::Spot => "spot",
        })
    }
}

impl FromStr for Market {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "on-demand" => Ok(Self::OnDemand),
            "spot" => Ok(Self::Spot),
            _ => Err(()),
        }
    }
}

/// Where an instance needs a place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pool {
    /// `us-east-1a`
    pub zone: Arc<str>,
    pub instance_type: Arc<str>,
    pub market: Market,
}

impl Pool {
    pub fn new(zone: &str, instance_type: &str, market: Market) -> Self {
        Self { zone: zone.into(), instance_type: instance_type.into(), market }
    }

    /// The same, in another zone.
    #[must_use]
    pub fn in_zone(&self, zone: &str) -> Self {
        Self { zone: zone.into(), ..self.clone() }
    }
}

pub(super) struct Held {
    /// None: as many as anybody wants.
    pub(super) limit: Option<u64>,
    pub(super) ids: HashSet<Id>,
}

impl Held {
    pub(super) fn new(limit: Option<u64>) -> Self {
        Self { limit, ids: HashSet::new() }
    }

    pub(super) fn room(&self) -> usize {
        match self.limit {
            None => usize::MAX,
            Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(self.ids.len()),
        }
    }
}
