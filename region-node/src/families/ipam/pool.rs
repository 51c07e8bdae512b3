//! A pool: what it is provisioned with, and whom it has handed blocks of it.

use archipelago_proto::ec2::v1::{IpamPool, IpamPoolAllocation, IpamPoolCidr, IpamResourceTag, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;
use prost::Message;

use super::allocations::{ALLOCATION, Request};
use super::life::{DELETING, MODIFYING, after, incorrect_state, settled};
use super::space::overlap;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, Part, resource};
use crate::time::Millis;

#[derive(Clone, PartialEq, Message)]
pub struct PoolState {
    #[prost(message, required, tag = "1")]
    pub public: IpamPool,
    #[prost(string, tag = "2")]
    pub ipam: String,
    #[prost(string, tag = "3")]
    pub scope: String,
    #[prost(message, repeated, tag = "4")]
    pub cidrs: Vec<Provisioned>,
    #[prost(message, repeated, tag = "5")]
    pub allocations: Vec<IpamPoolAllocation>,
    #[prost(int64, optional, tag = "6")]
    pub(super) settles: Option<Millis>,
    /// What it no longer has, and has to give back to where it came from.
    #[prost(message, repeated, tag = "7")]
    pub(super) returned: Vec<Provisioned>,
}

/// A block that a pool is provisioned with.
#[derive(Clone, PartialEq, Message)]
pub struct Provisioned {
    #[prost(message, required, tag = "1")]
    pub public: IpamPoolCidr,
    /// The allocation in the pool above, if there is one.
    #[prost(string, tag = "2")]
    pub allocation: String,
    #[prost(int64, optional, tag = "3")]
    pub settles: Option<Millis>,
}

#[derive(Default)]
pub struct PoolChange {
    pub description: Option<String>,
    pub min: Option<i32>,
    pub max: Option<i32>,
    pub default: Option<i32>,
    pub clear_default: bool,
    pub add_tags: Vec<IpamResourceTag>,
    pub remove_tags: Vec<IpamResourceTag>,
}

pub enum PoolCommand {
    Modify(PoolChange),
    Provision(Provisioned),
    Deprovision(String),
    Allocate(Box<Request>),
    /// By its id; the block too, where the client has said it.
    Release {
        allocation: String,
        cidr: Option<String>,
    },
    /// What was returned is where it came from.
    Forget(String),
    /// Gives everything back, as a pool that is deleted with all that is in it.
    Clear,
    Delete,
}

impl PoolState {
    pub fn source(&self) -> Option<&str> {
        self.public.source_ipam_pool_id.as_deref()
    }

    /// Whether Amazon provides its addresses.
    pub(super) fn is_amazons(&self) -> bool {
        self.public.public_ip_source() == "amazon"
    }

    fn modify(&mut self, change: PoolChange) -> Ec2Result<()> {
        let public = &mut self.public;
        public.description = change.description.or(public.description.take());
        public.allocation_min_netmask_length = change.min.or(public.allocation_min_netmask_length);
        public.allocation_max_netmask_length = change.max.or(public.allocation_max_netmask_length);
        if change.clear_default {
            public.allocation_default_netmask_length = None;
        }
        public.allocation_default_netmask_length = change.default.or(public.allocation_default_netmask_length);
        public.allocation_resource_tags.retain(|tag| !change.remove_tags.contains(tag));
        for tag in change.add_tags {
            if !public.allocation_resource_tags.contains(&tag) {
                public.allocation_resource_tags.push(tag);
            }
        }
        check_lengths(public)
    }

    fn provision(&mut self, new: Provisioned) -> Ec2Result<()> {
        let block: IpNet = new.public.cidr().parse().map_err(|_| Ec2Error::internal())?;
        let known = self.cidrs.iter().find(|own| own.public.cidr().parse().is_ok_and(|own| overlap(&own, &block)));
        if let Some(known) = known {
            return Err(Ec2Error::invalid_parameter(format!(
                "The CIDR {block} overlaps with {}, which is provisioned to the IPAM pool already.",
                known.public.cidr()
            )));
        }
        self.cidrs.push(new);
        Ok(())
    }

    fn deprovision(&mut self, cidr: &str, facts: &Facts<'_>) -> Ec2Result<()> {
        let position = self.cidrs.iter().position(|own| own.public.cidr() == cidr);
        let Some(position) = position else {
            return Err(Ec2Error::invalid_parameter(format!(
                "The CIDR {cidr} is not provisioned to the IPAM pool {}.",
                facts.id
            )));
        };
        let block: IpNet = cidr.parse().map_err(|_| Ec2Error::internal())?;
        if self.taken().overlaps(block) {
            return Err(Ec2Error::new(
                "IncorrectState",
                format!("The CIDR {cidr} has allocations and cannot be deprovisioned."),
            ));
        }
        let own = &mut self.cidrs[position];
        if own.public.state() == "pending-provision" {
            return Err(incorrect_state(cidr, "pending-provision"));
        }
        own.public.state = Some("pending-deprovision".into());
        own.settles = after(facts);
        Ok(())
    }

