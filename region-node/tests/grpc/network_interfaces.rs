//! Network interfaces over gRPC.

use std::net::Ipv6Addr;

use crate::support::{Sandbox, code, copy_folder, folder, network};
use archipelago_proto::ec2::v1::images_service_client::ImagesServiceClient;
use archipelago_proto::ec2::v1::instances_service_client::InstancesServiceClient;
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::security_groups_service_client::SecurityGroupsServiceClient;
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::{
    AssignIpv6AddressesRequest, AssignPrivateIpAddressesRequest, AttributeBooleanValue, AttributeValue,
    CreateNetworkInterfacePermissionRequest, CreateNetworkInterfaceRequest, DeleteNetworkInterfacePermissionRequest,
    DeleteNetworkInterfaceRequest, DeleteSecurityGroupRequest, DescribeImagesRequest,
    DescribeNetworkInterfaceAttributeRequest, DescribeNetworkInterfacePermissionsRequest,
    DescribeNetworkInterfacesRequest, DescribeSecurityGroupsRequest, DescribeSubnetsRequest, Filter,
    Ipv4PrefixSpecificationRequest, Ipv6PrefixSpecificationRequest, ModifyNetworkInterfaceAttributeRequest,
    NetworkInterface, PrivateIpAddressSpecification, ResetNetworkInterfaceAttributeRequest, RunInstancesRequest,
    Subnet, TerminateInstancesRequest, UnassignIpv6AddressesRequest, UnassignPrivateIpAddressesRequest,
};
use archipelago_proto::{Call, Ec2Error};
use archipelago_region_node::entity::{Entity as _, Id};
use archipelago_region_node::families::network_interfaces::{NetworkInterfaceCommand, NetworkInterfaceState, command};
use archipelago_region_node::request::Context;
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use ipnet::Ipv6Net;
use tonic::Status;
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> NetworkInterfacesServiceClient<Channel> {
    NetworkInterfacesServiceClient::new(sandbox.channel.clone())
}

fn filter(name: &str, value: &str) -> Vec<Filter> {
    vec![Filter { name: Some(name.into()), values: vec![value.into()] }]
}

/// The default subnet of the first zone.
async fn subnet(sandbox: &Sandbox) -> Subnet {
    let request = DescribeSubnetsRequest::default();
    let outcome = SubnetsServiceClient::new(sandbox.channel.clone()).describe_subnets(sandbox.ask(request)).await;
    outcome.unwrap().into_inner().subnets.remove(0)
}

async fn new(subnet: &Subnet) -> CreateNetworkInterfaceRequest {
    CreateNetworkInterfaceRequest { subnet_id: subnet.subnet_id.clone(), ..CreateNetworkInterfaceRequest::default() }
}

async fn create(sandbox: &Sandbox, input: CreateNetworkInterfaceRequest) -> Result<NetworkInterface, Status> {
    let outcome = client(sandbox).create_network_interface(sandbox.ask(input)).await;
    outcome.map(|response| response.into_inner().network_interface.unwrap())
}

async fn find(sandbox: &Sandbox, filters: Vec<Filter>) -> Vec<NetworkInterface> {
    let request = DescribeNetworkInterfacesRequest { filters, ..DescribeNetworkInterfacesRequest::default() };
    client(sandbox).describe_network_interfaces(sandbox.ask(request)).await.unwrap().into_inner().network_interfaces
}

async fn delete(sandbox: &Sandbox, id: &str) -> Result<(), String> {
    let request = DeleteNetworkInterfaceRequest {
        network_interface_id: Some(id.into()),
        ..DeleteNetworkInterfaceRequest::default()
    };
    let outcome = client(sandbox).delete_network_interface(sandbox.ask(request)).await;
    outcome.map(drop).map_err(|status| Ec2Error::from(status).code)
}

fn addresses(interface: &NetworkInterface) -> Vec<&str> {
    interface
        .private_ip_addresses
        .iter()
        .map(archipelago_proto::ec2::v1::NetworkInterfacePrivateIpAddress::private_ip_address)
        .collect()
}

fn context(sandbox: &Sandbox) -> Context {
    let mut call = Call::default();
    call.caller.account = "000000000000".into();
    Context::internal(&sandbox.region, &call.account().into())
}

