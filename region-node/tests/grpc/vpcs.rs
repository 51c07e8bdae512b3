//! VPCs over gRPC.

use crate::support::{Sandbox, ask_as, code, copy_folder, folder};
use archipelago_proto::ec2::v1::internet_gateways_service_client::InternetGatewaysServiceClient;
use archipelago_proto::ec2::v1::network_acls_service_client::NetworkAclsServiceClient;
use archipelago_proto::ec2::v1::route_tables_service_client::RouteTablesServiceClient;
use archipelago_proto::ec2::v1::security_groups_service_client::SecurityGroupsServiceClient;
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    AssociateVpcCidrBlockRequest, AttributeBooleanValue, AuthorizeSecurityGroupEgressRequest,
    CreateSecurityGroupRequest, CreateSubnetRequest, CreateVpcRequest, DeleteVpcRequest,
    DescribeInternetGatewaysRequest, DescribeNetworkAclsRequest, DescribeRouteTablesRequest,
    DescribeSecurityGroupsRequest, DescribeSubnetsRequest, DescribeVpcAttributeRequest, DescribeVpcsRequest, Filter,
    IpPermission, IpRange, Ipv6Range, ModifyVpcAttributeRequest, RevokeSecurityGroupEgressRequest, Vpc,
};
use archipelago_region_node::entity::Id;
use archipelago_region_node::families::vpcs::VpcCommand;
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use tonic::transport::Channel;

fn filter(name: &str, value: &str) -> Vec<Filter> {
    vec![Filter { name: Some(name.into()), values: vec![value.into()] }]
}

fn create(cidr_block: &str) -> CreateVpcRequest {
    CreateVpcRequest { cidr_block: Some(cidr_block.into()), ..CreateVpcRequest::default() }
}

async fn created(sandbox: &Sandbox, input: CreateVpcRequest) -> Vpc {
    client(sandbox).create_vpc(sandbox.ask(input)).await.unwrap().into_inner().vpc.unwrap()
}

fn client(sandbox: &Sandbox) -> VpcsServiceClient<Channel> {
    VpcsServiceClient::new(sandbox.channel.clone())
}

async fn vpcs(sandbox: &Sandbox, filters: Vec<Filter>) -> Vec<Vpc> {
    let input = DescribeVpcsRequest { filters, ..DescribeVpcsRequest::default() };
    client(sandbox).describe_vpcs(sandbox.ask(input)).await.unwrap().into_inner().vpcs
}

#[tokio::test]
async fn an_account_starts_with_a_default_vpc_and_all_that_belongs_to_it() {
    let sandbox = Sandbox::new().await;
    let found = vpcs(&sandbox, filter("is-default", "true")).await;
    let vpc = &found[0];
    assert_eq!((found.len(), vpc.cidr_block(), vpc.state()), (1, "172.31.0.0/16", "available"));

    let input = DescribeSubnetsRequest { filters: filter("vpc-id", vpc.vpc_id()), ..Default::default() };
    let mut subnets = SubnetsServiceClient::new(sandbox.channel.clone());
    let subnets = subnets.describe_subnets(sandbox.ask(input)).await.unwrap().into_inner().subnets;
    assert_eq!(subnets.len(), 6, "one in each zone of us-east-1");
    let second = &subnets[1];
    assert_eq!((second.cidr_block(), second.availability_zone()), ("172.31.16.0/20", "us-east-1b"));
    assert_eq!(second.available_ip_address_count(), 4091);
    assert!(second.default_for_az() && second.map_public_ip_on_launch());

    let mut gateways = InternetGatewaysServiceClient::new(sandbox.channel.clone());
    let input = DescribeInternetGatewaysRequest::default();
    let gateways = gateways.describe_internet_gateways(sandbox.ask(input)).await.unwrap().into_inner();
    let gateway = &gateways.internet_gateways[0];
    assert_eq!((gateway.attachments[0].vpc_id(), gateway.attachments[0].state()), (vpc.vpc_id(), "available"));

    let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
    let input = DescribeRouteTablesRequest { filters: filter("association.main", "true"), ..Default::default() };
    let tables = tables.describe_route_tables(sandbox.ask(input)).await.unwrap().into_inner().route_tables;
    let routes = tables[0].routes.iter().map(|r| (r.destination_cidr_block(), r.gateway_id(), r.state()));
    let expected = [("172.31.0.0/16", "local", "active"), ("0.0.0.0/0", gateway.internet_gateway_id(), "active")];
    assert_eq!(routes.collect::<Vec<_>>(), expected);

    let mut acls = NetworkAclsServiceClient::new(sandbox.channel.clone());
    let input = DescribeNetworkAclsRequest { filters: filter("default", "true"), ..Default::default() };
    let acls = acls.describe_network_acls(sandbox.ask(input)).await.unwrap().into_inner().network_acls;
    let numbers: Vec<_> = acls[0].entries.iter().map(|entry| (entry.egress(), entry.rule_number())).collect();
    assert_eq!(numbers, [(true, 100), (true, 32_767), (false, 100), (false, 32_767)]);
    assert_eq!(acls[0].associations.len(), 6);
    assert_eq!(sandbox.region.security_groups.owned_by("000000000000").len(), 1);
}

