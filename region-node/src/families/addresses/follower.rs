//! What becomes of elastic addresses when their interface goes, or loses a private address.

use std::sync::Arc;

use archipelago_proto::Ec2Result;

use super::association_actions::{associate, next_number};
use super::{AddressCommand, Association, of_interface};
use crate::Region;
use crate::entity::{Id, Published};
use crate::families::network_interfaces::{self, NetworkInterfaceCommand, NetworkInterfaceState};
use crate::request::Context;

/// Carries out an interface's intent. Each step may be repeated.
pub(crate) async fn follow(region: Arc<Region>, interface: Arc<Published<NetworkInterfaceState>>) {
    let cx = Context::internal(&region, &interface.account);
    if let Err(error) = let_go(&cx, &interface).await {
        tracing::warn!(interface = %interface.id, %error, "an interface keeps its elastic addresses");
    }
}

async fn let_go(cx: &Context, interface: &Published<NetworkInterfaceState>) -> Ec2Result<()> {
    let (leaving, lost) = (interface.state.leaving, &interface.state.lost);
    for address in of_interface(cx, &interface.id) {
        let private_ip = address.state.public.private_ip_address();
        if !leaving && !lost.iter().any(|lost| lost == private_ip) {
            continue;
        }
        match new_holder(cx, interface, private_ip).filter(|_| !leaving) {
            // AWS: with a private address that moves, its elastic address moves too.
            Some(holder) => {
                let with = Association {
                    number: next_number(cx, &holder),
                    interface: holder,
                    interface_owner: interface.account.to_string(),
                    private_ip: private_ip.to_owned(),
                    allow_reassociation: true,
                };
                associate(cx, &address.id, with).await?;
            }
            None => {
                let association = address.state.public.association_id.clone();
                cx.addresses.ask(&address.id, AddressCommand::Disassociate(association)).await?;
            }
        }
    }
    let last = if leaving { NetworkInterfaceCommand::Bury } else { NetworkInterfaceCommand::Forget(lost.clone()) };
    network_interfaces::command(cx, &interface.id, last).await.map(drop)
}

fn new_holder(cx: &Context, interface: &Published<NetworkInterfaceState>, private_ip: &str) -> Option<Id> {
    let neighbours = cx.network_interfaces.linked_to(&interface.state.subnet());
    let holds = |other: &&Arc<Published<NetworkInterfaceState>>| {
        other.id != interface.id && other.state.has_private_ip(private_ip)
    };
    neighbours.values().find(holds).map(|holder| holder.id.clone())
}
