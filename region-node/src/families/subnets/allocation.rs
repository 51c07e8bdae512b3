//! How a subnet hands out its addresses, and how others ask for them.

use std::net::{Ipv4Addr, Ipv6Addr};

use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::Ipv6Net;

use super::ipv6_addresses::Ipv6Addresses;
use super::{SubnetCommand, SubnetState, Wanted};
use crate::entity::{Facts, Id, Undo};
use crate::request::Context;

/// Takes IPv4 addresses, all or none; given back if the workflow fails.
pub async fn allocate(cx: &Context, undo: &mut Undo, subnet: &Id, wanted: Vec<Wanted>) -> Ec2Result<Vec<Ipv4Addr>> {
    let addresses = cx.subnets.ask(subnet, SubnetCommand::Allocate { by: wanted }).await?.reply.ipv4;
    let (cx, subnet, taken) = (cx.clone(), subnet.clone(), addresses.clone());
    undo.push(async move { free(&cx, &subnet, taken).await });
    Ok(addresses)
}

/// Takes IPv6 addresses, all or none; given back if the workflow fails.
pub async fn allocate_ipv6(
    cx: &Context,
    undo: &mut Undo,
    subnet: &Id,
    wanted: Vec<Wanted<Ipv6Addr>>,
) -> Ec2Result<Vec<Ipv6Addr>> {
    let addresses = cx.subnets.ask(subnet, SubnetCommand::AllocateIpv6 { by: wanted }).await?.reply.ipv6;
    let (cx, subnet, taken) = (cx.clone(), subnet.clone(), addresses.clone());
    undo.push(async move { free_ipv6(&cx, &subnet, taken).await });
    Ok(addresses)
}

/// Takes IPv6 prefixes, all or none; given back if the workflow fails.
pub async fn allocate_ipv6_prefixes(
    cx: &Context,
    undo: &mut Undo,
    subnet: &Id,
    wanted: Vec<Wanted<Ipv6Net>>,
) -> Ec2Result<Vec<Ipv6Net>> {
    let prefixes =
        cx.subnets.ask(subnet, SubnetCommand::AllocateIpv6Prefixes { by: wanted }).await?.reply.ipv6_prefixes;
    let (cx, subnet, taken) = (cx.clone(), subnet.clone(), prefixes.clone());
    undo.push(async move { free_ipv6_prefixes(&cx, &subnet, taken).await });
    Ok(prefixes)
}

pub async fn free(cx: &Context, subnet: &Id, addresses: Vec<Ipv4Addr>) {
    // A subnet that is gone has no addresses to take back.
    let _ = cx.subnets.ask(subnet, SubnetCommand::Free(addresses)).await;
}

pub async fn free_ipv6(cx: &Context, subnet: &Id, addresses: Vec<Ipv6Addr>) {
    let _ = cx.subnets.ask(subnet, SubnetCommand::FreeIpv6(addresses)).await;
}

pub async fn free_ipv6_prefixes(cx: &Context, subnet: &Id, prefixes: Vec<Ipv6Net>) {
    let _ = cx.subnets.ask(subnet, SubnetCommand::FreeIpv6Prefixes(prefixes)).await;
}

impl SubnetState {
    pub(super) fn allocate(&mut self, by: Vec<Wanted>, id: &Id) -> Ec2Result<Vec<Ipv4Addr>> {
        let addresses = self.addresses.as_mut().ok_or_else(|| no_free_addresses(id))?;
        let any = by.iter().filter(|wanted| wanted.is_none()).count();
        if addresses.free_count() as usize <= any.saturating_sub(1) {
            return Err(no_free_addresses(id));
        }
        // Those with a name first, so that none is given away as one of the others.
        for address in by.iter().flatten() {
            addresses.take(*address)?;
        }
        let take = |wanted: Wanted| wanted.or_else(|| addresses.take_any()).ok_or_else(|| no_free_addresses(id));
        by.into_iter().map(take).collect()
    }

    pub(super) fn allocate_ipv6(&mut self, by: Vec<Wanted<Ipv6Addr>>, facts: &Facts<'_>) -> Ec2Result<Vec<Ipv6Addr>> {
        let addresses = self.with_ipv6(facts.id)?;
        for address in by.iter().flatten() {
            addresses.take(*address)?;
        }
        let mut take_any = || addresses.take_any(|| facts.ids.number());
        let take = |wanted: Wanted<Ipv6Addr>| wanted.or_else(&mut take_any).ok_or_else(|| no_free_addresses(facts.id));
        by.into_iter().map(take).collect()
    }

    pub(super) fn allocate_ipv6_prefixes(
        &mut self,
        by: Vec<Wanted<Ipv6Net>>,
        facts: &Facts<'_>,
    ) -> Ec2Result<Vec<Ipv6Net>> {
        let addresses = self.with_ipv6(facts.id)?;
        for prefix in by.iter().flatten() {
            addresses.take_prefix(*prefix)?;
        }
        let mut take_any = || addresses.take_any_prefix(|| facts.ids.number());
        let take = |wanted: Wanted<Ipv6Net>| wanted.or_else(&mut take_any).ok_or_else(|| no_free_blocks(facts.id));
        by.into_iter().map(take).collect()
    }

    fn with_ipv6(&mut self, id: &Id) -> Ec2Result<&mut Ipv6Addresses> {
        self.ipv6_addresses
            .as_mut()
            .ok_or_else(|| Ec2Error::invalid_parameter(format!("The subnet '{id}' has no IPv6 CIDR block associated")))
    }
}

fn no_free_addresses(id: &Id) -> Ec2Error {
    Ec2Error::new(
        "InsufficientFreeAddressesInSubnet",
        format!("The specified subnet '{id}' does not have enough free addresses to satisfy the request."),
    )
}

/// As of prefixes, of either family.
pub fn no_free_blocks(id: &Id) -> Ec2Error {
    Ec2Error::new(
        "InsufficientCidrBlocks",
        format!("The specified subnet '{id}' does not have enough free cidr blocks to satisfy the request."),
    )
}