#[tokio::test]
async fn accounts_do_not_see_each_others_vpcs() {
    let sandbox = Sandbox::new().await;
    let vpc = created(&sandbox, create("10.0.0.0/16")).await;
    let input = DescribeVpcsRequest { vpc_ids: vec![vpc.vpc_id().to_owned()], ..Default::default() };
    let outcome = client(&sandbox).describe_vpcs(ask_as("111111111111", input)).await;
    assert_eq!(code(outcome), "InvalidVpcID.NotFound");
}

#[tokio::test]
async fn a_vpc_is_pending_first_and_its_block_is_canonical() {
    let lifecycle = Lifecycle::instant().with(Transition::VpcCreate, 1_000);
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let vpc = created(&sandbox, create("10.9.8.7/16")).await;
    assert_eq!((vpc.state(), vpc.cidr_block()), ("pending", "10.9.0.0/16"));
    assert_eq!(vpcs(&sandbox, filter("cidr", "10.9.0.0/16")).await[0].state(), "pending");
    sandbox.region.advance(1_000).await;
    assert_eq!(vpcs(&sandbox, filter("cidr-block-association.cidr-block", "10.9.*")).await[0].state(), "available");
}

#[tokio::test]
async fn blocks_of_other_sizes_or_uses_are_refused() {
    let sandbox = Sandbox::new().await;
    for (block, expected) in [
        ("10.0.0.0/15", "InvalidVpc.Range"),
        ("10.0.0.0/29", "InvalidVpc.Range"),
        ("127.0.0.0/16", "InvalidVpc.Range"),
        ("169.254.0.0/16", "InvalidVpc.Range"),
        ("224.0.0.0/16", "InvalidVpc.Range"),
        ("10.0.0.0", "InvalidParameterValue"),
        ("ten/16", "InvalidParameterValue"),
    ] {
        assert_eq!(code(client(&sandbox).create_vpc(sandbox.ask(create(block))).await), expected, "{block}");
    }
    let outcome = client(&sandbox).create_vpc(sandbox.ask(CreateVpcRequest::default())).await;
    assert_eq!(code(outcome), "MissingParameter");
}

#[tokio::test]
async fn amazon_provides_ipv6_blocks_that_do_not_overlap() {
    let sandbox = Sandbox::new().await;
    let input = CreateVpcRequest { amazon_provided_ipv6_cidr_block: Some(true), ..create("10.0.0.0/16") };
    let (one, two) = (created(&sandbox, input.clone()).await, created(&sandbox, input).await);
    let block = |vpc: &Vpc| vpc.ipv6_cidr_block_association_set[0].ipv6_cidr_block().to_owned();
    assert!(block(&one).ends_with("::/56") && block(&one) != block(&two), "{} {}", block(&one), block(&two));
    let found = vpcs(&sandbox, filter("ipv6-cidr-block-association.state", "associated")).await;
    assert_eq!(found.len(), 2);
}

/// AWS: "If you've modified the outbound rules for your security group, we do not automatically add an outbound rule".
#[tokio::test]
async fn groups_with_the_rules_of_a_new_one_let_ipv6_out_once_there_is_some() {
    let sandbox = Sandbox::new().await;
    let vpc = created(&sandbox, create("10.0.0.0/16")).await;
    let mut groups = SecurityGroupsServiceClient::new(sandbox.channel.clone());
    let request = CreateSecurityGroupRequest {
        group_name: Some("own".into()),
        description: Some("has outbound rules of its own".into()),
        vpc_id: vpc.vpc_id.clone(),
        ..Default::default()
    };
    let own = groups.create_security_group(sandbox.ask(request)).await.unwrap().into_inner().group_id.unwrap();
    let everything = IpPermission {
        ip_protocol: Some("-1".into()),
        ip_ranges: vec![IpRange { cidr_ip: Some("0.0.0.0/0".into()), ..Default::default() }],
        ..Default::default()
    };
    let revoke = RevokeSecurityGroupEgressRequest {
        group_id: Some(own.clone()),
        ip_permissions: vec![everything],
        ..Default::default()
    };
    groups.revoke_security_group_egress(sandbox.ask(revoke.clone())).await.unwrap();
    // As Terraform does: the rule that was taken away is put back as one's own.
    let again = AuthorizeSecurityGroupEgressRequest {
        group_id: Some(own.clone()),
        ip_permissions: revoke.ip_permissions,
        ..Default::default()
    };
    groups.authorize_security_group_egress(sandbox.ask(again)).await.unwrap();

    let request = AssociateVpcCidrBlockRequest {
        vpc_id: vpc.vpc_id.clone(),
        amazon_provided_ipv6_cidr_block: Some(true),
        ..Default::default()
    };
    client(&sandbox).associate_vpc_cidr_block(sandbox.ask(request)).await.unwrap();
    let request = DescribeSecurityGroupsRequest { filters: filter("vpc-id", vpc.vpc_id()), ..Default::default() };
    let found = groups.describe_security_groups(sandbox.ask(request)).await.unwrap().into_inner().security_groups;
    assert_eq!(found.len(), 2);
    for group in found {
        let ipv6 = group.ip_permissions_egress.iter().flat_map(|permission| &permission.ipv6_ranges);
        let blocks: Vec<_> = ipv6.map(Ipv6Range::cidr_ipv6).collect();
        assert_eq!(blocks, if group.group_id() == own { &[][..] } else { &["::/0"][..] }, "{}", group.group_name());
    }
}