/// An instance in a default subnet, and its interface.
async fn launched(sandbox: &Sandbox) -> (String, NetworkInterface) {
    let mut images = ImagesServiceClient::new(sandbox.channel.clone());
    let named = DescribeImagesRequest { filters: filter("name", "al2023-ami-2*-x86_64"), ..Default::default() };
    let image = images.describe_images(sandbox.ask(named)).await.unwrap().into_inner().images.remove(0);
    let request = RunInstancesRequest {
        image_id: image.image_id,
        instance_type: Some("t3.micro".into()),
        min_count: Some(1),
        max_count: Some(1),
        ..Default::default()
    };
    let mut instances = InstancesServiceClient::new(sandbox.channel.clone());
    let mut run = instances.run_instances(sandbox.ask(request)).await.unwrap().into_inner().instances;
    let id = run.remove(0).instance_id.unwrap();
    let interface = find(sandbox, filter("attachment.instance-id", &id)).await.remove(0);
    (id, interface)
}

#[tokio::test]
async fn an_interface_has_a_primary_address_and_the_default_group() {
    let sandbox = Sandbox::new().await;
    let subnet = subnet(&sandbox).await;
    let created = create(&sandbox, new(&subnet).await).await.unwrap();
    assert_eq!(
        (created.status(), created.interface_type(), created.source_dest_check()),
        ("pending", "interface", true)
    );
    assert_eq!(created.groups[0].group_name(), "default");
    assert!(created.private_ip_addresses[0].primary());
    let dashed = created.private_ip_address().replace('.', "-");
    assert_eq!(created.private_dns_name(), format!("ip-{dashed}.ec2.internal"));
    assert_eq!(created.mac_address().len(), 17);

    let found = find(&sandbox, filter("network-interface-id", created.network_interface_id())).await.remove(0);
    assert_eq!(found, NetworkInterface { status: Some("available".into()), ..created });
}

#[tokio::test]
async fn addresses_are_the_subnets_and_go_back_to_it() {
    let sandbox = Sandbox::new().await;
    let before = subnet(&sandbox).await;
    let mut request = new(&before).await;
    request.private_ip_address = Some("172.31.0.77".into());
    request.secondary_private_ip_address_count = Some(2);
    let created = create(&sandbox, request.clone()).await.unwrap();
    assert_eq!((created.private_ip_address(), created.private_ip_addresses.len()), ("172.31.0.77", 3));
    let during = subnet(&sandbox).await;
    assert_eq!(before.available_ip_address_count() - during.available_ip_address_count(), 3);

    request.secondary_private_ip_address_count = None;
    assert_eq!(code(create(&sandbox, request).await.map(tonic::Response::new)), "InvalidIPAddress.InUse");
    delete(&sandbox, created.network_interface_id()).await.unwrap();
    assert_eq!(subnet(&sandbox).await.available_ip_address_count(), before.available_ip_address_count());
    let again = delete(&sandbox, created.network_interface_id()).await;
    assert_eq!(again, Err("InvalidNetworkInterfaceID.NotFound".into()));
}

#[tokio::test]
async fn a_refused_request_takes_no_addresses() {
    let sandbox = Sandbox::new().await;
    let before = subnet(&sandbox).await;
    let specification = |address: &str, primary: bool| PrivateIpAddressSpecification {
        primary: Some(primary),
        private_ip_address: Some(address.into()),
    };
    let base = new(&before).await;
    let two_primaries = CreateNetworkInterfaceRequest {
        private_ip_addresses: vec![specification("172.31.0.8", true), specification("172.31.0.9", true)],
        ..base.clone()
    };
    let both_ways = CreateNetworkInterfaceRequest {
        private_ip_addresses: vec![specification("172.31.0.9", false)],
        secondary_private_ip_address_count: Some(1),
        ..base.clone()
    };
    let outside = CreateNetworkInterfaceRequest { private_ip_address: Some("10.0.0.9".into()), ..base.clone() };
    let ipv6 = CreateNetworkInterfaceRequest { ipv6_address_count: Some(1), ..base.clone() };
    let unknown = CreateNetworkInterfaceRequest { groups: vec!["sg-0123456789abcdef0".into()], ..base.clone() };
    for (request, expected) in [
        (two_primaries, "InvalidParameterCombination"),
        (both_ways, "InvalidParameterCombination"),
        (outside, "InvalidParameterValue"),
        (ipv6, "InvalidParameterValue"),
        (unknown, "InvalidGroup.NotFound"),
    ] {
        assert_eq!(code(create(&sandbox, request).await.map(tonic::Response::new)), expected);
    }
    assert_eq!(subnet(&sandbox).await.available_ip_address_count(), before.available_ip_address_count());
}

