//! What a NAT gateway owes: elastic addresses that are associated or let go of, and an interface that goes with it.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::state::{Held, Owed};
use super::{NatGatewayCommand, NatGatewayState};
use crate::Region;
use crate::entity::{Id, Published};
use crate::families::addresses::{self, AddressCommand};
use crate::families::network_interfaces::{self, Addresses, NetworkInterfaceCommand, service};
use crate::request::Context;

/// Carries out a gateway's intent. Each step may be repeated.
pub(crate) async fn follow(region: Arc<Region>, gateway: Arc<Published<NatGatewayState>>) {
    let cx = Context::internal(&region, &gateway.account);
    if let Err(error) = carry_out(&cx, &gateway).await {
        tracing::warn!(gateway = %gateway.id, %error, "a NAT gateway's change is not finished");
    }
}

async fn carry_out(cx: &Context, gateway: &Published<NatGatewayState>) -> Ec2Result<()> {
    let command = |command| cx.nat_gateways.ask(&gateway.id, command);
    if gateway.state.leaving {
        service::remove(cx, &gateway.id).await?;
        return command(NatGatewayCommand::Left).await.map(drop);
    }
    for address in &gateway.state.addresses {
        let private_ip = address.shown.private_ip().to_owned();
        let done = match address.owed() {
            Owed::Nothing => continue,
            Owed::Association => {
                let outcome = associate(cx, gateway, address).await;
                NatGatewayCommand::Associated { private_ip, outcome }
            }
            Owed::Release => {
                release(cx, address).await?;
                NatGatewayCommand::Released { private_ip }
            }
        };
        command(done).await?;
    }
    Ok(())
}

/// The failures have the words that AWS documents for a gateway's `failureMessage`.
async fn associate(cx: &Context, gateway: &Published<NatGatewayState>, address: &Held) -> Ec2Result<String> {
    let allocation = address.shown.allocation_id();
    let interface = Id::new(address.shown.network_interface_id());
    let private_ip = address.shown.private_ip();
    let vpc = gateway.state.public.vpc_id();
    if cx.vpcs.index().get(vpc).is_none_or(|vpc| vpc.state.gateway().is_none()) {
        let message = format!("Network {vpc} has no Internet gateway attached");
        return Err(Ec2Error::new("Gateway.NotAttached", message));
    }
    match addresses::associate_with(cx, allocation, &interface, private_ip).await {
        Err(error) if error.code == "Resource.AlreadyAssociated" => {
            Err(Ec2Error::new(error.code, format!("Elastic IP address [{allocation}] is already associated")))
        }
        Err(error) => Err(Ec2Error::new(
            "InvalidAllocationID.NotFound",
            format!("Elastic IP address {allocation} could not be associated with this NAT gateway: {}", error.message),
        )),
        Ok(association) => Ok(association),
    }
}

async fn release(cx: &Context, address: &Held) -> Ec2Result<()> {
    if let Some(allocation) = cx.addresses.index().get(address.shown.allocation_id()) {
        let association = address.shown.association_id.clone();
        cx.addresses.ask(&allocation.id, AddressCommand::Disassociate(association)).await?;
    }
    let interface = Id::new(address.shown.network_interface_id());
    let known = cx.network_interfaces.index().get(&interface);
    if known.is_some_and(|known| known.state.has_private_ip(address.shown.private_ip())) {
        let ipv4 = address.shown.private_ip().parse().into_iter().collect();
        let gone = Addresses { ipv4, ..Addresses::default() };
        network_interfaces::command(cx, &interface, NetworkInterfaceCommand::Unassign(gone)).await?;
    }
    Ok(())
}