#[tokio::test]
async fn attributes_are_changed_one_at_a_time() {
    let sandbox = Sandbox::new().await;
    let vpc = created(&sandbox, create("10.0.0.0/16")).await;
    let on = |value| Some(AttributeBooleanValue { value: Some(value) });
    let modify = ModifyVpcAttributeRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    let both =
        ModifyVpcAttributeRequest { enable_dns_hostnames: on(true), enable_dns_support: on(true), ..modify.clone() };
    assert_eq!(code(client(&sandbox).modify_vpc_attribute(sandbox.ask(both)).await), "InvalidParameterCombination");
    let hostnames = ModifyVpcAttributeRequest { enable_dns_hostnames: on(true), ..modify.clone() };
    client(&sandbox).modify_vpc_attribute(sandbox.ask(hostnames)).await.unwrap();
    let input = DescribeVpcAttributeRequest {
        vpc_id: vpc.vpc_id.clone(),
        attribute: Some("enableDnsHostnames".into()),
        ..Default::default()
    };
    let described = client(&sandbox).describe_vpc_attribute(sandbox.ask(input)).await.unwrap().into_inner();
    assert_eq!((described.enable_dns_hostnames, described.enable_dns_support), (on(true), None));
}

#[tokio::test]
async fn deleting_a_vpc_with_subnets_is_a_dependency_violation() {
    let sandbox = Sandbox::new().await;
    let vpc = created(&sandbox, create("10.0.0.0/16")).await;
    let mut subnets = SubnetsServiceClient::new(sandbox.channel.clone());
    let input = CreateSubnetRequest {
        vpc_id: vpc.vpc_id.clone(),
        cidr_block: Some("10.0.0.0/24".into()),
        ..Default::default()
    };
    subnets.create_subnet(sandbox.ask(input)).await.unwrap();
    let delete = DeleteVpcRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    assert_eq!(code(client(&sandbox).delete_vpc(sandbox.ask(delete)).await), "DependencyViolation");
}

#[tokio::test]
async fn a_deleted_vpc_takes_its_parts_along() {
    let sandbox = Sandbox::new().await;
    let count = || {
        let region = &sandbox.region;
        (region.route_tables.index().len(), region.network_acls.index().len(), region.security_groups.index().len())
    };
    let vpc = created(&sandbox, create("10.0.0.0/16")).await;
    assert_eq!(count(), (2, 2, 2), "with those of the default VPC");
    let delete = DeleteVpcRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    client(&sandbox).delete_vpc(sandbox.ask(delete.clone())).await.unwrap();
    assert_eq!(count(), (1, 1, 1));
    assert_eq!(code(client(&sandbox).delete_vpc(sandbox.ask(delete)).await), "InvalidVpcID.NotFound");
}

/// The VPC goes first, then its parts: a crash in between leaves parts without a VPC.
#[tokio::test]
async fn what_a_crash_leaves_of_a_deleted_vpc_goes_at_the_next_start() {
    let (before, after) = (folder("vpcs-before"), folder("vpcs-after"));
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&before).unwrap()).await;
    let vpc = created(&sandbox, create("10.0.0.0/16")).await;
    let region = &sandbox.region;
    let parts = |sandbox: &Sandbox| {
        let region = &sandbox.region;
        [region.route_tables.index().len(), region.network_acls.index().len(), region.security_groups.index().len()]
    };
    assert_eq!(parts(&sandbox), [2, 2, 2]);
    region.vpcs.ask(&Id::new(vpc.vpc_id()), VpcCommand::Delete).await.unwrap();
    assert_eq!(parts(&sandbox), [2, 2, 2]);
    copy_folder(&before, &after);
    let sandbox = Sandbox::with(Lifecycle::instant(), Store::open(&after).unwrap()).await;
    assert_eq!(parts(&sandbox), [1, 1, 1]);
}
