//! The blocks of a VPC, and those of them that its subnets take.

use std::net::IpAddr;

use archipelago_proto::ec2::v1::{VpcCidrBlockAssociation, VpcCidrBlockState, VpcIpv6CidrBlockAssociation};
use archipelago_proto::{Ec2Error, Ec2Result};
use imbl::OrdMap;
use ipnet::IpNet;

use super::VpcState;
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

/// A block that a VPC gets beside its first.
pub enum NewBlock {
    Ipv4(VpcCidrBlockAssociation),
    Ipv6(VpcIpv6CidrBlockAssociation),
}

impl VpcState {
    pub(super) fn take(&mut self, block: IpNet, by: &Id) -> Ec2Result<()> {
        let within = self.ipv4_blocks().chain(self.ipv6_blocks().map(IpNet::from)).any(|own| own.contains(&block));
        if !within {
            return Err(Ec2Error::new("InvalidSubnet.Range", format!("The CIDR '{block}' is invalid.")));
        }
        if self.blocks.overlapping(block).is_some() {
            let message = format!("The CIDR '{block}' conflicts with another subnet");
            return Err(Ec2Error::new("InvalidSubnet.Conflict", message));
        }
        self.blocks.insert(block, by.clone());
        Ok(())
    }

    pub(super) fn add(&mut self, block: NewBlock) -> Ec2Result<()> {
        match block {
            NewBlock::Ipv4(new) => {
                let block = new.cidr_block().to_owned();
                let parsed: IpNet = block.parse().map_err(|_| Ec2Error::internal())?;
                if self.ipv4_blocks().any(|own| own.contains(&parsed) || parsed.contains(&own)) {
                    let message = format!("The CIDR '{block}' conflicts with another CIDR block of the VPC.");
                    return Err(Ec2Error::new("InvalidVpc.Range", message));
                }
                self.public.cidr_block_association_set.push(new);
            }
            NewBlock::Ipv6(new) => self.public.ipv6_cidr_block_association_set.push(new),
        }
        Ok(())
    }

    /// Takes a block away that no subnet has a part of. The first one stays.
    pub(super) fn remove(&mut self, association: &str) -> Ec2Result<()> {
        let ipv4 = self.public.cidr_block_association_set.iter();
        let ipv4 = ipv4.filter(|known| known.association_id() == association).map(VpcCidrBlockAssociation::cidr_block);
        let ipv6 = self.public.ipv6_cidr_block_association_set.iter();
        let ipv6 = ipv6
            .filter(|known| known.association_id() == association)
            .map(VpcIpv6CidrBlockAssociation::ipv6_cidr_block);
        let Some(block) = ipv4.chain(ipv6).next() else { return Err(no_block(association)) };
        if block == self.public.cidr_block() {
            return Err(Ec2Error::new(
                "OperationNotPermitted",
                format!(
                    "The vpc CIDR block with association ID {association} may not be disassociated. It is the primary \
                     IPv4 CIDR block of the VPC"
                ),
            ));
        }
        let parsed: IpNet = block.parse().map_err(|_| Ec2Error::internal())?;
        if self.blocks.overlapping(parsed).is_some() {
            let message = format!("The vpc CIDR block with association ID {association} is currently in use");
            return Err(Ec2Error::new("InvalidCidrBlock.InUse", message));
        }
        self.public.cidr_block_association_set.retain(|known| known.association_id() != association);
        self.public.ipv6_cidr_block_association_set.retain(|known| known.association_id() != association);
        Ok(())
    }
}

pub(super) fn no_block(association: &str) -> Ec2Error {
    let message = format!("The vpc CIDR block association ID '{association}' does not exist");
    Ec2Error::new("InvalidVpcCidrBlockAssociationID.NotFound", message)
}

pub(super) fn block_state(state: &str) -> VpcCidrBlockState {
    VpcCidrBlockState { state: Some(state.to_owned()), status_message: None }
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

    #[test]
    fn whatever_is_taken_and_given_back_in_whatever_order_never_overlaps() {
        for seed in 0..50 {
            let mut chance = fastrand::Rng::with_seed(seed);
            let (mut blocks, by) = (Blocks::default(), Id::new("subnet-1"));
            let mut had: Vec<IpNet> = Vec::new();
            for _ in 0..400 {
                if chance.u8(..3) == 0 && !had.is_empty() {
                    let gone = had.swap_remove(chance.usize(..had.len()));
                    blocks.remove(gone, &by);
                }
                let address = std::net::Ipv4Addr::new(10, 0, chance.u8(..), chance.u8(..));
                let block = IpNet::new(address.into(), chance.u8(20..=28)).unwrap().trunc();
                let common = |known: &IpNet| known.contains(&block) || block.contains(known);
                assert_eq!(blocks.overlapping(block).is_some(), had.iter().any(common), "{block} beside {had:?}");
                if blocks.overlapping(block).is_none() {
                    blocks.insert(block, by.clone());
                    had.push(block);
                }
            }
            had.into_iter().for_each(|block| blocks.remove(block, &by));
            assert!(blocks.is_empty());
        }
    }
}
