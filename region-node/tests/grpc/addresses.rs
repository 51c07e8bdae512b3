//! Elastic IP addresses over gRPC.

use crate::support::{Sandbox, ask_as, code, copy_folder, folder};
use archipelago_proto::ec2::v1::addresses_service_client::AddressesServiceClient;
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    AcceptAddressTransferRequest, Address, AllocateAddressRequest, AllocateAddressResult,
    AssignPrivateIpAddressesRequest, AssociateAddressRequest, CreateNetworkInterfaceRequest, CreateSubnetRequest,
    CreateVpcRequest, DeleteNetworkInterfaceRequest, DescribeAddressTransfersRequest,
    DescribeAddressesAttributeRequest, DescribeAddressesRequest, DescribeMovingAddressesRequest,
    DescribeNetworkInterfacesRequest, DescribeSubnetsRequest, DisableAddressTransferRequest,
    DisassociateAddressRequest, EnableAddressTransferRequest, Filter, ModifyAddressAttributeRequest,
    MoveAddressToVpcRequest, NetworkInterface, ReleaseAddressRequest, ResetAddressAttributeRequest,
    RestoreAddressToClassicRequest, UnassignPrivateIpAddressesRequest,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::Status;
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> AddressesServiceClient<Channel> {
    AddressesServiceClient::new(sandbox.channel.clone())
}

fn interfaces(sandbox: &Sandbox) -> NetworkInterfacesServiceClient<Channel> {
    NetworkInterfacesServiceClient::new(sandbox.channel.clone())
}

async fn allocate(sandbox: &Sandbox) -> AllocateAddressResult {
    client(sandbox).allocate_address(sandbox.ask(AllocateAddressRequest::default())).await.unwrap().into_inner()
}

async fn interface_in(sandbox: &Sandbox, subnet_id: Option<String>) -> NetworkInterface {
    let request = CreateNetworkInterfaceRequest { subnet_id, ..CreateNetworkInterfaceRequest::default() };
    let outcome = interfaces(sandbox).create_network_interface(sandbox.ask(request)).await;
    outcome.unwrap().into_inner().network_interface.unwrap()
}

/// In the default VPC, which has an internet gateway.
async fn interface(sandbox: &Sandbox) -> NetworkInterface {
    let mut subnets = SubnetsServiceClient::new(sandbox.channel.clone());
    let found = subnets.describe_subnets(sandbox.ask(DescribeSubnetsRequest::default())).await.unwrap();
    interface_in(sandbox, found.into_inner().subnets.remove(0).subnet_id).await
}

fn to(allocation: &AllocateAddressResult, interface: &NetworkInterface) -> AssociateAddressRequest {
    AssociateAddressRequest {
        allocation_id: allocation.allocation_id.clone(),
        network_interface_id: interface.network_interface_id.clone(),
        ..AssociateAddressRequest::default()
    }
}

async fn associate(sandbox: &Sandbox, input: AssociateAddressRequest) -> Result<String, Status> {
    let outcome = client(sandbox).associate_address(sandbox.ask(input)).await;
    outcome.map(|response| response.into_inner().association_id.unwrap())
}

async fn describe(sandbox: &Sandbox, name: &str, value: &str) -> Vec<Address> {
    let filters = vec![Filter { name: Some(name.into()), values: vec![value.into()] }];
    let request = DescribeAddressesRequest { filters, ..DescribeAddressesRequest::default() };
    client(sandbox).describe_addresses(sandbox.ask(request)).await.unwrap().into_inner().addresses
}

async fn shown(sandbox: &Sandbox, allocation: &AllocateAddressResult) -> Address {
    describe(sandbox, "allocation-id", allocation.allocation_id()).await.remove(0)
}

fn release(allocation: &AllocateAddressResult) -> ReleaseAddressRequest {
    ReleaseAddressRequest { allocation_id: allocation.allocation_id.clone(), ..ReleaseAddressRequest::default() }
}

