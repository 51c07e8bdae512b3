//! Egress-only internet gateways over gRPC.

use crate::support::network::{filter, some, vpc};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::egress_only_internet_gateways_service_client::EgressOnlyInternetGatewaysServiceClient;
use archipelago_proto::ec2::v1::route_tables_service_client::RouteTablesServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    CreateEgressOnlyInternetGatewayRequest, CreateRouteRequest, DeleteEgressOnlyInternetGatewayRequest,
    DeleteVpcRequest, DescribeEgressOnlyInternetGatewaysRequest, DescribeRouteTablesRequest, Tag, TagSpecification,
};

#[tokio::test]
async fn it_lets_ipv6_out_of_its_vpc_until_it_is_deleted() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let mut client = EgressOnlyInternetGatewaysServiceClient::new(sandbox.channel.clone());
    let tag = Tag { key: some("Name"), value: some("out") };
    let create = CreateEgressOnlyInternetGatewayRequest {
        vpc_id: vpc.vpc_id.clone(),
        tag_specifications: vec![TagSpecification {
            resource_type: some("egress-only-internet-gateway"),
            tags: vec![tag],
        }],
        ..Default::default()
    };
    let made = client.create_egress_only_internet_gateway(sandbox.ask(create)).await.unwrap().into_inner();
    let id = made.egress_only_internet_gateway.unwrap().egress_only_internet_gateway_id;
    let input = DescribeEgressOnlyInternetGatewaysRequest { filters: filter("tag:Name", "out"), ..Default::default() };
    let found = client.describe_egress_only_internet_gateways(sandbox.ask(input)).await.unwrap().into_inner();
    let attachment = &found.egress_only_internet_gateways[0].attachments[0];
    assert_eq!((attachment.state(), &attachment.vpc_id), ("attached", &vpc.vpc_id));

    let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
    let main = DescribeRouteTablesRequest { filters: filter("vpc-id", vpc.vpc_id()), ..Default::default() };
    let found = tables.describe_route_tables(sandbox.ask(main)).await.unwrap().into_inner().route_tables;
    let route = CreateRouteRequest {
        route_table_id: found[0].route_table_id.clone(),
        egress_only_internet_gateway_id: id.clone(),
        ..Default::default()
    };
    let ipv4 = CreateRouteRequest { destination_cidr_block: some("0.0.0.0/0"), ..route.clone() };
    assert_eq!(code(tables.create_route(sandbox.ask(ipv4)).await), "InvalidParameterValue");
    let ipv6 = CreateRouteRequest { destination_ipv6_cidr_block: some("::/0"), ..route };
    tables.create_route(sandbox.ask(ipv6)).await.unwrap();

    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    let away = DeleteVpcRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    assert_eq!(code(vpcs.delete_vpc(sandbox.ask(away.clone())).await), "DependencyViolation");
    let delete = DeleteEgressOnlyInternetGatewayRequest { egress_only_internet_gateway_id: id, ..Default::default() };
    let gone = client.delete_egress_only_internet_gateway(sandbox.ask(delete.clone())).await.unwrap().into_inner();
    assert!(gone.return_code());
    let again = client.delete_egress_only_internet_gateway(sandbox.ask(delete)).await;
    assert_eq!(code(again), "InvalidGatewayID.NotFound");
    let holes = DescribeRouteTablesRequest { filters: filter("route.state", "blackhole"), ..Default::default() };
    let found = tables.describe_route_tables(sandbox.ask(holes)).await.unwrap().into_inner().route_tables;
    assert_eq!(found.len(), 1);
    vpcs.delete_vpc(sandbox.ask(away)).await.unwrap();
}
