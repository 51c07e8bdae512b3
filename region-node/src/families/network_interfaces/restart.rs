//! What is made again at boot, and what goes with an account.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::Ipv6Net;

use crate::Region;
use crate::entity::Id;
use crate::families::subnets::{SubnetCommand, Wanted};

/// What interfaces have of a subnet.
#[derive(Default)]
struct Taken {
    ipv4: Vec<Wanted>,
    ipv6: Vec<Wanted<Ipv6Addr>>,
    prefixes: Vec<Wanted<Ipv6Net>>,
}

/// Subnets and the pool know again which addresses interfaces have.
pub(crate) async fn rebuild(region: &Arc<Region>) {
    let mut taken: HashMap<Id, Taken> = HashMap::new();
    for interface in region.network_interfaces.index().all() {
        let addresses = interface.state.addresses();
        let Taken { ipv4, ipv6, prefixes } = taken.entry(interface.state.subnet()).or_default();
        ipv4.extend(addresses.ipv4.into_iter().chain(super::prefixes::addresses(&addresses.ipv4_prefixes)).map(Some));
        ipv6.extend(addresses.ipv6.into_iter().map(Some));
        prefixes.extend(addresses.ipv6_prefixes.into_iter().map(Some));
        if let Some(address) = addresses.public {
            region.public_addresses.claim(address);
        }
    }
    for (subnet, Taken { ipv4, ipv6, prefixes }) in taken {
        let mut commands = vec![SubnetCommand::Allocate { by: ipv4 }];
        if !ipv6.is_empty() {
            commands.push(SubnetCommand::AllocateIpv6 { by: ipv6 });
        }
        if !prefixes.is_empty() {
            commands.push(SubnetCommand::AllocateIpv6Prefixes { by: prefixes });
        }
        for command in commands {
            if let Err(error) = region.subnets.ask(&subnet, command).await {
                tracing::warn!(%subnet, %error, "a subnet does not know its interfaces' addresses");
            }
        }
    }
}

/// The public addresses that interfaces have, of one account or of all.
pub(crate) fn of_account(region: &Region, account: Option<&str>) -> Vec<Ipv4Addr> {
    let all = region.network_interfaces.index().all();
    let own = all.iter().filter(|interface| account.is_none_or(|account| *interface.account == *account));
    own.filter_map(|interface| interface.state.addresses().public).collect()
}