#[tokio::test]
async fn an_address_is_allocated_described_and_released() {
    let sandbox = Sandbox::new().await;
    let allocated = allocate(&sandbox).await;
    assert_eq!((allocated.domain(), allocated.network_border_group()), ("vpc", "us-east-1"));
    let address = shown(&sandbox, &allocated).await;
    assert_eq!((&address.public_ip, address.public_ipv4_pool()), (&allocated.public_ip, "amazon"));

    client(&sandbox).release_address(sandbox.ask(release(&allocated))).await.unwrap();
    let again = client(&sandbox).release_address(sandbox.ask(release(&allocated))).await;
    assert_eq!(code(again), "InvalidAllocationID.NotFound");
    let recover = AllocateAddressRequest { address: allocated.public_ip.clone(), ..Default::default() };
    let foreign = client(&sandbox).allocate_address(ask_as("111111111111", recover.clone())).await;
    assert_eq!(code(foreign), "InvalidAddress.NotFound");
    let recovered = client(&sandbox).allocate_address(sandbox.ask(recover)).await.unwrap().into_inner();
    assert_eq!(recovered.public_ip, allocated.public_ip);
}

#[tokio::test]
async fn classic_and_unknown_pools_are_refused() {
    let sandbox = Sandbox::new().await;
    let base = AllocateAddressRequest::default();
    for (request, expected) in [
        (AllocateAddressRequest { domain: Some("standard".into()), ..base.clone() }, "InvalidParameterValue"),
        (
            AllocateAddressRequest { public_ipv4_pool: Some("ipv4pool-ec2-1".into()), ..base.clone() },
            "InvalidPublicIpv4PoolID.NotFound",
        ),
        (
            AllocateAddressRequest { network_border_group: Some("eu-west-1".into()), ..base.clone() },
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(code(client(&sandbox).allocate_address(sandbox.ask(request)).await), expected);
    }
}

#[tokio::test]
async fn an_association_is_seen_from_both_sides_and_repeating_it_changes_nothing() {
    let sandbox = Sandbox::new().await;
    let (address, interface) = (allocate(&sandbox).await, interface(&sandbox).await);
    let first = associate(&sandbox, to(&address, &interface)).await.unwrap();
    assert_eq!(associate(&sandbox, to(&address, &interface)).await.unwrap(), first);

    let seen = shown(&sandbox, &address).await;
    assert_eq!((seen.association_id(), seen.private_ip_address()), (first.as_str(), interface.private_ip_address()));
    assert_eq!(describe(&sandbox, "network-interface-id", interface.network_interface_id()).await, [seen]);
    let filters =
        vec![Filter { name: Some("association.allocation-id".into()), values: vec![address.allocation_id().into()] }];
    let request = DescribeNetworkInterfacesRequest { filters, ..DescribeNetworkInterfacesRequest::default() };
    let found = interfaces(&sandbox).describe_network_interfaces(sandbox.ask(request)).await.unwrap().into_inner();
    let association = found.network_interfaces[0].association.clone().unwrap();
    assert_eq!((association.association_id(), association.ip_owner_id()), (first.as_str(), "000000000000"));

    let undo = DisassociateAddressRequest { association_id: Some(first), ..Default::default() };
    for _ in 0..2 {
        client(&sandbox).disassociate_address(sandbox.ask(undo.clone())).await.unwrap();
    }
    assert_eq!(shown(&sandbox, &address).await.association_id, None);
    let unknown = DisassociateAddressRequest { association_id: Some("eipassoc-1a2b3c4d".into()), ..Default::default() };
    let refused = client(&sandbox).disassociate_address(sandbox.ask(unknown)).await;
    assert_eq!(code(refused), "InvalidAssociationID.NotFound");
}

#[tokio::test]
async fn reassociation_can_be_forbidden() {
    let sandbox = Sandbox::new().await;
    let address = allocate(&sandbox).await;
    let (one, two) = (interface(&sandbox).await, interface(&sandbox).await);
    associate(&sandbox, to(&address, &one)).await.unwrap();
    let strict = AssociateAddressRequest { allow_reassociation: Some(false), ..to(&address, &two) };
    let refused = associate(&sandbox, strict).await;
    assert_eq!(code(refused.map(tonic::Response::new)), "Resource.AlreadyAssociated");
    associate(&sandbox, to(&address, &two)).await.unwrap();
    assert_eq!(shown(&sandbox, &address).await.network_interface_id, two.network_interface_id);

    let other = allocate(&sandbox).await;
    associate(&sandbox, to(&other, &two)).await.unwrap();
    assert_eq!(shown(&sandbox, &address).await.association_id, None, "the new one takes the place of the old");
    assert!(shown(&sandbox, &other).await.association_id.is_some());
}

#[tokio::test]
async fn a_vpc_without_a_gateway_is_out_of_reach_and_keeps_its_addresses_in_use() {
    let sandbox = Sandbox::new().await;
    let request = CreateVpcRequest { cidr_block: Some("10.0.0.0/16".into()), ..CreateVpcRequest::default() };
    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    let vpc = vpcs.create_vpc(sandbox.ask(request)).await.unwrap().into_inner().vpc.unwrap();
    let request = CreateSubnetRequest {
        vpc_id: vpc.vpc_id,
        cidr_block: Some("10.0.0.0/24".into()),
        ..CreateSubnetRequest::default()
    };
    let mut subnets = SubnetsServiceClient::new(sandbox.channel.clone());
    let subnet = subnets.create_subnet(sandbox.ask(request)).await.unwrap().into_inner().subnet.unwrap();
    let interface = interface_in(&sandbox, subnet.subnet_id).await;
    let address = allocate(&sandbox).await;
    let refused = associate(&sandbox, to(&address, &interface)).await;
    assert_eq!(code(refused.map(tonic::Response::new)), "Gateway.NotAttached");
}

#[tokio::test]
async fn others_addresses_are_not_ones_own() {
    let sandbox = Sandbox::new().await;
    let address = allocate(&sandbox).await;
    let request = ReleaseAddressRequest { public_ip: address.public_ip.clone(), ..ReleaseAddressRequest::default() };
    let refused = client(&sandbox).release_address(ask_as("111111111111", request.clone())).await;
    assert_eq!(code(refused), "AuthFailure");
    let refused = client(&sandbox).release_address(ask_as("111111111111", release(&address))).await;
    assert_eq!(code(refused), "InvalidAllocationID.NotFound");
    client(&sandbox).release_address(sandbox.ask(request)).await.unwrap();
}

#[tokio::test]
async fn an_address_outlives_its_interface() {
    let sandbox = Sandbox::new().await;
    let (address, interface) = (allocate(&sandbox).await, interface(&sandbox).await);
    associate(&sandbox, to(&address, &interface)).await.unwrap();
    let request = DeleteNetworkInterfaceRequest {
        network_interface_id: interface.network_interface_id.clone(),
        ..DeleteNetworkInterfaceRequest::default()
    };
    interfaces(&sandbox).delete_network_interface(sandbox.ask(request.clone())).await.unwrap();
    assert_eq!(shown(&sandbox, &address).await.association_id, None);
    let again = interfaces(&sandbox).delete_network_interface(sandbox.ask(request)).await;
    assert_eq!(code(again), "InvalidNetworkInterfaceID.NotFound");
    client(&sandbox).release_address(sandbox.ask(release(&address))).await.unwrap();
}

#[tokio::test]
async fn an_address_follows_its_private_address() {
    let sandbox = Sandbox::new().await;
    let (one, two) = (interface(&sandbox).await, interface(&sandbox).await);
    let assign = |interface: &NetworkInterface| {
        sandbox.ask(AssignPrivateIpAddressesRequest {
            network_interface_id: interface.network_interface_id.clone(),
            private_ip_addresses: vec!["172.31.0.99".into()],
            allow_reassignment: Some(true),
            ..AssignPrivateIpAddressesRequest::default()
        })
    };
    interfaces(&sandbox).assign_private_ip_addresses(assign(&one)).await.unwrap();
    let address = allocate(&sandbox).await;
    let secondary = AssociateAddressRequest { private_ip_address: Some("172.31.0.99".into()), ..to(&address, &one) };
    associate(&sandbox, secondary).await.unwrap();
    interfaces(&sandbox).assign_private_ip_addresses(assign(&two)).await.unwrap();
    assert_eq!(shown(&sandbox, &address).await.network_interface_id, two.network_interface_id);

    let request = UnassignPrivateIpAddressesRequest {
        network_interface_id: two.network_interface_id.clone(),
        private_ip_addresses: vec!["172.31.0.99".into()],
        ..UnassignPrivateIpAddressesRequest::default()
    };
    interfaces(&sandbox).unassign_private_ip_addresses(sandbox.ask(request)).await.unwrap();
    assert_eq!(shown(&sandbox, &address).await.association_id, None);
    let missing = AssociateAddressRequest { private_ip_address: Some("172.31.0.99".into()), ..to(&address, &two) };
    let refused = associate(&sandbox, missing).await;
    assert_eq!(code(refused.map(tonic::Response::new)), "InvalidParameterValue");
}

/// AWS: "Recover an Elastic IP address".
#[tokio::test]
async fn a_released_address_can_be_recovered_after_a_restart() {
    let (before, after) = (folder("addresses-before"), folder("addresses-after"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&before).unwrap()).await;
    let (one, other) = (allocate(&sandbox).await, allocate(&sandbox).await);
    client(&sandbox).release_address(sandbox.ask(release(&one))).await.unwrap();
    copy_folder(&before, &after);

    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&after).unwrap()).await;
    let recover = |address: &AllocateAddressResult| AllocateAddressRequest {
        address: address.public_ip.clone(),
        ..AllocateAddressRequest::default()
    };
    let mut client = client(&sandbox);
    let stolen = client.allocate_address(ask_as("111111111111", recover(&one))).await;
    assert_eq!(code(stolen), "InvalidAddress.NotFound");
    assert_eq!(code(client.allocate_address(sandbox.ask(recover(&other))).await), "InvalidAddress.NotFound");
    let back = client.allocate_address(sandbox.ask(recover(&one))).await.unwrap().into_inner();
    assert_eq!(back.public_ip, one.public_ip);
    assert_eq!(code(client.allocate_address(sandbox.ask(recover(&one))).await), "InvalidAddress.NotFound");
}