#[tokio::test]
async fn secondary_addresses_come_go_and_move() {
    let sandbox = Sandbox::new().await;
    let subnet = subnet(&sandbox).await;
    let one = create(&sandbox, new(&subnet).await).await.unwrap().network_interface_id.unwrap();
    let two = create(&sandbox, new(&subnet).await).await.unwrap().network_interface_id.unwrap();
    let assign = |id: &str, allow: bool| {
        sandbox.ask(AssignPrivateIpAddressesRequest {
            network_interface_id: Some(id.into()),
            private_ip_addresses: vec!["172.31.0.50".into()],
            allow_reassignment: Some(allow),
            ..AssignPrivateIpAddressesRequest::default()
        })
    };
    client(&sandbox).assign_private_ip_addresses(assign(&one, false)).await.unwrap();
    let refused = client(&sandbox).assign_private_ip_addresses(assign(&two, false)).await;
    assert_eq!(code(refused), "InvalidIPAddress.InUse");
    client(&sandbox).assign_private_ip_addresses(assign(&two, true)).await.unwrap();
    let held = find(&sandbox, filter("addresses.private-ip-address", "172.31.0.50")).await;
    assert_eq!((held.len(), held[0].network_interface_id()), (1, two.as_str()));

    let unassign = |address: &str| {
        sandbox.ask(UnassignPrivateIpAddressesRequest {
            network_interface_id: Some(two.clone()),
            private_ip_addresses: vec![address.into()],
            ..UnassignPrivateIpAddressesRequest::default()
        })
    };
    let primary = client(&sandbox).unassign_private_ip_addresses(unassign(held[0].private_ip_address())).await;
    assert_eq!(code(primary), "InvalidParameterValue");
    client(&sandbox).unassign_private_ip_addresses(unassign("172.31.0.50")).await.unwrap();
    client(&sandbox).assign_private_ip_addresses(assign(&one, false)).await.unwrap();
}

#[tokio::test]
async fn a_prefix_takes_sixteen_addresses() {
    let sandbox = Sandbox::new().await;
    let before = subnet(&sandbox).await;
    let base = new(&before).await;
    let counted = CreateNetworkInterfaceRequest { ipv4_prefix_count: Some(2), ..base.clone() };
    let created = create(&sandbox, counted).await.unwrap();
    let prefixes: Vec<_> = created.ipv4_prefixes.iter().map(|prefix| prefix.ipv4_prefix().to_owned()).collect();
    assert_eq!(prefixes, ["172.31.0.16/28", "172.31.0.32/28"]);
    assert_eq!(before.available_ip_address_count() - subnet(&sandbox).await.available_ip_address_count(), 33);

    let named = CreateNetworkInterfaceRequest {
        ipv4_prefixes: vec![Ipv4PrefixSpecificationRequest { ipv4_prefix: Some("172.31.0.16/28".into()) }],
        ..base
    };
    assert_eq!(code(create(&sandbox, named).await.map(tonic::Response::new)), "InvalidIPAddress.InUse");
    delete(&sandbox, created.network_interface_id()).await.unwrap();
    assert_eq!(subnet(&sandbox).await.available_ip_address_count(), before.available_ip_address_count());
}

