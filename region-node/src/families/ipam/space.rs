//! Disjoint blocks of one address family, and the first room between them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// The first and last addresses of disjoint blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Space(BTreeMap<u128, u128>);

impl Space {
    pub(super) fn insert(&mut self, block: IpNet) {
        self.0.insert(number(block.network()), number(block.broadcast()));
    }

    pub(super) fn remove(&mut self, block: IpNet) {
        let (first, last) = (number(block.network()), number(block.broadcast()));
        if self.0.get(&first) == Some(&last) {
            self.0.remove(&first);
        }
    }

    pub(super) fn overlaps(&self, block: IpNet) -> bool {
        self.last_in(number(block.network()), number(block.broadcast())).is_some()
    }

    /// The end of the last block that has addresses within these bounds.
    fn last_in(&self, first: u128, last: u128) -> Option<u128> {
        self.0.range(..=last).next_back().map(|(_, end)| *end).filter(|end| *end >= first)
    }

    /// The first free block of a length within another block.
    pub(super) fn room(&self, within: IpNet, length: u8) -> Option<IpNet> {
        if length < within.prefix_len() || length > within.max_prefix_len() {
            return None;
        }
        let end = number(within.broadcast());
        // All addresses but one, so that the size of ::/0 is a number too.
        let span = u128::MAX.checked_shr(128 - u32::from(within.max_prefix_len() - length)).unwrap_or(0);
        let mut first = number(within.network());
        loop {
            let last = first.checked_add(span).filter(|last| *last <= end)?;
            let Some(taken) = self.last_in(first, last) else {
                return IpNet::new(address(first, within), length).ok();
            };
            // The next multiple of the size after what is in the way.
            first = (taken | span).checked_add(1)?;
        }
    }
}

impl FromIterator<IpNet> for Space {
    fn from_iter<I: IntoIterator<Item = IpNet>>(blocks: I) -> Self {
        let mut space = Self::default();
        blocks.into_iter().for_each(|block| space.insert(block));
        space
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn address(number: u128, like: IpNet) -> IpAddr {
    match like {
        IpNet::V4(_) => Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX)).into(),
        IpNet::V6(_) => Ipv6Addr::from(number).into(),
    }
}

pub(super) fn overlap(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn net(text: &str) -> IpNet {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_room_is_aligned_and_between_what_is_taken() {
        let mut space: Space = [net("10.0.0.0/26"), net("10.0.1.0/25")].into_iter().collect();
        let within = net("10.0.0.0/23");
        assert_eq!(space.room(within, 25), Some(net("10.0.0.128/25")));
        assert_eq!(space.room(within, 26), Some(net("10.0.0.64/26")));
        assert_eq!(space.room(within, 24), None);
        space.remove(net("10.0.1.0/25"));
        assert_eq!(space.room(within, 24), Some(net("10.0.1.0/24")));
        assert_eq!(space.room(within, 22), None, "it is larger than the whole");
    }

    #[test]
    fn the_whole_of_a_family_can_be_carved_too() {
        let empty = Space::default();
        assert_eq!(empty.room(net("::/0"), 0), Some(net("::/0")));
        let full: Space = [net("::/0")].into_iter().collect();
        assert_eq!(full.room(net("::/0"), 128), None);
        let last: Space = [net("0.0.0.0/1"), net("128.0.0.0/1")].into_iter().collect();
        assert_eq!(last.room(net("0.0.0.0/0"), 32), None);
    }

    proptest! {
        #[test]
        fn blocks_never_overlap_and_all_come_back(lengths in prop::collection::vec((20u8..=32, any::<bool>()), 1..200)) {
            let within = net("10.0.0.0/20");
            let mut space = Space::default();
            let mut taken: Vec<IpNet> = Vec::new();
            for (length, give_back) in lengths {
                if give_back && !taken.is_empty() {
                    space.remove(taken.remove(taken.len() / 2));
                    continue;
                }
                match space.room(within, length) {
                    Some(block) => {
                        prop_assert!(within.contains(&block) && block == block.trunc());
                        prop_assert!(taken.iter().all(|other| !overlap(other, &block)));
                        space.insert(block);
                        taken.push(block);
                    }
                    None => prop_assert!(within.subnets(length).unwrap().all(|b| taken.iter().any(|t| overlap(t, &b)))),
                }
            }
            taken.into_iter().for_each(|block| space.remove(block));
            prop_assert_eq!(space.room(within, 20), Some(within));
        }
    }
}
