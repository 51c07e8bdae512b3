//! What an interface no longer needs goes back to where it came from.

use std::sync::Arc;

use archipelago_proto::Ec2Result;

use super::{Addresses, NetworkInterfaceCommand, NetworkInterfaceState, prefixes};
use crate::entity::{Id, Published};
use crate::families::subnets;
use crate::request::Context;

/// Sends a command, and gives back the addresses that it leaves. A crash in between loses none: what
/// is taken is counted again at boot.
pub async fn command(
    cx: &Context,
    id: &Id,
    command: NetworkInterfaceCommand,
) -> Ec2Result<Arc<Published<NetworkInterfaceState>>> {
    let answer = cx.network_interfaces.ask(id, command).await?;
    hand_back(cx, &answer.published.state.subnet(), answer.reply).await;
    Ok(answer.published)
}

/// Gives addresses back to the subnet and to the pool.
pub async fn hand_back(cx: &Context, subnet: &Id, addresses: Addresses) {
    let Addresses { mut ipv4, ipv4_prefixes, ipv6, ipv6_prefixes, public } = addresses;
    ipv4.extend(prefixes::addresses(&ipv4_prefixes));
    if !ipv4.is_empty() {
        subnets::free(cx, subnet, ipv4).await;
    }
    if !ipv6.is_empty() {
        subnets::free_ipv6(cx, subnet, ipv6).await;
    }
    if !ipv6_prefixes.is_empty() {
        subnets::free_ipv6_prefixes(cx, subnet, ipv6_prefixes).await;
    }
    if let Some(public) = public {
        cx.public_addresses.give_back(public);
    }
}
