//! Reachability Analyzer over gRPC.

use archipelago_proto::ec2::v1::addresses_service_client::AddressesServiceClient;
use archipelago_proto::ec2::v1::nat_gateways_service_client::NatGatewaysServiceClient;
use archipelago_proto::ec2::v1::network_acls_service_client::NetworkAclsServiceClient;
use archipelago_proto::ec2::v1::network_insights_service_client::NetworkInsightsServiceClient;
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::route_tables_service_client::RouteTablesServiceClient;
use archipelago_proto::ec2::v1::security_groups_service_client::SecurityGroupsServiceClient;
use archipelago_proto::ec2::v1::transit_gateways_service_client::TransitGatewaysServiceClient;
use archipelago_proto::ec2::v1::vpc_peering_service_client::VpcPeeringServiceClient;
use archipelago_proto::ec2::v1::{
    AcceptVpcPeeringConnectionRequest, AllocateAddressRequest, AssociateAddressRequest, AssociateRouteTableRequest,
    AuthorizeSecurityGroupIngressRequest, CreateNatGatewayRequest, CreateNetworkAclEntryRequest,
    CreateNetworkInsightsPathRequest, CreateNetworkInterfaceRequest, CreateRouteRequest, CreateRouteTableRequest,
    CreateSecurityGroupRequest, CreateTransitGatewayRequest, CreateTransitGatewayVpcAttachmentRequest,
    CreateVpcPeeringConnectionRequest, DeleteNetworkInsightsAnalysisRequest, DeleteNetworkInsightsPathRequest,
    DescribeNetworkAclsRequest, DescribeNetworkInsightsAnalysesRequest, DescribeNetworkInsightsPathsRequest,
    DescribeRouteTablesRequest, NetworkInsightsAnalysis, PathComponent, PathRequestFilter, PortRange,
    RequestFilterPortRange, StartNetworkInsightsAnalysisRequest, Subnet, Vpc,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use tonic::transport::Channel;

use crate::support::network::{filter, gateway, some, subnet, vpc};
use crate::support::{Sandbox, code};

fn client(sandbox: &Sandbox) -> NetworkInsightsServiceClient<Channel> {
    NetworkInsightsServiceClient::new(sandbox.channel.clone())
}

fn path(source: &str, destination: &str, port: i32) -> CreateNetworkInsightsPathRequest {
    CreateNetworkInsightsPathRequest {
        source: some(source),
        destination: some(destination),
        protocol: some("tcp"),
        destination_port: Some(port),
        ..Default::default()
    }
}

async fn analyse(sandbox: &Sandbox, path: CreateNetworkInsightsPathRequest) -> NetworkInsightsAnalysis {
    let made = client(sandbox).create_network_insights_path(sandbox.ask(path)).await.unwrap().into_inner();
    let network_insights_path_id = made.network_insights_path.unwrap().network_insights_path_id;
    let start = StartNetworkInsightsAnalysisRequest { network_insights_path_id, ..Default::default() };
    let begun = client(sandbox).start_network_insights_analysis(sandbox.ask(start)).await.unwrap().into_inner();
    let begun = begun.network_insights_analysis.unwrap();
    assert_eq!((begun.status(), begun.network_path_found), ("running", None));
    let describe = DescribeNetworkInsightsAnalysesRequest {
        network_insights_analysis_ids: begun.network_insights_analysis_id.into_iter().collect(),
        ..Default::default()
    };
    let found = client(sandbox).describe_network_insights_analyses(sandbox.ask(describe)).await.unwrap().into_inner();
    found.network_insights_analyses[0].clone()
}

/// The explanation's code of a path that is not found.
async fn refused(sandbox: &Sandbox, path: CreateNetworkInsightsPathRequest) -> String {
    let found = analyse(sandbox, path).await;
    assert!(!found.network_path_found() && found.forward_path_components.is_empty(), "{found:?}");
    found.explanations[0].explanation_code().to_owned()
}

fn kinds(components: &[PathComponent]) -> Vec<String> {
    let id = |component: &PathComponent| component.component.clone().unwrap_or_default().id.unwrap_or_default();
    components.iter().map(|c| id(c).rsplit_once('-').map(|(prefix, _)| prefix.to_owned()).unwrap_or_default()).collect()
}

async fn group(sandbox: &Sandbox, vpc: &Vpc, port: i32, block: &str) -> String {
    let mut groups = SecurityGroupsServiceClient::new(sandbox.channel.clone());
    let create = CreateSecurityGroupRequest {
        group_name: Some(format!("port {port} {}", vpc.vpc_id())),
        description: some("a group"),
        vpc_id: vpc.vpc_id.clone(),
        ..Default::default()
    };
    let group_id = groups.create_security_group(sandbox.ask(create)).await.unwrap().into_inner().group_id;
    let open = AuthorizeSecurityGroupIngressRequest {
        group_id: group_id.clone(),
        ip_protocol: some("tcp"),
        from_port: Some(port),
        to_port: Some(port),
        cidr_ip: some(block),
        ..Default::default()
    };
    groups.authorize_security_group_ingress(sandbox.ask(open)).await.unwrap();
    group_id.unwrap()
}

async fn interface(sandbox: &Sandbox, subnet: &Subnet, group: Option<&str>) -> String {
    let create = CreateNetworkInterfaceRequest {
        subnet_id: subnet.subnet_id.clone(),
        groups: group.into_iter().map(str::to_owned).collect(),
        ..Default::default()
    };
    let mut interfaces = NetworkInterfacesServiceClient::new(sandbox.channel.clone());
    let made = interfaces.create_network_interface(sandbox.ask(create)).await.unwrap().into_inner();
    made.network_interface.unwrap().network_interface_id.unwrap()
}

async fn public_address(sandbox: &Sandbox, interface: Option<&str>) -> String {
    let mut addresses = AddressesServiceClient::new(sandbox.channel.clone());
    let made = addresses.allocate_address(sandbox.ask(AllocateAddressRequest::default())).await.unwrap().into_inner();
    if let Some(interface) = interface {
        let associate = AssociateAddressRequest {
            allocation_id: made.allocation_id.clone(),
            network_interface_id: some(interface),
            ..Default::default()
        };
        addresses.associate_address(sandbox.ask(associate)).await.unwrap();
    }
    made.allocation_id.unwrap()
}

async fn main_table(sandbox: &Sandbox, vpc: &Vpc) -> Option<String> {
    let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
    let describe = DescribeRouteTablesRequest { filters: filter("vpc-id", vpc.vpc_id()), ..Default::default() };
    let found = tables.describe_route_tables(sandbox.ask(describe)).await.unwrap().into_inner();
    found.route_tables[0].route_table_id.clone()
}

async fn route(sandbox: &Sandbox, route: CreateRouteRequest) {
    let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
    tables.create_route(sandbox.ask(route)).await.unwrap();
}

async fn deny(sandbox: &Sandbox, vpc: &Vpc, egress: bool, ports: (i32, i32)) {
    let mut acls = NetworkAclsServiceClient::new(sandbox.channel.clone());
    let describe = DescribeNetworkAclsRequest { filters: filter("vpc-id", vpc.vpc_id()), ..Default::default() };
    let known = acls.describe_network_acls(sandbox.ask(describe)).await.unwrap().into_inner().network_acls;
    let entry = CreateNetworkAclEntryRequest {
        network_acl_id: known[0].network_acl_id.clone(),
        rule_number: Some(if egress { 10 } else { 20 }),
        protocol: some("6"),
        rule_action: some("deny"),
        egress: Some(egress),
        cidr_block: some("0.0.0.0/0"),
        port_range: Some(PortRange { from: Some(ports.0), to: Some(ports.1) }),
        ..Default::default()
    };
    acls.create_network_acl_entry(sandbox.ask(entry)).await.unwrap();
}

#[tokio::test]
async fn interfaces_of_two_subnets_reach_each_other_by_the_ports_that_groups_and_acls_let_through() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let (near, far) = (subnet(&sandbox, &vpc, "10.0.1.0/24").await, subnet(&sandbox, &vpc, "10.0.2.0/24").await);
    let web = group(&sandbox, &vpc, 443, "10.0.1.0/24").await;
    let (from, to) = (interface(&sandbox, &near, None).await, interface(&sandbox, &far, Some(&web)).await);

    let found = analyse(&sandbox, path(&from, &to, 443)).await;
    assert!(found.network_path_found(), "{:?}", found.explanations);
    assert_eq!(kinds(&found.forward_path_components), ["eni", "sg", "acl", "rtb", "acl", "sg", "eni"]);
    assert_eq!(kinds(&found.return_path_components), ["eni", "acl", "rtb", "acl", "eni"]);
    let rule = found.forward_path_components[5].security_group_rule.as_ref().unwrap();
    assert_eq!((rule.cidr(), rule.direction(), rule.protocol()), ("10.0.1.0/24", "ingress", "tcp"));

    assert_eq!(refused(&sandbox, path(&from, &to, 22)).await, "ENI_SG_RULES_MISMATCH");
    assert_eq!(refused(&sandbox, path(&to, &from, 443)).await, "ENI_SG_RULES_MISMATCH", "the default group");
    deny(&sandbox, &vpc, false, (443, 443)).await;
    let found = analyse(&sandbox, path(&from, &to, 443)).await;
    let explanation = &found.explanations[0];
    assert_eq!((explanation.explanation_code(), explanation.direction()), ("SUBNET_ACL_RESTRICTION", "ingress"));
    assert_eq!(explanation.acl_rule.as_ref().unwrap().rule_number(), 20);
    let any = CreateNetworkInsightsPathRequest { destination_port: None, ..path(&from, &to, 0) };
    assert_eq!(refused(&sandbox, any).await, "ENI_SG_RULES_MISMATCH", "all ports but 443 arrive, and 443 is wanted");
}

