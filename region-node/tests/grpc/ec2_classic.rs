//! EC2-Classic over gRPC, for an account that has it.

use crate::support::launch::{image, instances};
use crate::support::network::{filter, some, vpc};
use crate::support::{Sandbox, ask_as, code, copy_folder, folder};
use archipelago_proto::ec2::v1::addresses_service_client::AddressesServiceClient;
use archipelago_proto::ec2::v1::classic_link_service_client::ClassicLinkServiceClient;
use archipelago_proto::ec2::v1::regions_service_client::RegionsServiceClient;
use archipelago_proto::ec2::v1::security_groups_service_client::SecurityGroupsServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    Address, AllocateAddressRequest, AssociateAddressRequest, AttachClassicLinkVpcRequest,
    AuthorizeSecurityGroupEgressRequest, AuthorizeSecurityGroupIngressRequest, CreateDefaultVpcRequest,
    CreateSecurityGroupRequest, DeleteSecurityGroupRequest, DescribeAccountAttributesRequest, DescribeAddressesRequest,
    DescribeClassicLinkInstancesRequest, DescribeInstanceAttributeRequest, DescribeMovingAddressesRequest,
    DescribeSecurityGroupsRequest, DescribeVpcsRequest, DetachClassicLinkVpcRequest, DisableVpcClassicLinkRequest,
    DisassociateAddressRequest, EnableVpcClassicLinkRequest, Filter, Instance, IpPermission, IpRange,
    MoveAddressToVpcRequest, ReleaseAddressRequest, Reservation, RestoreAddressToClassicRequest, RunInstancesRequest,
    SecurityGroup, StopInstancesRequest, TerminateInstancesRequest,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Lifecycle;
use tonic::transport::Channel;

/// The account of `Sandbox::ask`.
const OWN: &str = "000000000000";
const OTHER: &str = "111111111111";

/// A region where both accounts have EC2-Classic.
async fn sandbox() -> Sandbox {
    classic(Sandbox::new().await)
}

fn classic(sandbox: Sandbox) -> Sandbox {
    [OWN, OTHER].iter().for_each(|account| sandbox.region.platforms.add_classic(account));
    sandbox
}

fn groups(sandbox: &Sandbox) -> SecurityGroupsServiceClient<Channel> {
    SecurityGroupsServiceClient::new(sandbox.channel.clone())
}

fn addresses(sandbox: &Sandbox) -> AddressesServiceClient<Channel> {
    AddressesServiceClient::new(sandbox.channel.clone())
}

fn links(sandbox: &Sandbox) -> ClassicLinkServiceClient<Channel> {
    ClassicLinkServiceClient::new(sandbox.channel.clone())
}

async fn launch(sandbox: &Sandbox) -> RunInstancesRequest {
    RunInstancesRequest {
        image_id: Some(image(sandbox).await),
        instance_type: some("m3.medium"),
        min_count: Some(1),
        max_count: Some(1),
        ..Default::default()
    }
}

async fn run(sandbox: &Sandbox, request: RunInstancesRequest) -> Reservation {
    instances(sandbox).run_instances(sandbox.ask(request)).await.unwrap().into_inner()
}

async fn one(sandbox: &Sandbox) -> String {
    run(sandbox, launch(sandbox).await).await.instances[0].instance_id().to_owned()
}

async fn found(sandbox: &Sandbox, filters: Vec<Filter>) -> Vec<Reservation> {
    let request = archipelago_proto::ec2::v1::DescribeInstancesRequest { filters, ..Default::default() };
    instances(sandbox).describe_instances(sandbox.ask(request)).await.unwrap().into_inner().reservations
}

async fn instance(sandbox: &Sandbox, id: &str) -> Instance {
    found(sandbox, filter("instance-id", id)).await[0].instances[0].clone()
}

async fn stop(sandbox: &Sandbox, id: &str) {
    let request = StopInstancesRequest { instance_ids: vec![id.to_owned()], ..Default::default() };
    instances(sandbox).stop_instances(sandbox.ask(request)).await.unwrap();
}