#[tokio::test]
async fn ipv6_prefixes_are_of_the_subnet_and_nobody_elses() {
    let sandbox = Sandbox::new().await;
    let vpc = network::vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = network::subnet_with_ipv6(&sandbox, &vpc, "10.0.0.0/24").await;
    let base = new(&subnet).await;
    let counted = CreateNetworkInterfaceRequest { ipv6_prefix_count: Some(2), ..base.clone() };
    let created = create(&sandbox, counted).await.unwrap();
    let id = created.network_interface_id().to_owned();
    let held: Vec<_> = created.ipv6_prefixes.iter().map(|prefix| prefix.ipv6_prefix().to_owned()).collect();
    assert!(held.len() == 2 && held[0] != held[1] && held.iter().all(|prefix| prefix.ends_with("/80")), "{held:?}");

    let assign = |prefixes: Vec<String>, addresses: Vec<String>| {
        let request = AssignIpv6AddressesRequest {
            network_interface_id: Some(id.clone()),
            ipv6_prefixes: prefixes,
            ipv6_addresses: addresses,
            ..Default::default()
        };
        sandbox.ask(request)
    };
    let mut client = client(&sandbox);
    let again = client.assign_ipv6_addresses(assign(vec![held[0].clone()], Vec::new())).await;
    assert_eq!(code(again), "InvalidIPAddress.InUse");
    let block: Ipv6Net = held[0].parse().unwrap();
    let within = Ipv6Addr::from(u128::from(block.network()) + 9).to_string();
    let within = client.assign_ipv6_addresses(assign(Vec::new(), vec![within])).await;
    assert_eq!(code(within), "InvalidIPAddress.InUse");
    let short = client.assign_ipv6_addresses(assign(vec![held[0].replace("/80", "/64")], Vec::new())).await;
    assert_eq!(code(short), "InvalidParameterValue");

    let more = AssignIpv6AddressesRequest {
        network_interface_id: Some(id.clone()),
        ipv6_prefix_count: Some(1),
        ..Default::default()
    };
    let more = client.assign_ipv6_addresses(sandbox.ask(more)).await.unwrap().into_inner();
    assert_eq!(more.assigned_ipv6_prefixes.len(), 1);
    let unassign = UnassignIpv6AddressesRequest {
        network_interface_id: Some(id.clone()),
        ipv6_prefixes: vec![held[0].clone()],
        ..Default::default()
    };
    let gone = client.unassign_ipv6_addresses(sandbox.ask(unassign.clone())).await.unwrap().into_inner();
    assert_eq!(gone.unassigned_ipv6_prefixes, [held[0].clone()]);
    assert_eq!(code(client.unassign_ipv6_addresses(sandbox.ask(unassign)).await), "InvalidParameterValue");
    client.assign_ipv6_addresses(assign(vec![held[0].clone()], Vec::new())).await.unwrap();
    let shown = find(&sandbox, filter("network-interface-id", &id)).await.remove(0);
    assert_eq!(shown.ipv6_prefixes.len(), 3);

    let both =
        CreateNetworkInterfaceRequest { ipv6_prefix_count: Some(1), ipv6_address_count: Some(1), ..base.clone() };
    assert_eq!(code(create(&sandbox, both).await.map(tonic::Response::new)), "InvalidParameterCombination");
    // They go back to the subnet with their interface.
    delete(&sandbox, &id).await.unwrap();
    let named = Ipv6PrefixSpecificationRequest { ipv6_prefix: Some(held[1].clone()) };
    create(&sandbox, CreateNetworkInterfaceRequest { ipv6_prefixes: vec![named], ..base }).await.unwrap();
}

/// AWS: "IP addresses per network interface": a t3.micro takes two.
#[tokio::test]
async fn an_interface_has_as_many_addresses_as_its_instance_type_takes() {
    let sandbox = Sandbox::new().await;
    let (_, interface) = launched(&sandbox).await;
    let assign = |count: i32| {
        let request = AssignPrivateIpAddressesRequest {
            network_interface_id: interface.network_interface_id.clone(),
            secondary_private_ip_address_count: Some(count),
            ..Default::default()
        };
        sandbox.ask(request)
    };
    let free = subnet(&sandbox).await.available_ip_address_count();
    let mut client = client(&sandbox);
    assert_eq!(code(client.assign_private_ip_addresses(assign(2)).await), "PrivateIpAddressLimitExceeded");
    // What was refused is not taken.
    assert_eq!(subnet(&sandbox).await.available_ip_address_count(), free);
    client.assign_private_ip_addresses(assign(1)).await.unwrap();
    assert_eq!(code(client.assign_private_ip_addresses(assign(1)).await), "PrivateIpAddressLimitExceeded");
    // One that is attached to nothing may have more.
    let many = CreateNetworkInterfaceRequest {
        secondary_private_ip_address_count: Some(7),
        ..new(&subnet(&sandbox).await).await
    };
    assert_eq!(create(&sandbox, many).await.unwrap().private_ip_addresses.len(), 8);
}

