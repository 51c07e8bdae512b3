//! CreateNatGateway: the interface comes with the gateway; the elastic addresses follow.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    CreateNatGatewayRequest, CreateNatGatewayResult, NatGateway, NatGatewayAddress, PrivateIpAddressSpecification,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::NatGatewayState;
use crate::entity::{Entity as _, Id, Published, Undo, workflow};
use crate::families::network_interfaces::launch::NewInterface;
use crate::families::network_interfaces::{NetworkInterfaceState, service};
use crate::families::subnets::SubnetState;
use crate::request::{Context, required, tags_for};
use crate::time::Transition;

pub(super) async fn create_nat_gateway(
    cx: Context,
    input: CreateNatGatewayRequest,
) -> Ec2Result<CreateNatGatewayResult> {
    let kind = &NatGatewayState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    if input.availability_mode() == "regional"
        || input.vpc_id.is_some()
        || !input.availability_zone_addresses.is_empty()
    {
        return Err(Ec2Error::unsupported("Regional NAT gateways are not supported."));
    }
    let connectivity = check_connectivity(&input)?;
    let subnet = cx.subnets.find(&cx.account, required("subnetId", input.subnet_id.as_deref())?)?;
    let allocations = allocations(&cx, &input)?;

    let id = cx.nat_gateways.fresh_id();
    let mut undo = Undo::default();
    let outcome = async {
        let public = NatGateway {
            create_time: Some(cx.shell.clock.now()),
            nat_gateway_id: Some(id.to_string()),
            state: Some("pending".into()),
            subnet_id: Some(subnet.id.to_string()),
            vpc_id: subnet.state.public.vpc_id.clone(),
            tags,
            connectivity_type: Some(connectivity.into()),
            availability_mode: Some("zonal".into()),
            ..NatGateway::default()
        };
        let zone = subnet.state.public.availability_zone().to_owned();
        let mut batch = cx.batch();
        let settles = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::NatGatewayCreate);
        let state = match interface(&cx, &mut undo, &input, &id, subnet).await {
            Ok((interface_id, interface)) => {
                let addresses = addresses(&interface, &interface_id, &allocations);
                batch.create(&cx.network_interfaces, &interface_id, interface)?;
                NatGatewayState::new(public, addresses, &zone, settles)
            }
            // It is made all the same, and fails.
            Err(error) if error.code == "InsufficientFreeAddressesInSubnet" => {
                let public = NatGateway {
                    failure_code: Some(error.code),
                    failure_message: Some("Subnet has insufficient free addresses to create this NAT gateway".into()),
                    ..public
                };
                NatGatewayState::new(public, Vec::new(), &zone, settles)
            }
            Err(error) => return Err(error),
        };
        let shown = NatGateway { failure_code: None, failure_message: None, ..state.view() };
        batch.create(&cx.nat_gateways, &id, state)?;
        let response = CreateNatGatewayResult { client_token: input.client_token, nat_gateway: Some(shown) };
        cx.commit(batch, response).await
    }
    .await;
    let response = workflow(undo, outcome).await?;
    cx.nat_gateways.follow_up(&id).await;
    Ok(response)
}

/// Public ones have elastic addresses, private ones must not.
fn check_connectivity(input: &CreateNatGatewayRequest) -> Ec2Result<&'static str> {
    let elastic = input.allocation_id.is_some() || !input.secondary_allocation_ids.is_empty();
    let counted = input.secondary_private_ip_address_count.is_some();
    if counted && !input.secondary_private_ip_addresses.is_empty() {
        return Err(Ec2Error::invalid_combination(
            "The parameters secondaryPrivateIpAddresses and secondaryPrivateIpAddressCount may not be specified \
             together",
        ));
    }
    match input.connectivity_type.as_deref() {
        Some("private") if elastic => {
            Err(Ec2Error::invalid_combination("You cannot specify an Elastic IP address with a private NAT gateway."))
        }
        Some("private") => Ok("private"),
        _ if counted => Err(Ec2Error::invalid_combination(
            "The parameter secondaryPrivateIpAddressCount is for private NAT gateways only.",
        )),
        _ if input.allocation_id.is_none() => Err(Ec2Error::missing_parameter("AllocationId")),
        _ if input.secondary_private_ip_addresses.len() > input.secondary_allocation_ids.len() => {
            Err(Ec2Error::invalid_combination(
                "Each secondary private IP address of a public NAT gateway needs a secondary Elastic IP address.",
            ))
        }
        _ => Ok("public"),
    }
}

/// The elastic addresses by their allocations, the primary one first.
fn allocations(cx: &Context, input: &CreateNatGatewayRequest) -> Ec2Result<Vec<(String, Option<String>)>> {
    let ids = input.allocation_id.iter().chain(&input.secondary_allocation_ids);
    let mut known: Vec<(String, Option<String>)> = Vec::new();
    for id in ids {
        let address = cx.addresses.find(&cx.account, id)?;
        if known.iter().any(|(known, _)| known == id) {
            return Err(Ec2Error::invalid_parameter(format!("The allocation ID {id} is specified more than once.")));
        }
        known.push((id.clone(), address.state.public.public_ip.clone()));
    }
    Ok(known)
}

async fn interface(
    cx: &Context,
    undo: &mut Undo,
    input: &CreateNatGatewayRequest,
    id: &Id,
    subnet: Arc<Published<SubnetState>>,
) -> Ec2Result<(Id, NetworkInterfaceState)> {
    let named = input.secondary_private_ip_addresses.iter().map(|address| PrivateIpAddressSpecification {
        primary: Some(false),
        private_ip_address: Some(address.clone()),
    });
    let named: Vec<_> = named.collect();
    // Elastic addresses that come without a private one of their own get any.
    let more = input.secondary_allocation_ids.len().saturating_sub(named.len());
    if !named.is_empty() && more > 0 {
        return Err(Ec2Error::invalid_combination(
            "Each secondary Elastic IP address needs a secondary private IP address, or none has one.",
        ));
    }
    let counted = input.secondary_private_ip_address_count.or(i32::try_from(more).ok().filter(|more| *more > 0));
    let new = NewInterface {
        description: Some(format!("Interface for NAT Gateway {id}")),
        private_ip_address: input.private_ip_address.clone(),
        private_ip_addresses: named,
        secondary_private_ip_address_count: counted,
        interface_type: Some("nat_gateway".into()),
        ..NewInterface::in_subnet(subnet)
    };
    let (interface_id, mut interface) = service::prepare(cx, undo, &new, id).await?;
    // It passes on what others send.
    interface.public.source_dest_check = Some(false);
    Ok((interface_id, interface))
}

fn addresses(
    interface: &NetworkInterfaceState,
    id: &Id,
    allocations: &[(String, Option<String>)],
) -> Vec<NatGatewayAddress> {
    let private = interface.public.private_ip_addresses.iter();
    let allocations = allocations.iter().map(Some).chain(std::iter::repeat(None));
    let address = private.zip(allocations).map(|(private, elastic)| NatGatewayAddress {
        allocation_id: elastic.map(|(allocation, _)| allocation.clone()),
        network_interface_id: Some(id.to_string()),
        private_ip: private.private_ip_address.clone(),
        public_ip: elastic.and_then(|(_, public_ip)| public_ip.clone()),
        is_primary: private.primary,
        ..NatGatewayAddress::default()
    });
    address.collect()
}