#[tokio::test]
async fn answers_must_pass_the_acls_too() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let (near, far) = (subnet(&sandbox, &vpc, "10.0.1.0/24").await, subnet(&sandbox, &vpc, "10.0.2.0/24").await);
    let web = group(&sandbox, &vpc, 443, "0.0.0.0/0").await;
    let (from, to) = (interface(&sandbox, &near, None).await, interface(&sandbox, &far, Some(&web)).await);
    deny(&sandbox, &vpc, true, (1024, 65535)).await;
    assert!(analyse(&sandbox, path(&from, &to, 443)).await.network_path_found(), "low source ports are left");
    let high = CreateNetworkInsightsPathRequest {
        destination_port: None,
        filter_at_source: Some(PathRequestFilter {
            source_port_range: Some(RequestFilterPortRange { from_port: Some(32768), to_port: Some(60999) }),
            destination_port_range: Some(RequestFilterPortRange { from_port: Some(443), to_port: Some(443) }),
            ..PathRequestFilter::default()
        }),
        ..path(&from, &to, 443)
    };
    assert_eq!(refused(&sandbox, high).await, "SUBNET_ACL_RESTRICTION");
}

#[tokio::test]
async fn the_internet_reaches_what_has_a_public_address_a_route_and_an_open_group() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.1.0/24").await;
    let web = group(&sandbox, &vpc, 443, "0.0.0.0/0").await;
    let server = interface(&sandbox, &subnet, Some(&web)).await;
    let gateway = gateway(&sandbox, &vpc).await.unwrap();
    let (inward, outward) = (path(&gateway, &server, 443), path(&server, &gateway, 443));
    assert_eq!(refused(&sandbox, inward.clone()).await, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS");
    assert_eq!(refused(&sandbox, outward.clone()).await, "NO_ROUTE_TO_DESTINATION");
    route(
        &sandbox,
        CreateRouteRequest {
            route_table_id: main_table(&sandbox, &vpc).await,
            destination_cidr_block: some("0.0.0.0/0"),
            gateway_id: some(&gateway),
            ..Default::default()
        },
    )
    .await;
    assert_eq!(refused(&sandbox, outward.clone()).await, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS");
    public_address(&sandbox, Some(&server)).await;
    let found = analyse(&sandbox, inward).await;
    assert!(found.network_path_found(), "{:?}", found.explanations);
    assert_eq!(kinds(&found.forward_path_components), ["igw", "acl", "sg", "eni"]);
    assert_eq!(kinds(&found.return_path_components), ["eni", "acl", "rtb", "igw"]);
    let found = analyse(&sandbox, outward).await;
    assert!(found.network_path_found(), "{:?}", found.explanations);
    assert_eq!(kinds(&found.forward_path_components), ["eni", "sg", "acl", "rtb", "igw"]);
    assert_eq!(refused(&sandbox, path(&gateway, &server, 22)).await, "ENI_SG_RULES_MISMATCH");

    let other = crate::support::network::vpc(&sandbox, "10.1.0.0/16").await;
    let elsewhere = crate::support::network::subnet(&sandbox, &other, "10.1.1.0/24").await;
    let elsewhere = interface(&sandbox, &elsewhere, None).await;
    assert_eq!(refused(&sandbox, path(&gateway, &elsewhere, 443)).await, "IGW_NOT_ATTACHED_TO_VPC");
}

#[tokio::test]
async fn a_private_subnet_reaches_the_internet_by_a_nat_gateway() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let (public, private) = (subnet(&sandbox, &vpc, "10.0.1.0/24").await, subnet(&sandbox, &vpc, "10.0.2.0/24").await);
    let igw = gateway(&sandbox, &vpc).await.unwrap();
    let route_table_id = main_table(&sandbox, &vpc).await;
    let out = CreateRouteRequest {
        route_table_id,
        destination_cidr_block: some("0.0.0.0/0"),
        gateway_id: some(&igw),
        ..Default::default()
    };
    route(&sandbox, out.clone()).await;
    let mut nats = NatGatewaysServiceClient::new(sandbox.channel.clone());
    let nat = CreateNatGatewayRequest {
        subnet_id: public.subnet_id.clone(),
        allocation_id: Some(public_address(&sandbox, None).await),
        ..Default::default()
    };
    let nat = nats.create_nat_gateway(sandbox.ask(nat)).await.unwrap().into_inner().nat_gateway.unwrap();
    let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
    let table = CreateRouteTableRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    let table = tables.create_route_table(sandbox.ask(table)).await.unwrap().into_inner().route_table.unwrap();
    let associate = AssociateRouteTableRequest {
        route_table_id: table.route_table_id.clone(),
        subnet_id: private.subnet_id.clone(),
        ..Default::default()
    };
    tables.associate_route_table(sandbox.ask(associate)).await.unwrap();
    let by_nat = CreateRouteRequest {
        route_table_id: table.route_table_id,
        gateway_id: None,
        nat_gateway_id: nat.nat_gateway_id.clone(),
        ..out
    };
    route(&sandbox, by_nat).await;
    let client = interface(&sandbox, &private, None).await;
    let found = analyse(&sandbox, path(&client, &igw, 443)).await;
    assert!(found.network_path_found(), "{:?}", found.explanations);
    let forward = ["eni", "sg", "acl", "rtb", "acl", "nat", "acl", "rtb", "igw"];
    assert_eq!(kinds(&found.forward_path_components), forward);
    let back = ["igw", "acl", "nat", "acl", "rtb", "acl", "eni"];
    assert_eq!(kinds(&found.return_path_components), back);
}