#[tokio::test]
async fn attributes_are_set_one_at_a_time_and_described_back() {
    let sandbox = Sandbox::new().await;
    let subnet = subnet(&sandbox).await;
    let id = create(&sandbox, new(&subnet).await).await.unwrap().network_interface_id;
    let base = ModifyNetworkInterfaceAttributeRequest { network_interface_id: id.clone(), ..Default::default() };
    let check = ModifyNetworkInterfaceAttributeRequest {
        source_dest_check: Some(AttributeBooleanValue { value: Some(false) }),
        ..base.clone()
    };
    let both = ModifyNetworkInterfaceAttributeRequest {
        description: Some(AttributeValue { value: Some("x".into()) }),
        ..check.clone()
    };
    let mut client = client(&sandbox);
    for refused in [base, both] {
        let outcome = client.modify_network_interface_attribute(sandbox.ask(refused)).await;
        assert_eq!(code(outcome), "InvalidParameterCombination");
    }
    client.modify_network_interface_attribute(sandbox.ask(check)).await.unwrap();
    let describe = DescribeNetworkInterfaceAttributeRequest {
        network_interface_id: id.clone(),
        attribute: Some("sourceDestCheck".into()),
        ..DescribeNetworkInterfaceAttributeRequest::default()
    };
    let shown = client.describe_network_interface_attribute(sandbox.ask(describe)).await.unwrap().into_inner();
    assert_eq!(shown.source_dest_check.unwrap().value, Some(false));
    assert_eq!(find(&sandbox, filter("source-desk-check", "false")).await.len(), 1);

    let reset = ResetNetworkInterfaceAttributeRequest {
        network_interface_id: id,
        source_dest_check: Some("true".into()),
        ..ResetNetworkInterfaceAttributeRequest::default()
    };
    client.reset_network_interface_attribute(sandbox.ask(reset)).await.unwrap();
    assert_eq!(find(&sandbox, filter("source-dest-check", "true")).await.len(), 1);
}

#[tokio::test]
async fn a_group_in_use_by_an_interface_is_not_deleted() {
    let sandbox = Sandbox::new().await;
    let subnet = subnet(&sandbox).await;
    let mut groups = SecurityGroupsServiceClient::new(sandbox.channel.clone());
    let request = archipelago_proto::ec2::v1::CreateSecurityGroupRequest {
        group_name: Some("web".into()),
        description: Some("web".into()),
        ..Default::default()
    };
    let group = groups.create_security_group(sandbox.ask(request)).await.unwrap().into_inner().group_id.unwrap();
    let with_group = CreateNetworkInterfaceRequest { groups: vec![group.clone()], ..new(&subnet).await };
    let interface = create(&sandbox, with_group).await.unwrap();
    assert_eq!(find(&sandbox, filter("group-name", "web")).await.len(), 1);
    let delete_group = DeleteSecurityGroupRequest { group_id: Some(group), ..Default::default() };
    let refused = groups.delete_security_group(sandbox.ask(delete_group.clone())).await;
    assert_eq!(code(refused), "DependencyViolation");
    delete(&sandbox, interface.network_interface_id()).await.unwrap();
    groups.delete_security_group(sandbox.ask(delete_group)).await.unwrap();
    let remaining = groups.describe_security_groups(sandbox.ask(DescribeSecurityGroupsRequest::default())).await;
    assert_eq!(remaining.unwrap().into_inner().security_groups.len(), 1);
}

