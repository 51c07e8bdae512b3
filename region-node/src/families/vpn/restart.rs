//! What is made again at boot, and what goes with an account.

use std::net::Ipv4Addr;
use std::sync::Arc;

use crate::Region;
use crate::entity::Id;
use crate::families::vpcs::VpcCommand;

/// The pool knows again which addresses tunnels have, and VPCs know their gateways.
pub(crate) async fn rebuild(region: &Arc<Region>) {
    for address in of_account(region, None) {
        region.public_addresses.claim(address);
    }
    for gateway in region.vpn_gateways.index().all() {
        if let Some(vpc) = gateway.state.vpc() {
            drop(region.vpcs.ask(&Id::new(vpc), VpcCommand::TakeVpnGateway(gateway.id.clone())).await);
        }
    }
}

/// The public addresses of tunnels, of one account or of all.
pub(crate) fn of_account(region: &Region, account: Option<&str>) -> Vec<Ipv4Addr> {
    let all = region.vpn_connections.index().all();
    let own = all.iter().filter(|connection| account.is_none_or(|account| *connection.account == *account));
    own.filter(|connection| !connection.state.is_over()).flat_map(|connection| connection.state.addresses()).collect()
}
