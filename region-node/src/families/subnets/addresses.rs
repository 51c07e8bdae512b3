//! The IPv4 addresses of a subnet that are taken.
//!
//! A subnet's state is cloned at each change, so these are persistent structures, and finding a free
//! address takes the same few steps in a /16 as in a /28.

use std::net::Ipv4Addr;

use archipelago_proto::{Ec2Error, Ec2Result};
use imbl::Vector;
use ipnet::Ipv4Net;

/// A /16 has 1,024 words of 64 addresses; one bit each says whether a word is full.
const SUMMARY: usize = 16;

/// The IPv4 addresses of a block, a bit each.
#[derive(Clone)]
pub(super) struct Addresses {
    block: Ipv4Net,
    taken: Vector<u64>,
    /// Those that are given away only when they are asked for; empty if there are none.
    reserved: Vector<u64>,
    /// Of which words nothing is left to give away unasked.
    full: [u64; SUMMARY],
    free: u32,
}

impl Addresses {
    /// A block of at most 65,536 addresses. AWS reserves the first four and the last.
    pub(super) fn new(block: Ipv4Net) -> Self {
        let size = 1_u32 << (32 - u32::from(block.prefix_len())).min(16);
        let words = size.div_ceil(64);
        let mut full = [u64::MAX; SUMMARY];
        (0..words as usize).for_each(|word| full[word / 64] &= !(1 << (word % 64)));
        let taken = std::iter::repeat_n(0, words as usize).collect();
        let mut new = Self { block, taken, reserved: Vector::new(), full, free: words * 64 };
        for beyond in (0..4).chain([size - 1]).chain(size..words * 64) {
            new.set(beyond);
        }
        new
    }

    pub(super) fn free_count(&self) -> u32 {
        self.free
    }

    pub(super) fn take_any(&mut self) -> Option<Ipv4Addr> {
        let summary = self.full.iter().position(|words| *words != u64::MAX)?;
        let word = summary * 64 + self.full[summary].trailing_ones() as usize;
        let offset = u32::try_from(word * 64).ok()? + self.unavailable(word).trailing_ones();
        self.set(offset);
        Some(Ipv4Addr::from(u32::from(self.block.network()) + offset))
    }

    pub(super) fn take(&mut self, address: Ipv4Addr) -> Ec2Result<Ipv4Addr> {
        let offset = self.offset(address).ok_or_else(|| outside(&address))?;
        if offset < 4 || address == self.block.broadcast() {
            return Err(reserved(&address));
        }
        if self.is_taken(offset) {
            return Err(in_use(&address));
        }
        self.set(offset);
        Ok(address)
    }

    pub(super) fn give_back(&mut self, address: Ipv4Addr) {
        let Some(offset) = self.offset(address) else { return };
        if offset >= 4 && address != self.block.broadcast() && self.is_taken(offset) {
            let (word, bit) = place(offset);
            self.taken.set(word, self.taken[word] & !bit);
            self.summarize(word);
            self.free += 1;
        }
    }

    /// Blocks that are given away only when their addresses are asked for, in place of those before.
    pub(super) fn reserve(&mut self, blocks: impl Iterator<Item = Ipv4Net>) {
        self.reserved = std::iter::repeat_n(0, self.taken.len()).collect();
        for block in blocks {
            let first = u32::from(block.network()) - u32::from(self.block.network());
            let last = u32::from(block.broadcast()) - u32::from(self.block.network());
            for (word, bit) in (first..=last).map(place) {
                self.reserved.set(word, self.reserved[word] | bit);
            }
        }
        (0..self.taken.len()).for_each(|word| self.summarize(word));
    }

    /// What of a word is not to be given away unasked.
    fn unavailable(&self, word: usize) -> u64 {
        #[cfg(test)]
        tests::LOOKED.with(|looked| looked.set(looked.get() + 1));
        self.taken[word] | self.reserved.get(word).copied().unwrap_or_default()
    }

    fn summarize(&mut self, word: usize) {
        let bit = 1 << (word % 64);
        if self.unavailable(word) == u64::MAX {
            self.full[word / 64] |= bit;
        } else {
            self.full[word / 64] &= !bit;
        }
    }

    fn is_taken(&self, offset: u32) -> bool {
        let (word, bit) = place(offset);
        self.taken[word] & bit != 0
    }

    fn set(&mut self, offset: u32) {
        let (word, bit) = place(offset);
        let taken = self.taken[word] | bit;
        self.taken.set(word, taken);
        self.summarize(word);
        self.free -= 1;
    }

    fn offset(&self, address: Ipv4Addr) -> Option<u32> {
        self.block.contains(&address).then(|| u32::from(address) - u32::from(self.block.network()))
    }
}

fn place(offset: u32) -> (usize, u64) {
    (offset as usize / 64, 1 << (offset % 64))
}

pub(super) fn outside(address: &dyn std::fmt::Display) -> Ec2Error {
    Ec2Error::invalid_parameter(format!("Address {address} does not fall within the subnet's address range"))
}