#[tokio::test]
async fn peered_vpcs_need_routes_on_both_sides() {
    let sandbox = Sandbox::new().await;
    let (here, there) = (vpc(&sandbox, "10.0.0.0/16").await, vpc(&sandbox, "10.1.0.0/16").await);
    let (near, far) = (subnet(&sandbox, &here, "10.0.1.0/24").await, subnet(&sandbox, &there, "10.1.1.0/24").await);
    let web = group(&sandbox, &there, 443, "10.0.0.0/8").await;
    let (from, to) = (interface(&sandbox, &near, None).await, interface(&sandbox, &far, Some(&web)).await);
    let mut peerings = VpcPeeringServiceClient::new(sandbox.channel.clone());
    let request = CreateVpcPeeringConnectionRequest {
        vpc_id: here.vpc_id.clone(),
        peer_vpc_id: there.vpc_id.clone(),
        ..Default::default()
    };
    let made = peerings.create_vpc_peering_connection(sandbox.ask(request)).await.unwrap().into_inner();
    let id = made.vpc_peering_connection.unwrap().vpc_peering_connection_id;
    let way = |table, block: &str| CreateRouteRequest {
        route_table_id: table,
        destination_cidr_block: some(block),
        vpc_peering_connection_id: id.clone(),
        ..Default::default()
    };
    assert_eq!(refused(&sandbox, path(&from, &to, 443)).await, "NO_ROUTE_TO_DESTINATION");
    route(&sandbox, way(main_table(&sandbox, &here).await, "10.1.0.0/16")).await;
    assert_eq!(refused(&sandbox, path(&from, &to, 443)).await, "BAD_STATE_ROUTE", "it is not accepted");
    let accept = AcceptVpcPeeringConnectionRequest { vpc_peering_connection_id: id.clone(), ..Default::default() };
    peerings.accept_vpc_peering_connection(sandbox.ask(accept)).await.unwrap();
    assert_eq!(refused(&sandbox, path(&from, &to, 443)).await, "NO_ROUTE_TO_DESTINATION", "of the answer");
    route(&sandbox, way(main_table(&sandbox, &there).await, "10.0.0.0/16")).await;
    let found = analyse(&sandbox, path(&from, &to, 443)).await;
    assert!(found.network_path_found(), "{:?}", found.explanations);
    assert_eq!(kinds(&found.forward_path_components), ["eni", "sg", "acl", "rtb", "pcx", "acl", "sg", "eni"]);
}

