//! NAT gateways over gRPC.

use crate::support::network::{filter, gateway, some, subnet, vpc};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::addresses_service_client::AddressesServiceClient;
use archipelago_proto::ec2::v1::nat_gateways_service_client::NatGatewaysServiceClient;
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::route_tables_service_client::RouteTablesServiceClient;
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::{
    AllocateAddressRequest, AllocateAddressResult, AssignPrivateNatGatewayAddressRequest,
    AssociateNatGatewayAddressRequest, CreateNatGatewayRequest, CreateRouteRequest, DeleteNatGatewayRequest,
    DeleteNetworkInterfaceRequest, DeleteSubnetRequest, DescribeNatGatewaysRequest, DescribeNetworkInterfacesRequest,
    DescribeRouteTablesRequest, DescribeSubnetsRequest, DisassociateAddressRequest,
    DisassociateNatGatewayAddressRequest, NatGateway, ReleaseAddressRequest, Subnet,
    UnassignPrivateNatGatewayAddressRequest,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> NatGatewaysServiceClient<Channel> {
    NatGatewaysServiceClient::new(sandbox.channel.clone())
}

async fn allocate(sandbox: &Sandbox) -> AllocateAddressResult {
    let mut client = AddressesServiceClient::new(sandbox.channel.clone());
    client.allocate_address(sandbox.ask(AllocateAddressRequest::default())).await.unwrap().into_inner()
}

fn public(subnet: &Subnet, address: &AllocateAddressResult) -> CreateNatGatewayRequest {
    CreateNatGatewayRequest {
        subnet_id: subnet.subnet_id.clone(),
        allocation_id: address.allocation_id.clone(),
        ..Default::default()
    }
}

async fn create(sandbox: &Sandbox, input: CreateNatGatewayRequest) -> NatGateway {
    client(sandbox).create_nat_gateway(sandbox.ask(input)).await.unwrap().into_inner().nat_gateway.unwrap()
}

async fn shown(sandbox: &Sandbox, gateway: &NatGateway) -> NatGateway {
    let input =
        DescribeNatGatewaysRequest { nat_gateway_ids: vec![gateway.nat_gateway_id().to_owned()], ..Default::default() };
    client(sandbox).describe_nat_gateways(sandbox.ask(input)).await.unwrap().into_inner().nat_gateways.remove(0)
}

async fn delete(sandbox: &Sandbox, gateway: &NatGateway) {
    let input = DeleteNatGatewayRequest { nat_gateway_id: gateway.nat_gateway_id.clone(), ..Default::default() };
    client(sandbox).delete_nat_gateway(sandbox.ask(input)).await.unwrap();
}

async fn free_addresses(sandbox: &Sandbox, subnet: &Subnet) -> i32 {
    let mut subnets = SubnetsServiceClient::new(sandbox.channel.clone());
    let input = DescribeSubnetsRequest { subnet_ids: vec![subnet.subnet_id().to_owned()], ..Default::default() };
    let found = subnets.describe_subnets(sandbox.ask(input)).await.unwrap().into_inner().subnets;
    found[0].available_ip_address_count()
}

#[tokio::test]
async fn a_public_gateway_holds_its_addresses_until_it_is_deleted() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    gateway(&sandbox, &vpc).await;
    let (subnet, address) = (subnet(&sandbox, &vpc, "10.0.0.0/24").await, allocate(&sandbox).await);
    let made = create(&sandbox, public(&subnet, &address)).await;
    assert_eq!((made.state(), made.connectivity_type()), ("pending", "public"));
    let found = shown(&sandbox, &made).await;
    assert_eq!(found.state(), "available");
    let held = &found.nat_gateway_addresses[0];
    assert_eq!((&held.public_ip, held.is_primary(), held.status()), (&address.public_ip, true, "succeeded"));
    assert!(held.association_id.is_some());
    assert_eq!(free_addresses(&sandbox, &subnet).await, 250);

    let mut interfaces = NetworkInterfacesServiceClient::new(sandbox.channel.clone());
    let input = DescribeNetworkInterfacesRequest {
        filters: filter("attachment.nat-gateway-id", made.nat_gateway_id()),
        ..Default::default()
    };
    let own = interfaces.describe_network_interfaces(sandbox.ask(input)).await.unwrap().into_inner();
    let interface = &own.network_interfaces[0];
    assert_eq!((interface.interface_type(), interface.status()), ("nat_gateway", "in-use"));
    assert_eq!(interface.association.as_ref().unwrap().public_ip, address.public_ip);
    assert!(interface.groups.is_empty() && interface.requester_managed());

    let mut addresses = AddressesServiceClient::new(sandbox.channel.clone());
    let away = DisassociateAddressRequest { association_id: held.association_id.clone(), ..Default::default() };
    assert_eq!(code(addresses.disassociate_address(sandbox.ask(away)).await), "AuthFailure");
    let release = ReleaseAddressRequest { allocation_id: address.allocation_id.clone(), ..Default::default() };
    assert_eq!(code(addresses.release_address(sandbox.ask(release.clone())).await), "InvalidIPAddress.InUse");
    let input = DeleteNetworkInterfaceRequest {
        network_interface_id: interface.network_interface_id.clone(),
        ..Default::default()
    };
    let refused = interfaces.delete_network_interface(sandbox.ask(input)).await;
    assert_eq!(code(refused), "InvalidNetworkInterface.InUse");

    delete(&sandbox, &made).await;
    let gone = shown(&sandbox, &made).await;
    assert_eq!(gone.state(), "deleted");
    assert!(gone.delete_time.is_some());
    assert_eq!(free_addresses(&sandbox, &subnet).await, 251);
    addresses.release_address(sandbox.ask(release)).await.unwrap();
    let mut subnets = SubnetsServiceClient::new(sandbox.channel.clone());
    let input = DeleteSubnetRequest { subnet_id: subnet.subnet_id.clone(), ..Default::default() };
    subnets.delete_subnet(sandbox.ask(input)).await.unwrap();
    sandbox.region.advance(3_600_001).await;
    let input =
        DescribeNatGatewaysRequest { nat_gateway_ids: vec![made.nat_gateway_id().to_owned()], ..Default::default() };
    let forgotten = client(&sandbox).describe_nat_gateways(sandbox.ask(input)).await;
    assert_eq!(code(forgotten), "NatGatewayNotFound");
}