pub(super) fn reserved(address: &dyn std::fmt::Display) -> Ec2Error {
    Ec2Error::invalid_parameter(format!("Address {address} is in subnet's reserved address range"))
}

pub(super) fn in_use(address: &dyn std::fmt::Display) -> Ec2Error {
    Ec2Error::new("InvalidIPAddress.InUse", format!("Address {address} is in use."))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::HashSet;

    use super::*;

    thread_local! {
        /// How many words were looked at.
        pub(super) static LOOKED: Cell<usize> = const { Cell::new(0) };
    }

    fn addresses(block: &str) -> Addresses {
        Addresses::new(block.parse().unwrap())
    }

    #[test]
    fn five_addresses_of_a_block_are_reserved() {
        for (block, free) in [("10.0.0.0/28", 11), ("10.0.0.0/26", 59), ("10.0.0.0/24", 251), ("10.0.0.0/16", 65_531)] {
            let mut all = addresses(block);
            assert_eq!(all.free_count(), free, "{block}");
            assert_eq!(all.take_any(), Some(Ipv4Addr::new(10, 0, 0, 4)));
            let rest = std::iter::from_fn(|| all.take_any()).collect::<HashSet<_>>();
            assert_eq!((rest.len(), all.free_count()), (free as usize - 1, 0), "{block}");
            assert!(!rest.contains(&all.block.broadcast()));
        }
    }

    #[test]
    fn the_last_address_of_65_000_is_found_with_no_more_work_than_the_first() {
        let mut all = addresses("10.0.0.0/16");
        let work = |all: &mut Addresses| {
            let before = LOOKED.get();
            let address = all.take_any().unwrap();
            (address, LOOKED.get() - before)
        };
        let (first, least) = work(&mut all);
        let mut known = HashSet::from([first]);
        for _ in 1..65_000 {
            let (address, looked) = work(&mut all);
            assert_eq!(looked, least);
            assert!(known.insert(address));
        }
        all.give_back(Ipv4Addr::new(10, 0, 128, 7));
        assert_eq!(work(&mut all), (Ipv4Addr::new(10, 0, 128, 7), least));
    }

    #[test]
    fn whatever_is_taken_and_given_back_in_whatever_order_is_had_once() {
        for seed in 0..20 {
            let mut chance = fastrand::Rng::with_seed(seed);
            let mut all = addresses("10.0.0.0/24");
            let mut had: Vec<Ipv4Addr> = Vec::new();
            for _ in 0..2_000 {
                let named = Ipv4Addr::new(10, 0, 0, chance.u8(..));
                match chance.u8(..4) {
                    0 if !had.is_empty() => all.give_back(had.swap_remove(chance.usize(..had.len()))),
                    1 => {
                        let free = !had.contains(&named) && (4..255).contains(&named.octets()[3]);
                        assert_eq!(all.take(named).is_ok(), free, "{named}");
                        had.extend(free.then_some(named));
                    }
                    _ => {
                        let found = all.take_any();
                        assert_eq!(found.is_none(), had.len() == 251);
                        assert!(found.is_none_or(|address| !had.contains(&address)));
                        had.extend(found);
                    }
                }
                assert_eq!(all.free_count() as usize, 251 - had.len());
            }
            had.into_iter().for_each(|address| all.give_back(address));
            assert_eq!(all.free_count(), 251);
        }
    }

    #[test]
    fn an_address_is_free_again_once_it_is_given_back() {
        let mut all = addresses("10.0.0.0/24");
        let address = Ipv4Addr::new(10, 0, 0, 9);
        all.take(address).unwrap();
        assert_eq!(all.take(address).unwrap_err().code, "InvalidIPAddress.InUse");
        all.give_back(address);
        all.give_back(address);
        assert_eq!(all.free_count(), 251);
        all.take(address).unwrap();
    }

    #[test]
    fn what_is_reserved_is_given_to_those_who_ask_for_it() {
        let mut all = addresses("10.0.0.0/28");
        all.reserve(["10.0.0.4/30".parse().unwrap(), "10.0.0.8/30".parse().unwrap()].into_iter());
        assert_eq!((all.free_count(), all.take_any()), (11, Some(Ipv4Addr::new(10, 0, 0, 12))));
        all.take(Ipv4Addr::new(10, 0, 0, 5)).unwrap();
        let rest: Vec<_> = std::iter::from_fn(|| all.take_any()).map(|address| address.octets()[3]).collect();
        assert_eq!(rest, [13, 14]);
        all.reserve(std::iter::empty());
        assert_eq!(all.take_any(), Some(Ipv4Addr::new(10, 0, 0, 4)));
    }

    #[test]
    fn reserved_and_foreign_addresses_are_refused() {
        let mut all = addresses("10.0.0.0/24");
        for last in [0, 1, 2, 3, 255] {
            assert_eq!(all.take(Ipv4Addr::new(10, 0, 0, last)).unwrap_err().code, "InvalidParameterValue");
            all.give_back(Ipv4Addr::new(10, 0, 0, last));
        }
        assert!(all.take(Ipv4Addr::new(10, 0, 1, 9)).is_err());
        assert_eq!(all.free_count(), 251);
    }
}
