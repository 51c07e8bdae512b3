//! Secondary addresses come and go (reference: AssignPrivateIpAddresses, UnassignPrivateIpAddresses, and those for IPv6).

use std::net::{Ipv4Addr, Ipv6Addr};

use archipelago_proto::ec2::v1::{
    AssignIpv6AddressesRequest, AssignIpv6AddressesResult, AssignPrivateIpAddressesRequest,
    AssignPrivateIpAddressesResult, AssignedPrivateIpAddress, Ipv4PrefixSpecification, UnassignIpv6AddressesRequest,
    UnassignIpv6AddressesResult, UnassignPrivateIpAddressesRequest, UnassignPrivateIpAddressesResponse,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::plan::{self, address};
use super::{Addresses, Limits, NetworkInterfaceCommand, prefixes, removal};
use crate::entity::{Id, Undo, workflow};
use crate::families::subnets::{self, Wanted};
use crate::request::Context;

pub(super) async fn assign_private_ip_addresses(
    cx: Context,
    input: AssignPrivateIpAddressesRequest,
) -> Ec2Result<AssignPrivateIpAddressesResult> {
    let named = parse::<Ipv4Addr>(&input.private_ip_addresses)?;
    let blocks = input.ipv4_prefixes.iter().map(|text| prefixes::read(text)).collect::<Ec2Result<Vec<_>>>()?;
    let [count, prefix_count] = counts([
        ("privateIpAddresses", named.len(), "secondaryPrivateIpAddressCount", input.secondary_private_ip_address_count),
        ("ipv4Prefixes", blocks.len(), "ipv4PrefixCount", input.ipv4_prefix_count),
    ])?;
    let interface = cx.network_interfaces.find(&cx.account, input.network_interface_id())?;
    let subnet = interface.state.subnet();

    let (own, named): (Vec<_>, Vec<_>) =
        named.into_iter().partition(|address| interface.state.has_private_ip(&address.to_string()));
    let moved = if input.allow_reassignment() { holders(&cx, &subnet, &interface.id, &named) } else { Vec::new() };
    let taken: Vec<_> =
        named.iter().copied().filter(|address| !moved.iter().any(|(_, held)| held == address)).collect();
    if let Some(address) = own.first().filter(|_| !input.allow_reassignment()) {
        return Err(Ec2Error::new("InvalidIPAddress.InUse", format!("Address {address} is in use.")));
    }

    let mut undo = Undo::default();
    let outcome = async {
        let wanted: Vec<Wanted> = taken.into_iter().map(Some).chain(std::iter::repeat_n(None, count)).collect();
        let mut new = Addresses::default();
        if !wanted.is_empty() {
            new.ipv4 = subnets::allocate(&cx, &mut undo, &subnet, wanted).await?;
        }
        new.ipv4_prefixes = prefixes::allocate(&cx, &mut undo, &subnet, &blocks, prefix_count).await?;
        new.ipv4.extend(moved.iter().map(|(_, address)| *address));
        let assign = NetworkInterfaceCommand::Assign(new.clone(), Limits::of(&cx, &interface.state));
        cx.network_interfaces.ask(&interface.id, assign).await?;
        Ok(new)
    }
    .await;
    let new = workflow(undo, outcome).await?;
    for (holder, address) in moved {
        // It stays taken: only its interface is another.
        let moved = || NetworkInterfaceCommand::Unassign(Addresses { ipv4: vec![address], ..Addresses::default() });
        if let Err(error) = cx.network_interfaces.ask(&holder, moved()).await {
            // Its holder has given it up meanwhile, so that it is nobody's to take.
            cx.network_interfaces.ask(&interface.id, moved()).await?;
            return Err(error);
        }
    }
    let assigned = new.ipv4.iter().chain(&own);
    let assigned = assigned.map(|address| AssignedPrivateIpAddress { private_ip_address: Some(address.to_string()) });
    let blocks = new.ipv4_prefixes.iter().map(|block| Some(block.to_string()));
    Ok(AssignPrivateIpAddressesResult {
        network_interface_id: Some(interface.id.to_string()),
        assigned_private_ip_addresses: assigned.collect(),
        assigned_ipv4_prefixes: blocks.map(|ipv4_prefix| Ipv4PrefixSpecification { ipv4_prefix }).collect(),
    })
}

/// Who has the addresses as secondary ones by now. Primary ones do not move.
fn holders(cx: &Context, subnet: &Id, but: &Id, addresses: &[Ipv4Addr]) -> Vec<(Id, Ipv4Addr)> {
    let mut holders = Vec::new();
    for interface in cx.network_interfaces.linked_to(subnet).values().filter(|interface| interface.id != *but) {
        let secondary = interface.state.public.private_ip_addresses.iter().filter(|address| !address.primary());
        let held = secondary.filter_map(|address| address.private_ip_address().parse().ok());
        let wanted = held.filter(|address| addresses.contains(address));
        holders.extend(wanted.map(|address| (interface.id.clone(), address)));
    }
    holders
}

pub(super) async fn unassign_private_ip_addresses(
    cx: Context,
    input: UnassignPrivateIpAddressesRequest,
) -> Ec2Result<UnassignPrivateIpAddressesResponse> {
    let old = Addresses {
        ipv4: parse(&input.private_ip_addresses)?,
        ipv4_prefixes: input.ipv4_prefixes.iter().map(|text| prefixes::read(text)).collect::<Ec2Result<_>>()?,
        ..Addresses::default()
    };
    if old == Addresses::default() {
        return Err(Ec2Error::missing_parameter("privateIpAddresses"));
    }
    let interface = cx.network_interfaces.find(&cx.account, input.network_interface_id())?;
    removal::command(&cx, &interface.id, NetworkInterfaceCommand::Unassign(old)).await?;
    Ok(UnassignPrivateIpAddressesResponse {})
}

pub(super) async fn assign_ipv6_addresses(
    cx: Context,
    input: AssignIpv6AddressesRequest,
) -> Ec2Result<AssignIpv6AddressesResult> {
    let named = parse::<Ipv6Addr>(&input.ipv6_addresses)?;
    let blocks = input.ipv6_prefixes.iter().map(|text| prefixes::read_ipv6(text)).collect::<Ec2Result<Vec<_>>>()?;
    let [count, prefix_count] = counts([
        ("ipv6Addresses", named.len(), "ipv6AddressCount", input.ipv6_address_count),
        ("ipv6Prefixes", blocks.len(), "ipv6PrefixCount", input.ipv6_prefix_count),
    ])?;
    let interface = cx.network_interfaces.find(&cx.account, input.network_interface_id())?;
    let subnet = interface.state.subnet();
    let wanted: Vec<_> = named.into_iter().map(Some).chain(std::iter::repeat_n(None, count)).collect();
    let wanted_blocks: Vec<_> = blocks.into_iter().map(Some).chain(std::iter::repeat_n(None, prefix_count)).collect();
    let mut undo = Undo::default();
    let outcome = async {
        let mut new = Addresses::default();
        if !wanted.is_empty() {
            new.ipv6 = subnets::allocate_ipv6(&cx, &mut undo, &subnet, wanted).await?;
        }
        if !wanted_blocks.is_empty() {
            new.ipv6_prefixes = subnets::allocate_ipv6_prefixes(&cx, &mut undo, &subnet, wanted_blocks).await?;
        }
        let assign = NetworkInterfaceCommand::Assign(new.clone(), Limits::of(&cx, &interface.state));
        cx.network_interfaces.ask(&interface.id, assign).await?;
        Ok(new)
    }
    .await;
    let assigned = workflow(undo, outcome).await?;
    Ok(AssignIpv6AddressesResult {
        assigned_ipv6_addresses: assigned.ipv6.iter().map(ToString::to_string).collect(),
        assigned_ipv6_prefixes: assigned.ipv6_prefixes.iter().map(ToString::to_string).collect(),
        network_interface_id: Some(interface.id.to_string()),
    })
}

pub(super) async fn unassign_ipv6_addresses(
    cx: Context,
    input: UnassignIpv6AddressesRequest,
) -> Ec2Result<UnassignIpv6AddressesResult> {
    let ipv6 = parse::<Ipv6Addr>(&input.ipv6_addresses)?;
    let ipv6_prefixes =
        input.ipv6_prefixes.iter().map(|text| prefixes::read_ipv6(text)).collect::<Ec2Result<Vec<_>>>()?;
    if ipv6.is_empty() && ipv6_prefixes.is_empty() {
        return Err(Ec2Error::missing_parameter("ipv6Addresses"));
    }
    let interface = cx.network_interfaces.find(&cx.account, input.network_interface_id())?;
    let old = Addresses { ipv6, ipv6_prefixes, ..Addresses::default() };
    removal::command(&cx, &interface.id, NetworkInterfaceCommand::Unassign(old)).await?;
    Ok(UnassignIpv6AddressesResult {
        network_interface_id: Some(interface.id.to_string()),
        unassigned_ipv6_addresses: input.ipv6_addresses,
        unassigned_ipv6_prefixes: input.ipv6_prefixes,
    })
}

fn parse<A: std::str::FromStr + PartialEq>(texts: &[String]) -> Ec2Result<Vec<A>> {
    let mut addresses = Vec::new();
    for text in texts {
        let new = address(text)?;
        if addresses.contains(&new) {
            return Err(Ec2Error::invalid_parameter(format!("The address {text} is specified more than once")));
        }
        addresses.push(new);
    }
    Ok(addresses)
}

/// Addresses are named, or else counted; in at least one of the ways.
fn counts<const N: usize>(ways: [(&str, usize, &str, Option<i32>); N]) -> Ec2Result<[usize; N]> {
    let mut counts = [0; N];
    for (slot, (list, named, counter, count)) in counts.iter_mut().zip(&ways) {
        if *named > 0 && count.is_some() {
            return Err(Ec2Error::invalid_combination(format!(
                "The parameters {list} and {counter} may not be specified together"
            )));
        }
        *slot = plan::count(counter, *count)?;
    }
    if ways.iter().all(|(_, named, _, _)| *named == 0) && counts.iter().all(|count| *count == 0) {
        let (list, _, counter, _) = ways[0];
        return Err(Ec2Error::new("MissingParameter", format!("Either '{list}' or '{counter}' should be provided.")));
    }
    Ok(counts)
}
