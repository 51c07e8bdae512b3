//! The IPv6 blocks that Amazon provides for public pools: no two pools of any region have the same.

use std::net::Ipv6Addr;
use std::sync::{Mutex, PoisonError};

use archipelago_proto::regions;
use ipnet::{IpNet, Ipv6Net};

use super::space::Space;

/// The regions' /32 networks lie side by side from here on.
const FIRST: u128 = 0x2600_f0f0;

pub struct AmazonBlocks {
    network: IpNet,
    taken: Mutex<Space>,
}

impl AmazonBlocks {
    pub fn new(region: &regions::Region) -> Self {
        let position = regions::all().iter().position(|known| known.name == region.name).unwrap_or_default();
        let first = (FIRST + position as u128) << 96;
        let network = Ipv6Net::new(Ipv6Addr::from(first), 32).expect("32 is a length of IPv6 prefixes");
        Self { network: network.into(), taken: Mutex::default() }
    }

    pub(super) fn take(&self, length: u8) -> Option<IpNet> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let block = taken.room(self.network, length)?;
        taken.insert(block);
        Some(block)
    }

    /// A block that a pool has already.
    pub(super) fn claim(&self, block: IpNet) {
        if self.network.contains(&block) {
            self.taken.lock().unwrap_or_else(PoisonError::into_inner).insert(block);
        }
    }

    /// As in a new region.
    pub(crate) fn forget(&self) {
        *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = Space::default();
    }

    pub(crate) fn free(&self, block: IpNet) {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).remove(block);
    }
}