    fn release(&mut self, id: &str, cidr: Option<&str>) -> Ec2Result<IpamPoolAllocation> {
        let position = self.allocations.iter().position(|known| known.ipam_pool_allocation_id() == id);
        let known = position.ok_or_else(|| ALLOCATION.not_found(id))?;
        if cidr.is_some_and(|cidr| cidr != self.allocations[known].cidr()) {
            return Err(Ec2Error::invalid_parameter(format!(
                "The allocation {id} has the CIDR {}, not {}.",
                self.allocations[known].cidr(),
                cidr.unwrap_or_default()
            )));
        }
        Ok(self.allocations.remove(known))
    }

    /// Blocks that were provisioned or deprovisioned by now.
    fn elapse_cidrs(&mut self, now: Millis) {
        let due = |own: &Provisioned| own.settles.is_some_and(|settles| settles <= now);
        for own in self.cidrs.iter_mut().filter(|own| due(own) && own.public.state() == "pending-provision") {
            own.settles = None;
            own.public.state = Some("provisioned".into());
        }
        let (gone, stay) = std::mem::take(&mut self.cidrs).into_iter().partition(due);
        self.cidrs = stay;
        self.returned.extend::<Vec<_>>(gone);
    }
}

/// AWS: "the minimum netmask length must be less than the maximum netmask length".
pub(super) fn check_lengths(pool: &IpamPool) -> Ec2Result<()> {
    let most = if pool.address_family() == "ipv6" { 128 } else { 32 };
    let shortest = pool.allocation_min_netmask_length.unwrap_or(0);
    let longest = pool.allocation_max_netmask_length.unwrap_or(most);
    let default = pool.allocation_default_netmask_length;
    let fits = |length: i32| (0..=most).contains(&length);
    if !fits(shortest) || !fits(longest) || shortest > longest {
        return Err(Ec2Error::invalid_parameter(format!(
            "The allocation netmask lengths {shortest} to {longest} are not valid for {}.",
            pool.address_family()
        )));
    }
    match default.filter(|length| !(shortest..=longest).contains(length)) {
        Some(length) => Err(Ec2Error::invalid_parameter(format!(
            "The default netmask length {length} is not between {shortest} and {longest}."
        ))),
        None => Ok(()),
    }
}

impl Entity for PoolState {
    const KIND: Kind = Kind {
        resource_type: "ipam-pool",
        prefix: "ipam-pool",
        not_found: "InvalidIpamPoolId.NotFound",
        malformed: "InvalidIpamPoolId.Malformed",
        noun: "ipam-pool ID",
    };
    type Command = PoolCommand;
    type Reply = Option<IpamPoolAllocation>;

    fn decide(&self, command: PoolCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        let mut reply = None;
        match (self.public.state(), command) {
            (_, PoolCommand::Forget(cidr)) => next.returned.retain(|known| known.public.cidr() != cidr),
            (_, PoolCommand::Release { allocation, cidr }) => reply = Some(next.release(&allocation, cidr.as_deref())?),
            (_, PoolCommand::Clear) => {
                next.allocations.clear();
                next.returned.append(&mut next.cidrs);
            }
            (DELETING, PoolCommand::Delete) => return Ok(Decision { next: Next::Keep, reply: None }),
            (DELETING, _) => return Err(incorrect_state(facts.id, DELETING)),
            (_, PoolCommand::Modify(change)) => {
                next.modify(change)?;
                next.public.state = Some(MODIFYING.to_owned());
                next.settles = after(facts);
            }
            (_, PoolCommand::Provision(new)) => next.provision(new)?,
            (_, PoolCommand::Deprovision(cidr)) => next.deprovision(&cidr, facts)?,
            (_, PoolCommand::Allocate(request)) => {
                let block = self.find_block(&request)?;
                let allocation = IpamPoolAllocation { cidr: Some(block.to_string()), ..request.allocation };
                if request.preview {
                    return Ok(Decision { next: Next::Keep, reply: Some(allocation) });
                }
                next.allocations.push(allocation.clone());
                reply = Some(allocation);
            }
            (_, PoolCommand::Delete) => {
                if !self.cidrs.is_empty() || facts.dependents_of(&Self::KIND).next().is_some() {
                    return Err(Ec2Error::new(
                        "IncorrectState",
                        format!("The IPAM pool {} has provisioned CIDRs or pools and cannot be deleted.", facts.id),
                    ));
                }
                next.public.state = Some(DELETING.to_owned());
                next.settles = after(facts);
            }
        }
        Ok(Decision { next: Next::Become(next), reply })
    }

