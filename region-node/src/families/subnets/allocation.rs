//! How others ask a subnet for addresses, and give them back.

use std::net::{Ipv4Addr, Ipv6Addr};

use archipelago_proto::Ec2Result;

use super::{SubnetCommand, Wanted};
use crate::entity::{Id, Undo};
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

pub async fn free(cx: &Context, subnet: &Id, addresses: Vec<Ipv4Addr>) {
    // A subnet that is gone has no addresses to take back.
    let _ = cx.subnets.ask(subnet, SubnetCommand::Free(addresses)).await;
}

pub async fn free_ipv6(cx: &Context, subnet: &Id, addresses: Vec<Ipv6Addr>) {
    let _ = cx.subnets.ask(subnet, SubnetCommand::FreeIpv6(addresses)).await;
}
