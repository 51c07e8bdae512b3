//! Secondary addresses of NAT gateways come and go.

use std::net::Ipv4Addr;
use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AssignPrivateNatGatewayAddressRequest, AssignPrivateNatGatewayAddressResult, AssociateNatGatewayAddressRequest,
    AssociateNatGatewayAddressResult, DisassociateNatGatewayAddressRequest, DisassociateNatGatewayAddressResult,
    NatGatewayAddress, UnassignPrivateNatGatewayAddressRequest, UnassignPrivateNatGatewayAddressResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::{NatGatewayCommand, NatGatewayState};
use crate::entity::{Id, Published, Undo, workflow};
use crate::families::network_interfaces::{Addresses, Limits, NetworkInterfaceCommand};
use crate::families::subnets::{self, Wanted};
use crate::request::Context;

type Gateway = Arc<Published<NatGatewayState>>;

fn find(cx: &Context, id: &str, connectivity: &str) -> Ec2Result<Gateway> {
    let gateway = cx.nat_gateways.find(&cx.account, id)?;
    if gateway.state.public.connectivity_type() != connectivity {
        return Err(Ec2Error::invalid_parameter(format!(
            "The operation is supported for {connectivity} NAT gateways only, and {id} is none."
        )));
    }
    Ok(gateway)
}

fn parse(addresses: &[String]) -> Ec2Result<Vec<Wanted>> {
    let parse = |text: &String| text.parse().map(Some).map_err(|_| Ec2Error::invalid_value("privateIpAddress", text));
    addresses.iter().map(parse).collect()
}

/// AWS: MaxDrainDurationSeconds is 1 to 4,000 seconds. Nothing flows here that would have to be waited for.
fn check_drain(seconds: Option<i32>) -> Ec2Result<()> {
    match seconds {
        Some(seconds) if !(1..=4000).contains(&seconds) => {
            Err(Ec2Error::invalid_value("maxDrainDurationSeconds", seconds))
        }
        _ => Ok(()),
    }
}

/// The interface gets the private addresses, and then the gateway has them.
async fn add(
    cx: &Context,
    gateway: &Gateway,
    wanted: Vec<Wanted>,
    shown: impl Fn(usize, Ipv4Addr) -> NatGatewayAddress,
) -> Ec2Result<Vec<NatGatewayAddress>> {
    let interface = gateway.state.view().nat_gateway_addresses.first().and_then(|a| a.network_interface_id.clone());
    let interface = Id::new(&interface.ok_or_else(Ec2Error::internal)?);
    let subnet = Id::new(gateway.state.public.subnet_id());
    let mut undo = Undo::default();
    let outcome = async {
        let taken = subnets::allocate(cx, &mut undo, &subnet, wanted).await?;
        let new = || Addresses { ipv4: taken.clone(), ..Addresses::default() };
        cx.network_interfaces.ask(&interface, NetworkInterfaceCommand::Assign(new(), Limits::default())).await?;
        let (interfaces, id, old) = (cx.network_interfaces.clone(), interface.clone(), new());
        undo.push(async move { drop(interfaces.ask(&id, NetworkInterfaceCommand::Unassign(old)).await) });
        let addresses = taken.iter().enumerate().map(|(position, ip)| NatGatewayAddress {
            network_interface_id: Some(interface.to_string()),
            private_ip: Some(ip.to_string()),
            is_primary: Some(false),
            ..shown(position, *ip)
        });
        let answer = cx.nat_gateways.ask(&gateway.id, NatGatewayCommand::Add(addresses.collect())).await?;
        let all = answer.published.state.view().nat_gateway_addresses;
        let is_new = |known: &NatGatewayAddress| taken.iter().any(|ip| ip.to_string() == known.private_ip());
        Ok(all.into_iter().filter(is_new).collect())
    }
    .await;
    workflow(undo, outcome).await
}