#[tokio::test]
async fn a_transit_gateway_sends_on_what_its_table_has_a_route_for() {
    let sandbox = Sandbox::new().await;
    let (here, there) = (vpc(&sandbox, "10.0.0.0/16").await, vpc(&sandbox, "10.1.0.0/16").await);
    let (near, far) = (subnet(&sandbox, &here, "10.0.1.0/24").await, subnet(&sandbox, &there, "10.1.1.0/24").await);
    let web = group(&sandbox, &there, 443, "10.0.0.0/8").await;
    let (from, to) = (interface(&sandbox, &near, None).await, interface(&sandbox, &far, Some(&web)).await);
    let mut gateways = TransitGatewaysServiceClient::new(sandbox.channel.clone());
    let create = CreateTransitGatewayRequest::default();
    let made = gateways.create_transit_gateway(sandbox.ask(create)).await.unwrap().into_inner();
    let transit_gateway_id = made.transit_gateway.unwrap().transit_gateway_id;
    for (vpc, subnet, block) in [(&here, &near, "10.1.0.0/16"), (&there, &far, "10.0.0.0/16")] {
        if vpc.vpc_id == there.vpc_id {
            assert_eq!(refused(&sandbox, path(&from, &to, 443)).await, "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT");
        }
        let attach = CreateTransitGatewayVpcAttachmentRequest {
            transit_gateway_id: transit_gateway_id.clone(),
            vpc_id: vpc.vpc_id.clone(),
            subnet_ids: subnet.subnet_id.iter().cloned().collect(),
            ..Default::default()
        };
        gateways.create_transit_gateway_vpc_attachment(sandbox.ask(attach)).await.unwrap();
        route(
            &sandbox,
            CreateRouteRequest {
                route_table_id: main_table(&sandbox, vpc).await,
                destination_cidr_block: some(block),
                transit_gateway_id: transit_gateway_id.clone(),
                ..Default::default()
            },
        )
        .await;
    }
    let found = analyse(&sandbox, path(&from, &to, 443)).await;
    assert!(found.network_path_found(), "{:?}", found.explanations);
    let forward = ["eni", "sg", "acl", "rtb", "tgw-attach", "tgw", "tgw-rtb", "tgw-attach", "acl", "sg", "eni"];
    assert_eq!(kinds(&found.forward_path_components), forward);
}