#[tokio::test]
async fn a_reverse_name_is_set_and_locks_the_address() {
    let sandbox = Sandbox::new().await;
    let address = allocate(&sandbox).await;
    let modify = |name: &str| {
        sandbox.ask(ModifyAddressAttributeRequest {
            allocation_id: address.allocation_id.clone(),
            domain_name: Some(name.into()),
            ..ModifyAddressAttributeRequest::default()
        })
    };
    assert_eq!(code(client(&sandbox).modify_address_attribute(modify("a b")).await), "InvalidParameterValue");
    let pending = client(&sandbox).modify_address_attribute(modify("mail.example.com")).await.unwrap().into_inner();
    assert_eq!(pending.address.unwrap().ptr_record_update.unwrap().status(), "PENDING");
    let describe = || {
        sandbox.ask(DescribeAddressesAttributeRequest {
            allocation_ids: vec![address.allocation_id().into()],
            attribute: Some("domain-name".into()),
            ..DescribeAddressesAttributeRequest::default()
        })
    };
    let found = client(&sandbox).describe_addresses_attribute(describe()).await.unwrap().into_inner().addresses;
    assert_eq!((found[0].ptr_record(), &found[0].ptr_record_update), ("mail.example.com.", &None));
    let locked = client(&sandbox).release_address(sandbox.ask(release(&address))).await;
    assert_eq!(code(locked), "InvalidAddress.Locked");

    let reset = ResetAddressAttributeRequest {
        allocation_id: address.allocation_id.clone(),
        attribute: Some("domain-name".into()),
        ..ResetAddressAttributeRequest::default()
    };
    client(&sandbox).reset_address_attribute(sandbox.ask(reset)).await.unwrap();
    let found = client(&sandbox).describe_addresses_attribute(describe()).await.unwrap().into_inner().addresses;
    assert!(found.is_empty());
    client(&sandbox).release_address(sandbox.ask(release(&address))).await.unwrap();
}