#[tokio::test]
async fn a_gateway_that_cannot_come_up_fails_and_says_why() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let address = allocate(&sandbox).await;
    let unattached = create(&sandbox, public(&subnet, &address)).await;
    let found = shown(&sandbox, &unattached).await;
    assert_eq!((found.state(), found.failure_code()), ("failed", "Gateway.NotAttached"));
    assert_eq!(free_addresses(&sandbox, &subnet).await, 251);

    gateway(&sandbox, &vpc).await;
    create(&sandbox, public(&subnet, &address)).await;
    let second = create(&sandbox, public(&subnet, &address)).await;
    let found = shown(&sandbox, &second).await;
    assert_eq!((found.state(), found.failure_code()), ("failed", "Resource.AlreadyAssociated"));
    let input = DescribeNatGatewaysRequest { filter: filter("state", "available"), ..Default::default() };
    let available = client(&sandbox).describe_nat_gateways(sandbox.ask(input)).await.unwrap().into_inner();
    assert_eq!(available.nat_gateways.len(), 1);
}

#[tokio::test]
async fn combinations_of_parameters_are_checked() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let base = CreateNatGatewayRequest { subnet_id: subnet.subnet_id.clone(), ..Default::default() };
    let private = CreateNatGatewayRequest { connectivity_type: some("private"), ..base.clone() };
    for (input, expected) in [
        (base.clone(), "MissingParameter"),
        (CreateNatGatewayRequest { subnet_id: None, ..private.clone() }, "MissingParameter"),
        (
            CreateNatGatewayRequest { allocation_id: some("eipalloc-1a2b3c4d"), ..private.clone() },
            "InvalidParameterCombination",
        ),
        (
            CreateNatGatewayRequest { allocation_id: some("eipalloc-1a2b3c4d"), ..base.clone() },
            "InvalidAllocationID.NotFound",
        ),
        (CreateNatGatewayRequest { subnet_id: some("subnet-1a2b3c4d"), ..private.clone() }, "InvalidSubnetID.NotFound"),
        (CreateNatGatewayRequest { availability_mode: some("regional"), ..private }, "UnsupportedOperation"),
    ] {
        assert_eq!(code(client(&sandbox).create_nat_gateway(sandbox.ask(input)).await), expected);
    }
    let delete = DeleteNatGatewayRequest { nat_gateway_id: some("nat-x"), ..Default::default() };
    assert_eq!(code(client(&sandbox).delete_nat_gateway(sandbox.ask(delete)).await), "NatGatewayMalformed");
}

#[tokio::test]
async fn elastic_addresses_are_added_and_drained() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    gateway(&sandbox, &vpc).await;
    let subnet = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let (first, second) = (allocate(&sandbox).await, allocate(&sandbox).await);
    let made = create(&sandbox, public(&subnet, &first)).await;
    let add = AssociateNatGatewayAddressRequest {
        nat_gateway_id: made.nat_gateway_id.clone(),
        allocation_ids: vec![second.allocation_id().to_owned()],
        private_ip_addresses: vec!["10.0.0.77".into()],
        ..Default::default()
    };
    let added = client(&sandbox).associate_nat_gateway_address(sandbox.ask(add.clone())).await.unwrap().into_inner();
    assert_eq!(added.nat_gateway_addresses[0].status(), "associating");
    let both = shown(&sandbox, &made).await.nat_gateway_addresses;
    assert_eq!((both.len(), both[1].private_ip(), both[1].status()), (2, "10.0.0.77", "succeeded"));
    assert_eq!(
        code(client(&sandbox).associate_nat_gateway_address(sandbox.ask(add)).await),
        "Resource.AlreadyAssociated"
    );
    let drain = |association: &Option<String>| DisassociateNatGatewayAddressRequest {
        nat_gateway_id: made.nat_gateway_id.clone(),
        association_ids: association.iter().cloned().collect(),
        ..Default::default()
    };
    let primary = client(&sandbox).disassociate_nat_gateway_address(sandbox.ask(drain(&both[0].association_id))).await;
    assert_eq!(code(primary), "InvalidParameterValue");
    let away = client(&sandbox).disassociate_nat_gateway_address(sandbox.ask(drain(&both[1].association_id))).await;
    assert_eq!(away.unwrap().into_inner().nat_gateway_addresses[0].status(), "disassociating");
    assert_eq!(shown(&sandbox, &made).await.nat_gateway_addresses.len(), 1);
    assert_eq!(free_addresses(&sandbox, &subnet).await, 250);
    let mut addresses = AddressesServiceClient::new(sandbox.channel.clone());
    let release = ReleaseAddressRequest { allocation_id: second.allocation_id, ..Default::default() };
    addresses.release_address(sandbox.ask(release)).await.unwrap();
}