#[tokio::test]
async fn a_launched_interface_is_attached_and_has_a_public_address_in_a_default_subnet() {
    let sandbox = Sandbox::new().await;
    let (instance, interface) = launched(&sandbox).await;
    let association = interface.association.clone().unwrap();
    assert_eq!((interface.status(), association.ip_owner_id()), ("in-use", "amazon"));
    assert!(association.public_dns_name().ends_with(".compute-1.amazonaws.com"), "{association:?}");
    let attachment = interface.attachment.clone().unwrap();
    assert_eq!((attachment.status(), attachment.delete_on_termination()), ("attached", true));
    let in_use = delete(&sandbox, interface.network_interface_id()).await;
    assert_eq!(in_use, Err("InvalidNetworkInterface.InUse".into()));

    let cx = context(&sandbox);
    let detach = NetworkInterfaceCommand::Detach { attachment: attachment.attachment_id().into(), force: false };
    let refused = command(&cx, &Id::new(interface.network_interface_id()), detach).await;
    assert_eq!(refused.err().unwrap().code, "OperationNotPermitted");
    let free = subnet(&sandbox).await.available_ip_address_count();
    let terminate = TerminateInstancesRequest { instance_ids: vec![instance], ..Default::default() };
    let mut instances = InstancesServiceClient::new(sandbox.channel.clone());
    instances.terminate_instances(sandbox.ask(terminate)).await.unwrap();
    assert!(find(&sandbox, Vec::new()).await.is_empty());
    assert_eq!(subnet(&sandbox).await.available_ip_address_count(), free + 1);
}

#[tokio::test]
async fn addresses_are_still_taken_after_a_restart() {
    let (before, after) = (folder("interfaces-before"), folder("interfaces-after"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&before).unwrap()).await;
    let created = create(&sandbox, new(&subnet(&sandbox).await).await).await.unwrap();
    let free = subnet(&sandbox).await.available_ip_address_count();
    copy_folder(&before, &after);

    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&after).unwrap()).await;
    (0..1_000).for_each(|_| drop(sandbox.region.shell.ids.prefixed("x")));
    assert_eq!(
        find(&sandbox, Vec::new()).await,
        [NetworkInterface { status: Some("available".into()), ..created.clone() }]
    );
    assert_eq!(subnet(&sandbox).await.available_ip_address_count(), free);
    let other = create(&sandbox, new(&subnet(&sandbox).await).await).await.unwrap();
    assert_ne!(addresses(&other), addresses(&created));
    assert_ne!(other.mac_address, created.mac_address);
}

#[tokio::test]
async fn a_permission_is_granted_to_one_account_and_taken_back() {
    let sandbox = Sandbox::new().await;
    let subnet = subnet(&sandbox).await;
    let made = create(&sandbox, new(&subnet).await).await.unwrap();
    let grant = CreateNetworkInterfacePermissionRequest {
        network_interface_id: made.network_interface_id.clone(),
        aws_account_id: Some("111111111111".into()),
        permission: Some("INSTANCE-ATTACH".into()),
        ..Default::default()
    };
    let granted = client(&sandbox).create_network_interface_permission(sandbox.ask(grant.clone())).await.unwrap();
    let granted = granted.into_inner().interface_permission.unwrap();
    assert_eq!(granted.permission_state.as_ref().unwrap().state(), "granted");
    let twice = client(&sandbox).create_network_interface_permission(sandbox.ask(grant)).await;
    assert_eq!(code(twice), "InvalidParameterValue");
    let input = DescribeNetworkInterfacePermissionsRequest {
        filters: filter("network-interface-permission.aws-account-id", "111111111111"),
        ..Default::default()
    };
    let found = client(&sandbox).describe_network_interface_permissions(sandbox.ask(input)).await.unwrap();
    assert_eq!(found.into_inner().network_interface_permissions, std::slice::from_ref(&granted));
    let away = DeleteNetworkInterfacePermissionRequest {
        network_interface_permission_id: granted.network_interface_permission_id,
        ..Default::default()
    };
    client(&sandbox).delete_network_interface_permission(sandbox.ask(away.clone())).await.unwrap();
    let again = client(&sandbox).delete_network_interface_permission(sandbox.ask(away)).await;
    assert_eq!(code(again), "InvalidPermissionID.NotFound");
}

#[test]
fn ids_of_interfaces_have_their_own_error_codes() {
    let kind = &NetworkInterfaceState::KIND;
    assert_eq!(kind.check("eni-x").unwrap_err().code, "InvalidNetworkInterfaceId.Malformed");
    assert_eq!(kind.not_found("eni-1a2b3c4d").code, "InvalidNetworkInterfaceID.NotFound");
}