#[tokio::test]
async fn an_offered_address_is_the_other_accounts_once_it_accepts() {
    let sandbox = Sandbox::new().await;
    let address = allocate(&sandbox).await;
    let other = "111111111111";
    let offer = EnableAddressTransferRequest {
        allocation_id: address.allocation_id.clone(),
        transfer_account_id: Some(other.into()),
        ..Default::default()
    };
    let offered = client(&sandbox).enable_address_transfer(sandbox.ask(offer.clone())).await.unwrap().into_inner();
    assert_eq!(offered.address_transfer.unwrap().address_transfer_status(), "pending");
    let interface = interface(&sandbox).await;
    let refused = associate(&sandbox, to(&address, &interface)).await;
    assert_eq!(code(refused.map(tonic::Response::new)), "AddressTransferInProgress");
    let take = AcceptAddressTransferRequest { address: address.public_ip.clone(), ..Default::default() };
    let stranger = client(&sandbox).accept_address_transfer(ask_as("222222222222", take.clone())).await;
    assert_eq!(code(stranger), "InvalidAddress.NotFound");

    let withdraw = DisableAddressTransferRequest { allocation_id: address.allocation_id.clone(), ..Default::default() };
    let withdrawn = client(&sandbox).disable_address_transfer(sandbox.ask(withdraw)).await.unwrap().into_inner();
    assert_eq!(withdrawn.address_transfer.unwrap().address_transfer_status(), "disabled");
    let late = client(&sandbox).accept_address_transfer(ask_as(other, take.clone())).await;
    assert_eq!(code(late), "InvalidAddress.NotFound");

    client(&sandbox).enable_address_transfer(sandbox.ask(offer)).await.unwrap();
    let taken = client(&sandbox).accept_address_transfer(ask_as(other, take)).await.unwrap().into_inner();
    assert_eq!(taken.address_transfer.unwrap().address_transfer_status(), "accepted");
    assert!(describe(&sandbox, "public-ip", address.public_ip()).await.is_empty());
    let request = DescribeAddressesRequest::default();
    let theirs = client(&sandbox).describe_addresses(ask_as(other, request)).await.unwrap().into_inner().addresses;
    assert_eq!(theirs[0].public_ip, address.public_ip);
    assert_ne!(theirs[0].allocation_id, address.allocation_id);
    let request = DescribeAddressTransfersRequest::default();
    let seen = client(&sandbox).describe_address_transfers(sandbox.ask(request)).await.unwrap().into_inner();
    assert_eq!(seen.address_transfers[0].allocation_id, address.allocation_id);
    let release = ReleaseAddressRequest { public_ip: address.public_ip.clone(), ..ReleaseAddressRequest::default() };
    client(&sandbox).release_address(ask_as(other, release)).await.unwrap();
}