#[tokio::test]
async fn a_private_gateway_has_private_addresses_only() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let input = CreateNatGatewayRequest {
        subnet_id: subnet.subnet_id.clone(),
        connectivity_type: some("private"),
        private_ip_address: some("10.0.0.10"),
        secondary_private_ip_address_count: Some(2),
        ..Default::default()
    };
    let made = create(&sandbox, input).await;
    let found = shown(&sandbox, &made).await;
    assert_eq!((found.state(), found.nat_gateway_addresses.len()), ("available", 3));
    assert_eq!(found.nat_gateway_addresses[0].private_ip(), "10.0.0.10");
    let assign = AssignPrivateNatGatewayAddressRequest {
        nat_gateway_id: made.nat_gateway_id.clone(),
        private_ip_addresses: vec!["10.0.0.99".into()],
        ..Default::default()
    };
    client(&sandbox).assign_private_nat_gateway_address(sandbox.ask(assign.clone())).await.unwrap();
    let twice = client(&sandbox).assign_private_nat_gateway_address(sandbox.ask(assign)).await;
    assert_eq!(code(twice), "InvalidIPAddress.InUse");
    assert_eq!(shown(&sandbox, &made).await.nat_gateway_addresses.len(), 4);
    let unassign = UnassignPrivateNatGatewayAddressRequest {
        nat_gateway_id: made.nat_gateway_id.clone(),
        private_ip_addresses: vec!["10.0.0.99".into()],
        ..Default::default()
    };
    client(&sandbox).unassign_private_nat_gateway_address(sandbox.ask(unassign)).await.unwrap();
    assert_eq!(shown(&sandbox, &made).await.nat_gateway_addresses.len(), 3);
    delete(&sandbox, &made).await;
    assert_eq!(free_addresses(&sandbox, &subnet).await, 251);
}

#[tokio::test]
async fn a_route_to_a_deleted_gateway_is_a_black_hole() {
    let lifecycle = Lifecycle::instant().with(Transition::NatGatewayDelete, 1_000);
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let input = CreateNatGatewayRequest {
        subnet_id: subnet.subnet_id.clone(),
        connectivity_type: some("private"),
        ..Default::default()
    };
    let made = create(&sandbox, input).await;
    let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
    let main = DescribeRouteTablesRequest { filters: filter("vpc-id", vpc.vpc_id()), ..Default::default() };
    let found = tables.describe_route_tables(sandbox.ask(main.clone())).await.unwrap().into_inner().route_tables;
    let route = |destination: &str| CreateRouteRequest {
        route_table_id: found[0].route_table_id.clone(),
        destination_cidr_block: some(destination),
        nat_gateway_id: made.nat_gateway_id.clone(),
        ..Default::default()
    };
    tables.create_route(sandbox.ask(route("0.0.0.0/0"))).await.unwrap();
    let state = async |sandbox: &Sandbox| {
        let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
        let found = tables.describe_route_tables(sandbox.ask(main.clone())).await.unwrap().into_inner().route_tables;
        found[0].routes.iter().find(|route| route.nat_gateway_id.is_some()).unwrap().state().to_owned()
    };
    assert_eq!(state(&sandbox).await, "active");
    let ipv6 =
        CreateRouteRequest { destination_cidr_block: None, destination_ipv6_cidr_block: some("::/0"), ..route("") };
    assert_eq!(code(tables.create_route(sandbox.ask(ipv6)).await), "InvalidParameterValue");
    delete(&sandbox, &made).await;
    assert_eq!(shown(&sandbox, &made).await.state(), "deleting");
    assert_eq!(state(&sandbox).await, "blackhole");
    let refused = tables.create_route(sandbox.ask(route("10.9.0.0/16"))).await;
    assert_eq!(code(refused), "InvalidNatGatewayID.NotFound");
    sandbox.region.advance(1_000).await;
    assert_eq!(shown(&sandbox, &made).await.state(), "deleted");
}