pub(super) async fn associate_nat_gateway_address(
    cx: Context,
    input: AssociateNatGatewayAddressRequest,
) -> Ec2Result<AssociateNatGatewayAddressResult> {
    if input.availability_zone.is_some() || input.availability_zone_id.is_some() {
        return Err(Ec2Error::unsupported("Availability Zones are for regional NAT gateways only."));
    }
    let named = parse(&input.private_ip_addresses)?;
    if !named.is_empty() && named.len() != input.allocation_ids.len() {
        return Err(Ec2Error::invalid_combination(
            "The numbers of Elastic IP addresses and of private IP addresses must be equal.",
        ));
    }
    let gateway = find(&cx, input.nat_gateway_id(), "public")?;
    let mut elastic = Vec::new();
    for id in &input.allocation_ids {
        let address = cx.addresses.find(&cx.account, id)?;
        if address.state.is_associated() {
            let message = format!("Elastic IP address [{id}] is already associated");
            return Err(Ec2Error::new("Resource.AlreadyAssociated", message));
        }
        elastic.push(address);
    }
    let wanted = if named.is_empty() { vec![None; elastic.len()] } else { named };
    let nat_gateway_addresses = add(&cx, &gateway, wanted, |position, _| NatGatewayAddress {
        allocation_id: elastic.get(position).map(|address| address.id.to_string()),
        public_ip: elastic.get(position).and_then(|address| address.state.public.public_ip.clone()),
        ..NatGatewayAddress::default()
    })
    .await?;
    Ok(AssociateNatGatewayAddressResult { nat_gateway_id: input.nat_gateway_id, nat_gateway_addresses })
}

pub(super) async fn assign_private_nat_gateway_address(
    cx: Context,
    input: AssignPrivateNatGatewayAddressRequest,
) -> Ec2Result<AssignPrivateNatGatewayAddressResult> {
    let wanted = match (parse(&input.private_ip_addresses)?, input.private_ip_address_count) {
        (named, None) if !named.is_empty() => named,
        (named, Some(count)) if named.is_empty() && (1..=31).contains(&count) => {
            vec![None; usize::try_from(count).unwrap_or_default()]
        }
        (named, Some(count)) if named.is_empty() => {
            return Err(Ec2Error::invalid_value("privateIpAddressCount", count));
        }
        (_, Some(_)) => {
            return Err(Ec2Error::invalid_combination(
                "The parameters privateIpAddresses and privateIpAddressCount may not be specified together",
            ));
        }
        (_, None) => return Err(Ec2Error::missing_parameter("privateIpAddresses")),
    };
    let gateway = find(&cx, input.nat_gateway_id(), "private")?;
    let mut nat_gateway_addresses = add(&cx, &gateway, wanted, |_, _| NatGatewayAddress::default()).await?;
    nat_gateway_addresses.iter_mut().for_each(|address| address.status = Some("assigning".into()));
    Ok(AssignPrivateNatGatewayAddressResult { nat_gateway_id: input.nat_gateway_id, nat_gateway_addresses })
}

async fn drain(
    cx: &Context,
    gateway: &Gateway,
    private_ips: Vec<String>,
    word: &'static str,
) -> Ec2Result<Vec<NatGatewayAddress>> {
    let command = NatGatewayCommand::Drain { private_ips: private_ips.clone(), word };
    let answer = cx.nat_gateways.ask(&gateway.id, command).await?;
    let all = answer.published.state.view().nat_gateway_addresses;
    Ok(all.into_iter().filter(|address| private_ips.iter().any(|ip| ip == address.private_ip())).collect())
}

pub(super) async fn disassociate_nat_gateway_address(
    cx: Context,
    input: DisassociateNatGatewayAddressRequest,
) -> Ec2Result<DisassociateNatGatewayAddressResult> {
    check_drain(input.max_drain_duration_seconds)?;
    let gateway = find(&cx, input.nat_gateway_id(), "public")?;
    let known = gateway.state.view().nat_gateway_addresses;
    let mut private_ips = Vec::new();
    for id in &input.association_ids {
        let address = known.iter().find(|address| address.association_id() == id).ok_or_else(|| {
            Ec2Error::new("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
        })?;
        private_ips.push(address.private_ip().to_owned());
    }
    let nat_gateway_addresses = drain(&cx, &gateway, private_ips, "disassociating").await?;
    Ok(DisassociateNatGatewayAddressResult { nat_gateway_id: input.nat_gateway_id, nat_gateway_addresses })
}

pub(super) async fn unassign_private_nat_gateway_address(
    cx: Context,
    input: UnassignPrivateNatGatewayAddressRequest,
) -> Ec2Result<UnassignPrivateNatGatewayAddressResult> {
    check_drain(input.max_drain_duration_seconds)?;
    let gateway = find(&cx, input.nat_gateway_id(), "private")?;
    let nat_gateway_addresses = drain(&cx, &gateway, input.private_ip_addresses, "unassigning").await?;
    Ok(UnassignPrivateNatGatewayAddressResult { nat_gateway_id: input.nat_gateway_id, nat_gateway_addresses })
}