    fn due(&self) -> Option<Millis> {
        self.cidrs.iter().filter_map(|own| own.settles).chain(self.settles).min()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.elapse_cidrs(facts.now);
        if self.settles.is_some_and(|settles| settles <= facts.now) {
            next.settles = None;
            if self.public.state() == DELETING {
                return Next::Gone(next);
            }
            if let Some(state) = settled(self.public.state()) {
                next.public.state = Some(state);
            }
        }
        Next::Become(next)
    }

    fn intent(&self) -> bool {
        !self.returned.is_empty()
    }

    fn links(&self) -> Vec<Id> {
        [self.scope.as_str(), self.ipam.as_str()].into_iter().chain(self.source()).map(Id::new).collect()
    }

    fn parts(&self) -> Vec<Part<'_>> {
        let part = |known| -> Part<'_> {
            let known: &IpamPoolAllocation = known;
            Part { id: known.ipam_pool_allocation_id(), tags: &known.tags }
        };
        self.allocations.iter().map(part).collect()
    }

    const TAGGED_PARTS: &'static [Kind] = &[ALLOCATION];

    fn part_tags_mut(&mut self, part: &str) -> Option<&mut Vec<Tag>> {
        self.allocations.iter_mut().find(|known| known.ipam_pool_allocation_id() == part).map(|known| &mut known.tags)
    }

    resource!(tags);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::entity::Ids;
    use crate::time::Lifecycle;

    fn step(state: &mut PoolState, command: PoolCommand) -> Ec2Result<Option<IpamPoolAllocation>> {
        let facts = Facts {
            id: &Id::new("ipam-pool-1"),
            account: &"0".into(),
            now: 0,
            region: "us-east-1",
            lifecycle: &Lifecycle::instant(),
            dependents: &imbl::OrdSet::new(),
            ids: &Ids::seeded(1),
        };
        let decision = state.decide(command, &facts)?;
        if let Next::Become(next) | Next::Gone(next) = decision.next {
            *state = next;
        }
        if let Next::Become(next) = state.elapse(&facts) {
            *state = next;
        }
        Ok(decision.reply)
    }

    fn pool(cidr: &str) -> PoolState {
        let public = IpamPool {
            state: Some("create-complete".into()),
            address_family: Some("ipv4".into()),
            allocation_min_netmask_length: Some(18),
            allocation_max_netmask_length: Some(30),
            ..IpamPool::default()
        };
        let mut pool = PoolState { public, ..PoolState::default() };
        let own = IpamPoolCidr {
            cidr: Some(cidr.into()),
            state: Some("pending-provision".into()),
            ..IpamPoolCidr::default()
        };
        let own = Provisioned { public: own, settles: Some(0), ..Provisioned::default() };
        step(&mut pool, PoolCommand::Provision(own)).unwrap();
        pool
    }

    fn request(id: usize, length: u8) -> PoolCommand {
        let allocation =
            IpamPoolAllocation { ipam_pool_allocation_id: Some(format!("a-{id}")), ..IpamPoolAllocation::default() };
        let request = Request { length: Some(length), allocation, ruled: true, ..Request::default() };
        PoolCommand::Allocate(Box::new(request))
    }

    #[test]
    fn a_block_with_allocations_cannot_be_deprovisioned() {
        let mut pool = pool("10.0.0.0/16");
        step(&mut pool, request(0, 24)).unwrap();
        let refused = step(&mut pool, PoolCommand::Deprovision("10.0.0.0/16".into()));
        assert_eq!(refused.unwrap_err().code, "IncorrectState");
        step(&mut pool, PoolCommand::Release { allocation: "a-0".into(), cidr: None }).unwrap();
        step(&mut pool, PoolCommand::Deprovision("10.0.0.0/16".into())).unwrap();
        assert!(pool.cidrs.is_empty() && pool.intent(), "it has to go back to the scope");
    }

    proptest! {
        #[test]
        fn allocations_never_overlap_and_are_all_given_back(
            steps in prop::collection::vec((18u8..=30, prop::option::of(0usize..40)), 1..80)
        ) {
            let mut pool = pool("10.0.0.0/16");
            for (id, (length, released)) in steps.into_iter().enumerate() {
                if let Some(released) = released {
                    let _ = step(&mut pool, PoolCommand::Release { allocation: format!("a-{released}"), cidr: None });
                }
                let _ = step(&mut pool, request(id, length));
                let known: Vec<IpNet> = pool.allocations.iter().map(|a| a.cidr().parse().unwrap()).collect();
                for (position, block) in known.iter().enumerate() {
                    prop_assert!(known[position + 1..].iter().all(|other| !overlap(block, other)), "{known:?}");
                }
            }
            for allocation in pool.allocations.clone() {
                let id = allocation.ipam_pool_allocation_id().to_owned();
                step(&mut pool, PoolCommand::Release { allocation: id, cidr: None }).unwrap();
            }
            step(&mut pool, PoolCommand::Deprovision("10.0.0.0/16".into())).unwrap();
        }
    }
}