#[tokio::test]
async fn a_path_with_analyses_stays_and_filters_find_them() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.1.0/24").await;
    let (one, two) = (interface(&sandbox, &subnet, None).await, interface(&sandbox, &subnet, None).await);
    let unknown = client(&sandbox).create_network_insights_path(sandbox.ask(path(&one, "eni-12345678", 1))).await;
    assert_eq!(code(unknown), "InvalidNetworkInterfaceID.NotFound");
    let found = analyse(&sandbox, path(&one, &two, 443)).await;
    assert!(found.network_path_found(), "the default group lets its own through: {:?}", found.explanations);
    assert_eq!(kinds(&found.forward_path_components), ["eni", "sg", "sg", "eni"]);
    let away = DeleteNetworkInsightsPathRequest {
        network_insights_path_id: found.network_insights_path_id.clone(),
        ..Default::default()
    };
    let kept = client(&sandbox).delete_network_insights_path(sandbox.ask(away.clone())).await;
    assert_eq!(code(kept), "AnalysisExistsForNetworkInsightsPath");
    for (name, value, count) in [("path-found", "true", 1), ("status", "failed", 0)] {
        let describe = DescribeNetworkInsightsAnalysesRequest { filters: filter(name, value), ..Default::default() };
        let rows = client(&sandbox).describe_network_insights_analyses(sandbox.ask(describe)).await.unwrap();
        assert_eq!(rows.into_inner().network_insights_analyses.len(), count, "{name}");
    }
    let describe = DescribeNetworkInsightsPathsRequest { filters: filter("source", &one), ..Default::default() };
    let rows = client(&sandbox).describe_network_insights_paths(sandbox.ask(describe)).await.unwrap().into_inner();
    let known = &rows.network_insights_paths[0];
    assert!(known.source_arn().ends_with(&format!(":network-interface/{one}")), "{}", known.source_arn());
    let analysis = DeleteNetworkInsightsAnalysisRequest {
        network_insights_analysis_id: found.network_insights_analysis_id,
        ..Default::default()
    };
    client(&sandbox).delete_network_insights_analysis(sandbox.ask(analysis)).await.unwrap();
    client(&sandbox).delete_network_insights_path(sandbox.ask(away)).await.unwrap();
}

#[tokio::test]
async fn an_analysis_runs_on_the_clock() {
    let lifecycle = Lifecycle::instant().with(Transition::NetworkAnalysis, 1000);
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.1.0/24").await;
    let (one, two) = (interface(&sandbox, &subnet, None).await, interface(&sandbox, &subnet, None).await);
    let early = analyse(&sandbox, path(&one, &two, 443)).await;
    assert_eq!((early.status(), early.forward_path_components.len()), ("running", 0));
    sandbox.region.advance(1000).await;
    let describe = DescribeNetworkInsightsAnalysesRequest::default();
    let late = client(&sandbox).describe_network_insights_analyses(sandbox.ask(describe)).await.unwrap().into_inner();
    assert_eq!(late.network_insights_analyses[0].status(), "succeeded");
}
