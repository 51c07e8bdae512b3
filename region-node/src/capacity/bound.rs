//! What bounds pools.

use super::{Market, Pool};
use archipelago_proto::glob::glob;

/// Each of these pools has room for so many instances.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// `us-east-1a`, with `*` and `?` as in filters.
    pub zone: String,
    /// `t3.micro`, likewise.
    pub instance_type: String,
    /// None: both.
    pub market: Option<Market>,
    /// None: as many as anybody wants.
    pub limit: Option<u64>,
}

impl Bound {
    pub(super) fn is_about(&self, pool: &Pool) -> bool {
        self.market.is_none_or(|market| market == pool.market)
            && glob(&self.zone, &pool.zone)
            && glob(&self.instance_type, &pool.instance_type)
    }

    /// Whether it speaks of the same pools, so that the later one replaces the earlier.
    pub(super) fn same_pools(&self, other: &Self) -> bool {
        (&self.zone, &self.instance_type, self.market) == (&other.zone, &other.instance_type, other.market)
    }
}