async fn create_group(sandbox: &Sandbox, account: &str, name: &str) -> String {
    let request = CreateSecurityGroupRequest { group_name: some(name), description: some("d"), ..Default::default() };
    let created = groups(sandbox).create_security_group(ask_as(account, request)).await.unwrap();
    created.into_inner().group_id.unwrap()
}

async fn group(sandbox: &Sandbox, name: &str) -> SecurityGroup {
    let request = DescribeSecurityGroupsRequest { group_names: vec![name.to_owned()], ..Default::default() };
    groups(sandbox).describe_security_groups(sandbox.ask(request)).await.unwrap().into_inner().security_groups.remove(0)
}

async fn allocate(sandbox: &Sandbox) -> String {
    let allocated = addresses(sandbox).allocate_address(sandbox.ask(AllocateAddressRequest::default())).await.unwrap();
    let allocated = allocated.into_inner();
    assert_eq!((allocated.domain(), &allocated.allocation_id), ("standard", &None));
    allocated.public_ip.unwrap()
}

async fn address(sandbox: &Sandbox, public_ip: &str) -> Address {
    let request = DescribeAddressesRequest { public_ips: vec![public_ip.to_owned()], ..Default::default() };
    addresses(sandbox).describe_addresses(sandbox.ask(request)).await.unwrap().into_inner().addresses.remove(0)
}

fn association(public_ip: &str, instance: &str) -> AssociateAddressRequest {
    AssociateAddressRequest { public_ip: some(public_ip), instance_id: some(instance), ..Default::default() }
}

