//! Amazon's public IPv4 addresses of a region: lent to interfaces at launch, or allocated as elastic ones.

use std::net::Ipv4Addr;

use archipelago_proto::regions::Region;
use archipelago_proto::{Ec2Error, Ec2Result};
use dashmap::{DashMap, DashSet};
use ipnet::Ipv4Net;

use crate::entity::{Account, Ids};

/// One of the blocks that AWS announces for EC2 in each region (AWS: `ip-ranges.json`).
const BLOCKS: &[(&str, &str)] = &[
    ("af-south-1", "13.244.0.0/15"),
    ("ap-east-1", "18.162.0.0/16"),
    ("ap-east-2", "43.212.0.0/15"),
    ("ap-northeast-1", "13.112.0.0/14"),
    ("ap-northeast-2", "3.34.0.0/15"),
    ("ap-northeast-3", "13.208.0.0/16"),
    ("ap-south-1", "3.108.0.0/14"),
    ("ap-south-2", "18.60.0.0/15"),
    ("ap-southeast-1", "13.212.0.0/15"),
    ("ap-southeast-2", "13.236.0.0/14"),
    ("ap-southeast-3", "108.136.0.0/15"),
    ("ap-southeast-4", "16.50.0.0/15"),
    ("ap-southeast-5", "43.216.0.0/15"),
    ("ap-southeast-6", "43.222.0.0/15"),
    ("ap-southeast-7", "43.208.0.0/15"),
    ("ca-central-1", "3.96.0.0/15"),
    ("ca-west-1", "40.176.0.0/15"),
    ("cn-north-1", "52.80.0.0/16"),
    ("cn-northwest-1", "52.82.0.0/17"),
    ("eu-central-1", "3.120.0.0/14"),
    ("eu-central-2", "16.62.0.0/15"),
    ("eu-north-1", "13.48.0.0/15"),
    ("eu-south-1", "15.160.0.0/16"),
    ("eu-south-2", "18.100.0.0/15"),
    ("eu-west-1", "34.240.0.0/13"),
    ("eu-west-2", "35.176.0.0/15"),
    ("eu-west-3", "15.236.0.0/15"),
    ("il-central-1", "51.16.0.0/15"),
    ("me-central-1", "3.28.0.0/15"),
    ("me-south-1", "15.184.0.0/15"),
    ("mx-central-1", "78.12.0.0/15"),
    ("sa-east-1", "18.228.0.0/16"),
    ("us-east-1", "3.80.0.0/12"),
    ("us-east-2", "3.128.0.0/15"),
    ("us-gov-east-1", "18.252.0.0/16"),
    ("us-gov-west-1", "52.222.0.0/17"),
    ("us-west-1", "54.176.0.0/15"),
    ("us-west-2", "34.208.0.0/12"),
];

/// How often a random address is tried before the block is searched.
const TRIES: u32 = 64;

/// The addresses of one region. Who has which is written in their states: here is only what is taken.
pub struct PublicPool {
    block: Ipv4Net,
    taken: DashSet<Ipv4Addr>,
    /// Who released an elastic address last, and so may have it back.
    released: DashMap<Ipv4Addr, Account>,
}

impl PublicPool {
    pub fn new(region: &Region) -> Self {
        let known = BLOCKS.iter().find(|(name, _)| *name == region.name);
        // A region without a block would get one that is for documentation (RFC 5737).
        let block = known.map_or("203.0.113.0/24", |(_, block)| block);
        Self {
            block: block.parse().expect("the blocks are well formed"),
            taken: DashSet::new(),
            released: DashMap::new(),
        }
    }

    /// An address that nobody has.
    pub fn take(&self, ids: &Ids) -> Ec2Result<Ipv4Addr> {
        let first = u32::from(self.block.network());
        let size = 1_u32 << (32 - u32::from(self.block.prefix_len()));
        let random = || u32::try_from(ids.number() % u64::from(size)).unwrap_or_default();
        let candidates = (0..TRIES).map(|_| random()).chain(1..size);
        let free = candidates.map(|offset| Ipv4Addr::from(first + offset)).find(|address| {
            let last = address.octets()[3];
            last != 0 && last != 255 && self.taken.insert(*address)
        });
        if let Some(address) = free {
            self.released.remove(&address);
        }
        free.ok_or_else(|| {
            Ec2Error::new("InsufficientAddressCapacity", "Not enough available addresses to satisfy your request.")
        })
    }

    /// A certain address, for those who have had it before a restart.
    pub fn claim(&self, address: Ipv4Addr) {
        self.taken.insert(address);
    }

    pub fn give_back(&self, address: Ipv4Addr) {
        self.taken.remove(&address);
    }

    /// An elastic address goes back; its last owner may recover it until another gets it.
    pub fn release(&self, address: Ipv4Addr, by: &Account) {
        self.released.insert(address, by.clone());
        self.taken.remove(&address);
    }

    /// As in a new region.
    pub(crate) fn forget(&self) {
        self.taken.clear();
        self.released.clear();
    }

    /// Who released an address before a restart.
    pub fn remember(&self, address: Ipv4Addr, released_by: &Account) {
        self.released.insert(address, released_by.clone());
    }

    /// Whether this account released the address last and nobody has taken it since; it is taken then.
    pub fn recover(&self, address: Ipv4Addr, by: &Account) -> bool {
        let own = self.released.get(&address).is_some_and(|last| last.value() == by);
        own && self.taken.insert(address) && self.released.remove(&address).is_some()
    }

    /// Whether an address is one of the region's.
    pub fn knows(&self, address: Ipv4Addr) -> bool {
        self.block.contains(&address)
    }
}

#[cfg(test)]
mod tests {
    use archipelago_proto::regions;

    use super::*;

    #[test]
    fn every_region_has_a_block_of_its_own() {
        let blocks: Vec<_> = regions::all().iter().map(|region| PublicPool::new(region).block).collect();
        for (position, block) in blocks.iter().enumerate() {
            assert_ne!(block.to_string(), "203.0.113.0/24", "{}", regions::all()[position].name);
            let others = blocks.iter().enumerate().filter(|(other, _)| *other != position);
            others.for_each(|(_, other)| assert!(!block.contains(other) && !other.contains(block), "{block} {other}"));
        }
    }

    #[test]
    fn an_address_is_never_lent_twice() {
        let (pool, ids) = (PublicPool::new(regions::find("us-east-1").unwrap()), Ids::seeded(1));
        let all: std::collections::HashSet<_> = (0..1_000).map(|_| pool.take(&ids).unwrap()).collect();
        assert_eq!(all.len(), 1_000);
        assert!(all.iter().all(|address| pool.knows(*address)));
    }

    #[test]
    fn only_its_last_owner_recovers_an_address() {
        let (pool, ids) = (PublicPool::new(regions::find("us-east-1").unwrap()), Ids::seeded(1));
        let (one, other): (Account, Account) = ("111111111111".into(), "222222222222".into());
        let address = pool.take(&ids).unwrap();
        pool.release(address, &one);
        assert!(!pool.recover(address, &other));
        assert!(pool.recover(address, &one));
        assert!(!pool.recover(address, &one));
    }
}
