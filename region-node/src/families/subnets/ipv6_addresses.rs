//! The IPv6 addresses of a subnet that are taken, one by one or as prefixes that are delegated to interfaces.

use std::net::Ipv6Addr;

use archipelago_proto::Ec2Result;
use imbl::{HashMap, HashSet};
use ipnet::Ipv6Net;

use super::addresses::{in_use, outside, reserved};

/// The length of the prefixes that are delegated (AWS: "Prefix delegation").
pub const PREFIX_LENGTH: u8 = 80;

/// How often a random address or prefix is tried. A /64 is all but empty, whatever is taken of it.
const TRIES: u32 = 1_000;

/// The addresses of a /64.
#[derive(Clone)]
pub(super) struct Ipv6Addresses {
    pub(super) block: Ipv6Net,
    taken: HashSet<Ipv6Addr>,
    /// How the /80 blocks are used that are not wholly free.
    uses: HashMap<Ipv6Net, Use>,
    /// Given away only to those who name an address of it.
    pub(super) reserved: Vec<Ipv6Net>,
}

#[derive(Clone, Copy)]
enum Use {
    Delegated,
    /// So many of its addresses are taken.
    Singly(u32),
}

impl Ipv6Addresses {
    pub(super) fn new(block: Ipv6Net) -> Self {
        Self { block, taken: HashSet::new(), uses: HashMap::new(), reserved: Vec::new() }
    }

    pub(super) fn is_unused(&self) -> bool {
        self.uses.is_empty()
    }

    /// Amazon picks them at random; `random` gives the numbers.
    pub(super) fn take_any(&mut self, mut random: impl FnMut() -> u64) -> Option<Ipv6Addr> {
        let free = (0..TRIES).map(|_| self.address(random())).find(|address| {
            !self.reserved.iter().any(|block| block.contains(address)) && self.check(*address).is_ok()
        })?;
        self.set(free);
        Some(free)
    }

    pub(super) fn take(&mut self, address: Ipv6Addr) -> Ec2Result<Ipv6Addr> {
        self.check(address)?;
        self.set(address);
        Ok(address)
    }

    pub(super) fn give_back(&mut self, address: Ipv6Addr) {
        if self.taken.remove(&address).is_none() {
            return;
        }
        let prefix = prefix_of(address);
        match self.uses.get(&prefix) {
            Some(Use::Singly(count)) if *count > 1 => drop(self.uses.insert(prefix, Use::Singly(count - 1))),
            _ => drop(self.uses.remove(&prefix)),
        }
    }

    pub(super) fn take_any_prefix(&mut self, mut random: impl FnMut() -> u64) -> Option<Ipv6Net> {
        let candidates = (0..TRIES).map(|_| prefix_of(self.address(random())));
        let free = candidates.chain(self.prefixes()).find(|prefix| {
            let kept = self.reserved.iter().any(|block| block.contains(prefix) || prefix.contains(block));
            !kept && self.check_prefix(*prefix).is_ok()
        })?;
        self.uses.insert(free, Use::Delegated);
        Some(free)
    }

    /// A /80 of this block.
    pub(super) fn take_prefix(&mut self, prefix: Ipv6Net) -> Ec2Result<Ipv6Net> {
        self.check_prefix(prefix)?;
        self.uses.insert(prefix, Use::Delegated);
        Ok(prefix)
    }

    pub(super) fn give_back_prefix(&mut self, prefix: Ipv6Net) {
        if matches!(self.uses.get(&prefix), Some(Use::Delegated)) {
            self.uses.remove(&prefix);
        }
    }

    fn set(&mut self, address: Ipv6Addr) {
        self.taken.insert(address);
        let prefix = prefix_of(address);
        let count = match self.uses.get(&prefix) {
            Some(Use::Singly(count)) => *count,
            _ => 0,
        };
        self.uses.insert(prefix, Use::Singly(count + 1));
    }

    fn check(&self, address: Ipv6Addr) -> Ec2Result<()> {
        if !self.block.contains(&address) {
            return Err(outside(&address));
        }
        if self.is_reserved(address) {
            return Err(reserved(&address));
        }
        if self.taken.contains(&address) || matches!(self.uses.get(&prefix_of(address)), Some(Use::Delegated)) {
            return Err(in_use(&address));
        }
        Ok(())
    }

    fn check_prefix(&self, prefix: Ipv6Net) -> Ec2Result<()> {
        if !self.block.contains(&prefix) {
            return Err(outside(&prefix));
        }
        // The first and the last block have addresses that are reserved.
        if prefix.contains(&self.block.network()) || prefix.contains(&self.block.broadcast()) {
            return Err(reserved(&prefix));
        }
        if self.uses.contains_key(&prefix) { Err(in_use(&prefix)) } else { Ok(()) }
    }

    fn address(&self, random: u64) -> Ipv6Addr {
        let size = 1_u128 << (128 - u32::from(self.block.prefix_len())).min(127);
        Ipv6Addr::from(u128::from(self.block.network()) | (u128::from(random) % size))
    }

    fn prefixes(&self) -> impl Iterator<Item = Ipv6Net> + use<> {
        self.block.subnets(PREFIX_LENGTH).into_iter().flatten()
    }

    fn is_reserved(&self, address: Ipv6Addr) -> bool {
        u128::from(address) - u128::from(self.block.network()) < 4 || address == self.block.broadcast()
    }
}

fn prefix_of(address: Ipv6Addr) -> Ipv6Net {
    Ipv6Net::new_assert(address, PREFIX_LENGTH).trunc()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_addresses_are_picked_at_random_and_never_twice() {
        let mut all = Ipv6Addresses::new("2600:1f00::/64".parse().unwrap());
        let mut numbers = [0, 3, 7, 7, 8].into_iter();
        assert_eq!(all.take_any(|| numbers.next().unwrap()), Some("2600:1f00::7".parse().unwrap()));
        assert_eq!(all.take_any(|| numbers.next().unwrap()), Some("2600:1f00::8".parse().unwrap()));
        assert_eq!(all.take("2600:1f00::8".parse().unwrap()).unwrap_err().code, "InvalidIPAddress.InUse");
    }

    #[test]
    fn what_is_delegated_is_not_given_out_singly_and_the_other_way_round() {
        let mut all = Ipv6Addresses::new("2600:1f00::/64".parse().unwrap());
        let (prefix, other): (Ipv6Net, Ipv6Net) =
            ("2600:1f00:0:0:a::/80".parse().unwrap(), "2600:1f00:0:0:b::/80".parse().unwrap());
        all.take_prefix(prefix).unwrap();
        assert_eq!(all.take("2600:1f00:0:0:a::9".parse().unwrap()).unwrap_err().code, "InvalidIPAddress.InUse");
        assert_eq!(all.take_prefix(prefix).unwrap_err().code, "InvalidIPAddress.InUse");
        let single = "2600:1f00:0:0:b::9".parse().unwrap();
        all.take(single).unwrap();
        assert_eq!(all.take_prefix(other).unwrap_err().code, "InvalidIPAddress.InUse");
        all.give_back(single);
        all.take_prefix(other).unwrap();
        assert_eq!(all.take_prefix("2600:1f00::/80".parse().unwrap()).unwrap_err().code, "InvalidParameterValue");
        [prefix, other].into_iter().for_each(|prefix| all.give_back_prefix(prefix));
        assert!(all.is_unused());
    }
}