#[tokio::test]
async fn an_account_with_ec2_classic_has_a_group_there_and_no_default_vpc() {
    let sandbox = sandbox().await;
    let mut regions = RegionsServiceClient::new(sandbox.channel.clone());
    let request = DescribeAccountAttributesRequest::default();
    let told = regions.describe_account_attributes(sandbox.ask(request)).await.unwrap().into_inner();
    let of = |name: &str| {
        let attribute = told.account_attributes.iter().find(|known| known.attribute_name() == name).unwrap();
        attribute.attribute_values.iter().map(|value| value.attribute_value().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!((of("supported-platforms"), of("default-vpc")), (vec!["EC2".into(), "VPC".into()], vec!["none".into()]));
    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    let all = vpcs.describe_vpcs(sandbox.ask(DescribeVpcsRequest::default())).await.unwrap().into_inner();
    assert!(all.vpcs.is_empty());
    let refused = vpcs.create_default_vpc(sandbox.ask(CreateDefaultVpcRequest::default())).await;
    assert_eq!(code(refused), "UnsupportedOperation");
    let default = group(&sandbox, "default").await;
    assert_eq!((&default.vpc_id, default.ip_permissions_egress.len()), (&None, 0));
    let pair = &default.ip_permissions[0].user_id_group_pairs[0];
    assert_eq!((pair.group_name(), pair.user_id()), ("default", OWN));
}

#[tokio::test]
async fn a_launch_without_a_subnet_goes_to_ec2_classic() {
    let sandbox = sandbox().await;
    let web = create_group(&sandbox, OWN, "web servers").await;
    let request = RunInstancesRequest { security_groups: vec!["web servers".into()], ..launch(&sandbox).await };
    let answer = run(&sandbox, request).await;
    assert_eq!(answer.groups[0].group_name(), "web servers");
    let id = answer.instances[0].instance_id();
    let reservation = found(&sandbox, filter("group-name", "web servers")).await.remove(0);
    assert_eq!((reservation.groups[0].group_id(), reservation.instances.len()), (web.as_str(), 1));
    let shown = &reservation.instances[0];
    assert_eq!((shown.state.as_ref().unwrap().name(), shown.instance_id()), ("running", id));
    assert_eq!((&shown.vpc_id, &shown.subnet_id, shown.network_interfaces.len()), (&None, &None, 0));
    assert_eq!(shown.security_groups[0].group_id(), web);
    assert!(shown.private_ip_address().starts_with("10."));
    assert_eq!(shown.private_dns_name(), format!("ip-{}.ec2.internal", shown.private_ip_address().replace('.', "-")));
    let dashed = shown.public_ip_address().replace('.', "-");
    assert_eq!(shown.public_dns_name(), format!("ec2-{dashed}.compute-1.amazonaws.com"));
    assert_eq!(found(&sandbox, filter("ip-address", shown.public_ip_address())).await.len(), 1);
    assert_eq!(found(&sandbox, filter("dns-name", shown.public_dns_name())).await.len(), 1);
    assert_eq!(found(&sandbox, filter("private-ip-address", shown.private_ip_address())).await.len(), 1);

    let attribute = |name: &str| DescribeInstanceAttributeRequest {
        instance_id: some(id),
        attribute: some(name),
        ..Default::default()
    };
    let told = instances(&sandbox).describe_instance_attribute(sandbox.ask(attribute("groupSet"))).await.unwrap();
    assert_eq!(told.into_inner().groups[0].group_id(), web);
    let refused = instances(&sandbox).describe_instance_attribute(sandbox.ask(attribute("sourceDestCheck"))).await;
    assert_eq!(code(refused), "InvalidParameterCombination");

    let delete = || DeleteSecurityGroupRequest { group_name: some("web servers"), ..Default::default() };
    assert_eq!(code(groups(&sandbox).delete_security_group(sandbox.ask(delete())).await), "InvalidGroup.InUse");
    let terminate = TerminateInstancesRequest { instance_ids: vec![id.to_owned()], ..Default::default() };
    instances(&sandbox).terminate_instances(sandbox.ask(terminate)).await.unwrap();
    let gone = instance(&sandbox, id).await;
    assert_eq!((&gone.private_ip_address, &gone.public_ip_address), (&None, &None));
    groups(&sandbox).delete_security_group(sandbox.ask(delete())).await.unwrap();
}

#[tokio::test]
async fn what_needs_a_vpc_is_refused_outside_of_one() {
    let sandbox = sandbox().await;
    let refused = async |request| code(instances(&sandbox).run_instances(sandbox.ask(request)).await);
    let newer = RunInstancesRequest { instance_type: some("t3.micro"), ..launch(&sandbox).await };
    assert_eq!(refused(newer).await, "VPCResourceNotSpecified");
    let address = RunInstancesRequest { private_ip_address: some("10.0.0.9"), ..launch(&sandbox).await };
    assert_eq!(refused(address).await, "InvalidParameterCombination");
    let own = vpc(&sandbox, "10.0.0.0/16").await;
    let request = CreateSecurityGroupRequest {
        group_name: some("inside"),
        description: some("d"),
        vpc_id: own.vpc_id,
        ..Default::default()
    };
    let inside = groups(&sandbox).create_security_group(sandbox.ask(request)).await.unwrap().into_inner();
    let mixed =
        RunInstancesRequest { security_group_ids: inside.group_id.into_iter().collect(), ..launch(&sandbox).await };
    assert_eq!(refused(mixed).await, "InvalidParameterCombination");
}

#[tokio::test]
async fn addresses_change_when_an_instance_is_stopped_and_started() {
    let sandbox = sandbox().await;
    let id = one(&sandbox).await;
    let before = instance(&sandbox, &id).await;
    let elastic = allocate(&sandbox).await;
    addresses(&sandbox).associate_address(sandbox.ask(association(&elastic, &id))).await.unwrap();
    assert_eq!(instance(&sandbox, &id).await.public_ip_address(), elastic);
    assert_eq!(address(&sandbox, &elastic).await.instance_id(), id);
    stop(&sandbox, &id).await;
    let stopped = instance(&sandbox, &id).await;
    assert_eq!((&stopped.private_ip_address, &stopped.public_ip_address), (&None, &None));
    assert_eq!(stopped.security_groups[0].group_name(), "default");
    assert_eq!(address(&sandbox, &elastic).await.instance_id, None, "it is disassociated at a stop");
    let start = crate::support::launch::starting(&id);
    instances(&sandbox).start_instances(sandbox.ask(start)).await.unwrap();
    let after = instance(&sandbox, &id).await;
    assert_ne!(before.private_ip_address(), after.private_ip_address());
    assert!(after.private_ip_address().starts_with("10.") && !after.public_ip_address().is_empty());
    assert_ne!(after.public_ip_address(), elastic);
}

#[tokio::test]
async fn an_address_goes_from_one_instance_to_another_and_is_released_by_its_number() {
    let sandbox = sandbox().await;
    let (one_id, other_id) = (one(&sandbox).await, one(&sandbox).await);
    let lent = instance(&sandbox, &one_id).await.public_ip_address.unwrap();
    let elastic = allocate(&sandbox).await;
    for id in [&one_id, &other_id] {
        let associated = addresses(&sandbox).associate_address(sandbox.ask(association(&elastic, id))).await.unwrap();
        assert_eq!(associated.into_inner().association_id, None);
    }
    let of = instance(&sandbox, &one_id).await.public_ip_address.unwrap();
    assert!(of != elastic && of != lent, "another is lent to it");
    assert_eq!(instance(&sandbox, &other_id).await.public_ip_address(), elastic);
    let second = allocate(&sandbox).await;
    addresses(&sandbox).associate_address(sandbox.ask(association(&second, &other_id))).await.unwrap();
    assert_eq!(instance(&sandbox, &other_id).await.public_ip_address(), second);
    assert_eq!(address(&sandbox, &elastic).await.instance_id, None);
    let disassociate = DisassociateAddressRequest { public_ip: some(&second), ..Default::default() };
    addresses(&sandbox).disassociate_address(sandbox.ask(disassociate)).await.unwrap();
    assert_ne!(instance(&sandbox, &other_id).await.public_ip_address(), second);
    addresses(&sandbox).associate_address(sandbox.ask(association(&second, &other_id))).await.unwrap();
    let release = ReleaseAddressRequest { public_ip: some(&second), ..Default::default() };
    addresses(&sandbox).release_address(sandbox.ask(release)).await.unwrap();
    let left = instance(&sandbox, &other_id).await.public_ip_address.unwrap();
    assert!(!left.is_empty() && left != second);
    let request = AllocateAddressRequest { domain: some("vpc"), ..Default::default() };
    let of_vpc = addresses(&sandbox).allocate_address(sandbox.ask(request)).await.unwrap().into_inner();
    let wrong = addresses(&sandbox).associate_address(sandbox.ask(association(of_vpc.public_ip(), &one_id))).await;
    assert_eq!(code(wrong), "InvalidParameterCombination");
}

#[tokio::test]
async fn an_address_moves_to_vpcs_and_back() {
    let sandbox = classic(Sandbox::with(Lifecycle::realistic(), Store::Memory).await);
    let elastic = allocate(&sandbox).await;
    let move_ = || MoveAddressToVpcRequest { public_ip: some(&elastic), ..Default::default() };
    let moved = addresses(&sandbox).move_address_to_vpc(sandbox.ask(move_())).await.unwrap().into_inner();
    assert_eq!(moved.status(), "MoveInProgress");
    let describe =
        || DescribeMovingAddressesRequest { filters: filter("moving-status", "movingToVpc"), ..Default::default() };
    let moving = addresses(&sandbox).describe_moving_addresses(sandbox.ask(describe())).await.unwrap().into_inner();
    assert_eq!(moving.moving_address_statuses[0].public_ip(), elastic);
    sandbox.region.advance(60_000).await;
    let in_vpc = address(&sandbox, &elastic).await;
    assert_eq!((in_vpc.domain(), &in_vpc.allocation_id), ("vpc", &moved.allocation_id));
    assert_eq!(code(addresses(&sandbox).move_address_to_vpc(sandbox.ask(move_())).await), "InvalidParameterValue");
    let restore = RestoreAddressToClassicRequest { public_ip: some(&elastic), ..Default::default() };
    addresses(&sandbox).restore_address_to_classic(sandbox.ask(restore)).await.unwrap();
    sandbox.region.advance(60_000).await;
    assert_eq!(address(&sandbox, &elastic).await.domain(), "standard");
}

#[tokio::test]
async fn classic_rules_name_the_groups_of_other_accounts_and_have_no_outbound_side() {
    let sandbox = sandbox().await;
    create_group(&sandbox, OWN, "web").await;
    let theirs = create_group(&sandbox, OTHER, "clients").await;
    let flat = AuthorizeSecurityGroupIngressRequest {
        group_name: some("web"),
        source_security_group_name: some("clients"),
        source_security_group_owner_id: some(OTHER),
        ..Default::default()
    };
    groups(&sandbox).authorize_security_group_ingress(sandbox.ask(flat)).await.unwrap();
    let shown = group(&sandbox, "web").await;
    assert_eq!(shown.ip_permissions.len(), 3, "full access is TCP, UDP and ICMP");
    let pair = &shown.ip_permissions[0].user_id_group_pairs[0];
    assert_eq!((pair.user_id(), pair.group_name(), pair.group_id()), (OTHER, "clients", theirs.as_str()));
    let delete = DeleteSecurityGroupRequest { group_name: some("clients"), ..Default::default() };
    let refused = groups(&sandbox).delete_security_group(ask_as(OTHER, delete)).await;
    assert_eq!(code(refused), "InvalidGroup.InUse");

    let permission = |protocol: &str| IpPermission {
        ip_protocol: some(protocol),
        from_port: Some(80),
        to_port: Some(80),
        ip_ranges: vec![IpRange { cidr_ip: some("10.0.0.0/8"), description: None }],
        ..Default::default()
    };
    let egress = AuthorizeSecurityGroupEgressRequest {
        group_id: shown.group_id.clone(),
        ip_permissions: vec![permission("tcp")],
        ..Default::default()
    };
    let refused = groups(&sandbox).authorize_security_group_egress(sandbox.ask(egress)).await;
    assert_eq!(code(refused), "InvalidParameterValue");
    let all = AuthorizeSecurityGroupIngressRequest {
        group_name: some("web"),
        ip_permissions: vec![permission("-1")],
        ..Default::default()
    };
    let refused = groups(&sandbox).authorize_security_group_ingress(sandbox.ask(all)).await;
    assert_eq!(code(refused), "InvalidParameterValue");
}

#[tokio::test]
async fn names_of_classic_groups_are_unique_and_default_is_reserved() {
    let sandbox = sandbox().await;
    let create = |name: &str| CreateSecurityGroupRequest {
        group_name: some(name),
        description: some("ümlaut").filter(|_| name == "odd").or_else(|| some("d")),
        ..Default::default()
    };
    create_group(&sandbox, OWN, "web").await;
    let refused = async |name| code(groups(&sandbox).create_security_group(sandbox.ask(create(name))).await);
    assert_eq!(refused("web").await, "InvalidGroup.Duplicate");
    assert_eq!(refused("default").await, "InvalidGroup.Reserved");
    assert_eq!(refused("odd").await, "InvalidParameterValue");
    let delete = DeleteSecurityGroupRequest { group_name: some("default"), ..Default::default() };
    assert_eq!(code(groups(&sandbox).delete_security_group(sandbox.ask(delete)).await), "InvalidGroup.Reserved");
}

#[tokio::test]
async fn a_running_instance_is_linked_to_a_vpc_until_it_stops() {
    let sandbox = sandbox().await;
    let id = one(&sandbox).await;
    let (first, second) = (vpc(&sandbox, "10.0.0.0/16").await, vpc(&sandbox, "10.1.0.0/16").await);
    let mut of_vpc = Vec::new();
    for known in [&first, &second] {
        let enable = EnableVpcClassicLinkRequest { vpc_id: known.vpc_id.clone(), ..Default::default() };
        links(&sandbox).enable_vpc_classic_link(sandbox.ask(enable)).await.unwrap();
        let request = DescribeSecurityGroupsRequest { filters: filter("vpc-id", known.vpc_id()), ..Default::default() };
        let found = groups(&sandbox).describe_security_groups(sandbox.ask(request)).await.unwrap().into_inner();
        of_vpc.push(found.security_groups[0].group_id().to_owned());
    }
    let attach = |vpc: &archipelago_proto::ec2::v1::Vpc, group: &str| AttachClassicLinkVpcRequest {
        instance_id: some(&id),
        vpc_id: vpc.vpc_id.clone(),
        groups: vec![group.to_owned()],
        ..Default::default()
    };
    let foreign = links(&sandbox).attach_classic_link_vpc(sandbox.ask(attach(&first, &of_vpc[1]))).await;
    assert_eq!(code(foreign), "InvalidGroup.NotFound");
    let linked = links(&sandbox).attach_classic_link_vpc(sandbox.ask(attach(&first, &of_vpc[0]))).await.unwrap();
    assert!(linked.into_inner().r#return());
    let again = links(&sandbox).attach_classic_link_vpc(sandbox.ask(attach(&second, &of_vpc[1]))).await;
    assert_eq!(code(again), "InstanceAlreadyLinked");
    let describe =
        || DescribeClassicLinkInstancesRequest { filters: filter("vpc-id", first.vpc_id()), ..Default::default() };
    let shown = links(&sandbox).describe_classic_link_instances(sandbox.ask(describe())).await.unwrap().into_inner();
    assert_eq!((shown.instances[0].instance_id(), shown.instances[0].groups[0].group_id()), (id.as_str(), &*of_vpc[0]));
    let disable = || DisableVpcClassicLinkRequest { vpc_id: first.vpc_id.clone(), ..Default::default() };
    let refused = links(&sandbox).disable_vpc_classic_link(sandbox.ask(disable())).await;
    assert_eq!(code(refused), "DependencyViolation");
    stop(&sandbox, &id).await;
    let shown = links(&sandbox).describe_classic_link_instances(sandbox.ask(describe())).await.unwrap().into_inner();
    assert!(shown.instances.is_empty());
    links(&sandbox).disable_vpc_classic_link(sandbox.ask(disable())).await.unwrap();
    let detach =
        DetachClassicLinkVpcRequest { instance_id: some(&id), vpc_id: second.vpc_id.clone(), ..Default::default() };
    let refused = links(&sandbox).detach_classic_link_vpc(sandbox.ask(detach)).await;
    assert_eq!(code(refused), "InvalidParameterValue");
    let stopped = links(&sandbox).attach_classic_link_vpc(sandbox.ask(attach(&second, &of_vpc[1]))).await;
    assert_eq!(code(stopped), "InvalidInstanceID.NotLinkable");
}

#[tokio::test]
async fn classic_addresses_are_not_given_twice_after_a_restart() {
    let (data, copy) = (folder("classic"), folder("classic-copy"));
    let before = {
        let sandbox = classic(Sandbox::with(Lifecycle::instant(), Store::open(&data).unwrap()).await);
        let id = one(&sandbox).await;
        let elastic = allocate(&sandbox).await;
        addresses(&sandbox).associate_address(sandbox.ask(association(&elastic, &id))).await.unwrap();
        copy_folder(&data, &copy);
        instance(&sandbox, &id).await
    };
    let sandbox = classic(Sandbox::with(Lifecycle::instant(), Store::open(&copy).unwrap()).await);
    let after = instance(&sandbox, before.instance_id()).await;
    assert_eq!(after.private_ip_address, before.private_ip_address);
    assert_eq!(after.public_ip_address, before.public_ip_address);
    let mut known = vec![after.private_ip_address];
    for _ in 0..20 {
        let other = run(&sandbox, launch(&sandbox).await).await.instances[0].private_ip_address.clone();
        assert!(!known.contains(&other));
        known.push(other);
    }
}
