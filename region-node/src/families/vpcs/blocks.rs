//! The blocks of a VPC that its subnets take.

use std::net::IpAddr;

use imbl::OrdMap;
use ipnet::IpNet;

use crate::entity::Id;

/// Disjoint blocks by their first address, and whose they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks(OrdMap<IpAddr, (IpNet, Id)>);

impl Blocks {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The block that has addresses in common with another. As blocks are disjoint, only the last one
    /// that begins before the other ends can be it.
    pub(super) fn overlapping(&self, block: IpNet) -> Option<IpNet> {
        let (_, (last, _)) = self.0.get_prev(&block.broadcast())?;
        (last.contains(&block) || block.contains(last)).then_some(*last)
    }

    pub(super) fn insert(&mut self, block: IpNet, by: Id) {
        self.0.insert(block.network(), (block, by));
    }

    pub(super) fn remove(&mut self, block: IpNet, by: &Id) {
        if self.0.get(&block.network()).is_some_and(|(known, owner)| *known == block && owner == by) {
            self.0.remove(&block.network());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_overlap_from_within_and_from_without() {
        let mut blocks = Blocks::default();
        blocks.insert("10.0.1.0/24".parse().unwrap(), Id::new("subnet-1"));
        blocks.insert("10.0.4.0/22".parse().unwrap(), Id::new("subnet-2"));
        for (block, overlaps) in [
            ("10.0.0.0/24", false),
            ("10.0.1.0/24", true),
            ("10.0.1.128/25", true),
            ("10.0.0.0/16", true),
            ("10.0.2.0/23", false),
            ("10.0.7.240/28", true),
            ("10.0.8.0/21", false),
            ("2600:1f00::/64", false),
        ] {
            assert_eq!(blocks.overlapping(block.parse().unwrap()).is_some(), overlaps, "{block}");
        }
        blocks.remove("10.0.1.0/24".parse().unwrap(), &Id::new("subnet-2"));
        assert!(blocks.overlapping("10.0.1.0/24".parse().unwrap()).is_some(), "it is another's");
    }
}
