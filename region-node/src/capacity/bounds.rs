//! All bounds: those of the configuration, and those that the operator has set, which the store keeps.

use prost::Message;

use super::Bound;

/// Where the store keeps them.
pub(super) const BOUNDS: &str = "capacity-bounds";

/// Later ones count before earlier ones.
#[derive(Default)]
pub(super) struct Bounds {
    pub(super) configured: Vec<Bound>,
    pub(super) set: Vec<Bound>,
    /// The operator has taken those of the configuration away.
    pub(super) unbound: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Stored {
    #[prost(message, repeated, tag = "1")]
    set: Vec<StoredBound>,
    #[prost(bool, tag = "2")]
    unbound: bool,
}

#[derive(Clone, PartialEq, Message)]
struct StoredBound {
    #[prost(string, tag = "1")]
    zone: String,
    #[prost(string, tag = "2")]
    instance_type: String,
    /// Empty: both.
    #[prost(string, tag = "3")]
    market: String,
    #[prost(uint64, optional, tag = "4")]
    limit: Option<u64>,
}

impl Bounds {
    pub(super) fn all(&self) -> impl Iterator<Item = &Bound> {
        let replaced = |bound: &&Bound| self.unbound || self.set.iter().any(|set| set.same_pools(bound));
        self.configured.iter().filter(move |bound| !replaced(bound)).chain(&self.set)
    }

    pub(super) fn forget(&mut self) {
        self.set.clear();
        self.unbound = false;
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let set = self.set.iter().map(|bound| StoredBound {
            zone: bound.zone.clone(),
            instance_type: bound.instance_type.clone(),
            market: bound.market.map_or_else(String::new, |market| market.to_string()),
            limit: bound.limit,
        });
        Stored { set: set.collect(), unbound: self.unbound }.encode_to_vec()
    }

    pub(super) fn decode(&mut self, bytes: &[u8]) -> bool {
        let Ok(Stored { set, unbound }) = Stored::decode(bytes) else { return false };
        let set = set.into_iter().map(|bound| Bound {
            zone: bound.zone,
            instance_type: bound.instance_type,
            market: bound.market.parse().ok(),
            limit: bound.limit,
        });
        (self.set, self.unbound) = (set.collect(), unbound);
        true
    }
}