#[tokio::test]
async fn an_offer_expires_after_seven_days() {
    let sandbox = Sandbox::new().await;
    let address = allocate(&sandbox).await;
    let offer = EnableAddressTransferRequest {
        allocation_id: address.allocation_id.clone(),
        transfer_account_id: Some("111111111111".into()),
        ..Default::default()
    };
    client(&sandbox).enable_address_transfer(sandbox.ask(offer)).await.unwrap();
    let locked = client(&sandbox).release_address(sandbox.ask(release(&address))).await;
    assert_eq!(code(locked), "AddressTransferInProgress");
    sandbox.region.advance(7 * 24 * 3_600_000).await;
    client(&sandbox).release_address(sandbox.ask(release(&address))).await.unwrap();
}

#[tokio::test]
async fn nothing_moves_from_or_to_ec2_classic() {
    let sandbox = Sandbox::new().await;
    let address = allocate(&sandbox).await;
    let there = MoveAddressToVpcRequest { public_ip: address.public_ip.clone(), ..Default::default() };
    assert_eq!(code(client(&sandbox).move_address_to_vpc(sandbox.ask(there)).await), "InvalidParameterValue");
    let back = RestoreAddressToClassicRequest { public_ip: Some("192.0.2.1".into()), ..Default::default() };
    assert_eq!(code(client(&sandbox).restore_address_to_classic(sandbox.ask(back)).await), "InvalidAddress.NotFound");
    let moving = DescribeMovingAddressesRequest::default();
    let moving = client(&sandbox).describe_moving_addresses(sandbox.ask(moving)).await.unwrap().into_inner();
    assert!(moving.moving_address_statuses.is_empty());
}
