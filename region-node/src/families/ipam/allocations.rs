//! How a pool hands out blocks, and by which rules.

use archipelago_proto::ec2::v1::IpamPoolAllocation;
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;

use super::pool::PoolState;
use super::space::Space;
use crate::entity::Kind;

/// How the ids of allocations look.
pub(super) const ALLOCATION: Kind = Kind {
    resource_type: "ipam-pool-allocation",
    prefix: "ipam-pool-alloc",
    not_found: "InvalidIpamPoolAllocationId.NotFound",
    malformed: "InvalidIpamPoolAllocationId.Malformed",
    noun: "ipam-pool-allocation ID",
};

/// What is asked of a pool.
#[derive(Clone, Default)]
pub struct Request {
    pub cidr: Option<IpNet>,
    pub length: Option<u8>,
    /// Where the block may lie, if only there.
    pub allowed: Vec<IpNet>,
    pub disallowed: Vec<IpNet>,
    /// Whom it is for; it lacks its block.
    pub allocation: IpamPoolAllocation,
    /// The pool below is not bound to the rules for allocations.
    pub ruled: bool,
    /// Only says which block it would be.
    pub preview: bool,
}

impl PoolState {
    /// The blocks that it hands out from.
    fn provisioned(&self) -> impl Iterator<Item = IpNet> {
        let ready = self.cidrs.iter().filter(|cidr| cidr.public.state() == "provisioned");
        ready.filter_map(|cidr| cidr.public.cidr().parse().ok())
    }

    pub(super) fn taken(&self) -> Space {
        self.allocations.iter().filter_map(|allocation| allocation.cidr().parse().ok()).collect()
    }

    /// The block that answers a request.
    pub(super) fn find_block(&self, request: &Request) -> Ec2Result<IpNet> {
        if let Some(cidr) = request.cidr {
            return self.check_block(cidr, request);
        }
        let length = request.length.or_else(|| {
            let default = self.public.allocation_default_netmask_length.filter(|_| request.ruled);
            default.and_then(|length| u8::try_from(length).ok())
        });
        let length = length.ok_or_else(|| {
            Ec2Error::missing_parameter("cidr or netmaskLength, as the pool has no default netmask length")
        })?;
        self.check_length(length, request.ruled)?;
        let mut taken = self.taken();
        request.disallowed.iter().for_each(|block| taken.insert(*block));
        let places = self.provisioned().flat_map(|own| match request.allowed.as_slice() {
            [] => vec![own],
            allowed => allowed.iter().filter_map(|block| intersection(own, *block)).collect(),
        });
        places.into_iter().find_map(|place| taken.room(place, length)).ok_or_else(|| {
            Ec2Error::new(
                "InsufficientCidrBlocks",
                format!(
                    "The IPAM pool {} does not have a free CIDR of the netmask length {length}.",
                    self.public.ipam_pool_id()
                ),
            )
        })
    }

    fn check_block(&self, cidr: IpNet, request: &Request) -> Ec2Result<IpNet> {
        self.check_length(cidr.prefix_len(), request.ruled)?;
        if !self.provisioned().any(|own| own.contains(&cidr)) {
            return Err(Ec2Error::invalid_parameter(format!(
                "The CIDR {cidr} is not within the CIDRs that are provisioned to the IPAM pool {}.",
                self.public.ipam_pool_id()
            )));
        }
        if self.taken().overlaps(cidr) || request.disallowed.iter().any(|no| super::space::overlap(no, &cidr)) {
            return Err(Ec2Error::invalid_parameter(format!(
                "The CIDR {cidr} overlaps with an allocation of the IPAM pool {}.",
                self.public.ipam_pool_id()
            )));
        }
        Ok(cidr)
    }

    fn check_length(&self, length: u8, ruled: bool) -> Ec2Result<()> {
        let most = if self.public.address_family() == "ipv6" { 128 } else { 32 };
        let bound = |bound: Option<i32>, other: i32| if ruled { bound.unwrap_or(other) } else { other };
        let shortest = bound(self.public.allocation_min_netmask_length, 0);
        let longest = bound(self.public.allocation_max_netmask_length, most);
        if (shortest..=longest.min(most)).contains(&i32::from(length)) {
            return Ok(());
        }
        Err(Ec2Error::invalid_parameter(format!(
            "The netmask length {length} is not between {shortest} and {longest}, as the IPAM pool {} requires.",
            self.public.ipam_pool_id()
        )))
    }
}

fn intersection(a: IpNet, b: IpNet) -> Option<IpNet> {
    if a.contains(&b) { Some(b) } else { b.contains(&a).then_some(a) }
}
