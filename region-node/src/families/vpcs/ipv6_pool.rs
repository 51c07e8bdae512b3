//! Amazon's IPv6 addresses for VPCs: each gets a /56 that nobody else in any region has.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use archipelago_proto::regions;
use ipnet::Ipv6Net;

/// AWS: the size of a block that Amazon provides.
pub(super) const BLOCK: u8 = 56;
/// The regions' /32 networks lie side by side from here on.
const FIRST: u32 = 0x2600_1f00;
/// A /32 has 2^24 blocks.
const MOST: u32 = 1 << 24;

/// The blocks of one region that are taken, by their number.
pub struct Ipv6Pool {
    network: u32,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    numbers: BTreeSet<u32>,
    next: u32,
}

impl Ipv6Pool {
    pub fn new(region: &regions::Region) -> Self {
        let position = regions::all().iter().position(|known| known.name == region.name).unwrap_or_default();
        let offset = u32::try_from(position).unwrap_or_default();
        Self { network: FIRST + offset, taken: Mutex::default() }
    }

    /// A block that is free; None when all are taken.
    pub(super) fn take(&self) -> Option<Ipv6Net> {
        let mut taken = self.taken();
        for _ in 0..MOST {
            let number = taken.next;
            taken.next = (number + 1) % MOST;
            if taken.numbers.insert(number) {
                return Some(self.block(number));
            }
        }
        None
    }

    /// A block that a VPC has already.
    pub(super) fn claim(&self, block: Ipv6Net) {
        if let Some(number) = self.number(block) {
            self.taken().numbers.insert(number);
        }
    }

    pub(crate) fn free(&self, block: Ipv6Net) {
        if let Some(number) = self.number(block) {
            self.taken().numbers.remove(&number);
        }
    }

    /// As in a new region.
    pub(crate) fn forget(&self) {
        *self.taken() = Taken::default();
    }

    fn block(&self, number: u32) -> Ipv6Net {
        let address = (u128::from(self.network) << 96) | (u128::from(number) << (128 - BLOCK));
        Ipv6Net::new(Ipv6Addr::from(address), BLOCK).expect("56 is a length of IPv6 prefixes")
    }

    fn number(&self, block: Ipv6Net) -> Option<u32> {
        let address = u128::from(block.network());
        let own = u32::try_from(address >> 96) == Ok(self.network) && block.prefix_len() == BLOCK;
        own.then(|| u32::try_from((address >> (128 - BLOCK)) % u128::from(MOST)).ok()).flatten()
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_unique_and_come_back() {
        let pool = Ipv6Pool::new(regions::find("us-east-1").unwrap());
        let (one, two) = (pool.take().unwrap(), pool.take().unwrap());
        assert_eq!(one, one.trunc());
        assert!(!one.contains(&two) && one.prefix_len() == 56);
        assert_eq!(pool.block(pool.number(two).unwrap()), two);
        let elsewhere = Ipv6Pool::new(regions::find("us-west-2").unwrap()).take().unwrap();
        assert_ne!(one, elsewhere);
        pool.free(one);
        pool.claim(two);
        assert_ne!(pool.take().unwrap(), two);
    }
}
