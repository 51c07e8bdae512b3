//! Route tables over gRPC.

use crate::support::network::{filter, gateway, some, subnet, vpc};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::internet_gateways_service_client::InternetGatewaysServiceClient;
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::route_tables_service_client::RouteTablesServiceClient;
use archipelago_proto::ec2::v1::{
    AssociateRouteTableRequest, CreateNetworkInterfaceRequest, CreateRouteRequest, CreateRouteTableRequest,
    DeleteRouteRequest, DeleteRouteTableRequest, DescribeRouteTablesRequest, DetachInternetGatewayRequest,
    DisassociateRouteTableRequest, ReplaceRouteTableAssociationRequest, RouteTable, Vpc,
};
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> RouteTablesServiceClient<Channel> {
    RouteTablesServiceClient::new(sandbox.channel.clone())
}

async fn table(sandbox: &Sandbox, vpc: &Vpc) -> String {
    let input = CreateRouteTableRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    let made = client(sandbox).create_route_table(sandbox.ask(input)).await.unwrap().into_inner();
    made.route_table.unwrap().route_table_id.unwrap()
}

async fn tables(sandbox: &Sandbox, name: &str, value: &str) -> Vec<RouteTable> {
    let input = DescribeRouteTablesRequest { filters: filter(name, value), ..Default::default() };
    client(sandbox).describe_route_tables(sandbox.ask(input)).await.unwrap().into_inner().route_tables
}

#[tokio::test]
async fn a_route_to_a_detached_gateway_is_a_black_hole() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let (id, gateway_id) = (table(&sandbox, &vpc).await, gateway(&sandbox, &vpc).await);
    let route = CreateRouteRequest {
        route_table_id: some(&id),
        destination_cidr_block: some("0.0.0.0/0"),
        gateway_id: gateway_id.clone(),
        ..Default::default()
    };
    client(&sandbox).create_route(sandbox.ask(route.clone())).await.unwrap();
    assert_eq!(code(client(&sandbox).create_route(sandbox.ask(route)).await), "RouteAlreadyExists");
    let states = |found: &RouteTable| found.routes.iter().map(|r| r.state().to_owned()).collect::<Vec<_>>();
    assert_eq!(states(&tables(&sandbox, "route-table-id", &id).await[0]), ["active"; 3], "two local ones before it");

    let mut gateways = InternetGatewaysServiceClient::new(sandbox.channel.clone());
    let detach = DetachInternetGatewayRequest {
        internet_gateway_id: gateway_id,
        vpc_id: vpc.vpc_id.clone(),
        ..Default::default()
    };
    gateways.detach_internet_gateway(sandbox.ask(detach)).await.unwrap();
    assert_eq!(states(&tables(&sandbox, "route.state", "blackhole").await[0]), ["active", "active", "blackhole"]);
}

#[tokio::test]
async fn routes_and_their_targets_are_checked() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let (id, gateway_id) = (table(&sandbox, &vpc).await, gateway(&sandbox, &vpc).await);
    let route = |destination: &str| CreateRouteRequest {
        route_table_id: some(&id),
        destination_cidr_block: some(destination),
        ..Default::default()
    };
    for (input, expected) in [
        (CreateRouteRequest { gateway_id: gateway_id.clone(), ..route("10.0.0.0/16") }, "RouteAlreadyExists"),
        (CreateRouteRequest { gateway_id: gateway_id.clone(), ..route("10.0.1.0/24") }, "InvalidParameterValue"),
        (CreateRouteRequest { gateway_id: gateway_id.clone(), ..route("ten") }, "InvalidParameterValue"),
        (CreateRouteRequest { gateway_id: some("igw-12345678"), ..route("0.0.0.0/0") }, "InvalidGatewayID.NotFound"),
        (CreateRouteRequest { nat_gateway_id: some("nat-1"), ..route("0.0.0.0/0") }, "InvalidNatGatewayID.NotFound"),
        (CreateRouteRequest { instance_id: some("i-12345678"), ..route("0.0.0.0/0") }, "InvalidInstanceID.NotFound"),
        (route("0.0.0.0/0"), "MissingParameter"),
    ] {
        assert_eq!(code(client(&sandbox).create_route(sandbox.ask(input)).await), expected);
    }
    let delete = |destination: &str| DeleteRouteRequest {
        route_table_id: some(&id),
        destination_cidr_block: some(destination),
        ..Default::default()
    };
    let local = client(&sandbox).delete_route(sandbox.ask(delete("10.0.0.0/16"))).await;
    assert_eq!(code(local), "InvalidParameterValue");
    assert_eq!(code(client(&sandbox).delete_route(sandbox.ask(delete("0.0.0.0/0"))).await), "InvalidRoute.NotFound");
}

#[tokio::test]
async fn the_main_table_is_replaced_and_the_former_one_can_go() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let main = tables(&sandbox, "vpc-id", vpc.vpc_id()).await.remove(0);
    let association = &main.associations[0];
    assert!(association.main());
    let delete = |id: &str| DeleteRouteTableRequest { route_table_id: some(id), ..Default::default() };
    let outcome = client(&sandbox).delete_route_table(sandbox.ask(delete(main.route_table_id()))).await;
    assert_eq!(code(outcome), "DependencyViolation");
    let away = DisassociateRouteTableRequest {
        association_id: association.route_table_association_id.clone(),
        ..Default::default()
    };
    let outcome = client(&sandbox).disassociate_route_table(sandbox.ask(away)).await;
    assert_eq!(code(outcome), "InvalidParameterValue");

    let other = table(&sandbox, &vpc).await;
    let replace = ReplaceRouteTableAssociationRequest {
        association_id: association.route_table_association_id.clone(),
        route_table_id: some(&other),
        ..Default::default()
    };
    client(&sandbox).replace_route_table_association(sandbox.ask(replace.clone())).await.unwrap();
    let again = client(&sandbox).replace_route_table_association(sandbox.ask(replace)).await;
    assert_eq!(code(again), "InvalidAssociationID.NotFound");
    client(&sandbox).delete_route_table(sandbox.ask(delete(main.route_table_id()))).await.unwrap();
    let outcome = client(&sandbox).delete_route_table(sandbox.ask(delete(&other))).await;
    assert_eq!(code(outcome), "DependencyViolation");
}

#[tokio::test]
async fn a_subnet_has_one_explicit_table_of_its_vpc() {
    let sandbox = Sandbox::new().await;
    let (one, two) = (vpc(&sandbox, "10.0.0.0/16").await, vpc(&sandbox, "10.1.0.0/16").await);
    let made = subnet(&sandbox, &one, "10.0.0.0/24").await;
    let (first, second, foreign) =
        (table(&sandbox, &one).await, table(&sandbox, &one).await, table(&sandbox, &two).await);
    let associate = |table: &str| AssociateRouteTableRequest {
        subnet_id: made.subnet_id.clone(),
        route_table_id: some(table),
        ..Default::default()
    };
    let outcome = client(&sandbox).associate_route_table(sandbox.ask(associate(&foreign))).await;
    assert_eq!(code(outcome), "InvalidParameterValue");
    let known = client(&sandbox).associate_route_table(sandbox.ask(associate(&first))).await.unwrap().into_inner();
    let again = client(&sandbox).associate_route_table(sandbox.ask(associate(&first))).await.unwrap().into_inner();
    assert_eq!(known.association_id, again.association_id);
    let outcome = client(&sandbox).associate_route_table(sandbox.ask(associate(&second))).await;
    assert_eq!(code(outcome), "Resource.AlreadyAssociated");
    let found = tables(&sandbox, "association.subnet-id", made.subnet_id()).await;
    assert_eq!(found[0].route_table_id(), first);
    let delete = DeleteRouteTableRequest { route_table_id: some(&first), ..Default::default() };
    let outcome = client(&sandbox).delete_route_table(sandbox.ask(delete.clone())).await;
    assert_eq!(code(outcome), "DependencyViolation");
    let away = DisassociateRouteTableRequest { association_id: known.association_id, ..Default::default() };
    client(&sandbox).disassociate_route_table(sandbox.ask(away)).await.unwrap();
    client(&sandbox).delete_route_table(sandbox.ask(delete)).await.unwrap();
}

#[tokio::test]
async fn a_gateways_table_sends_what_comes_in_to_an_interface() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let (id, gateway_id) = (table(&sandbox, &vpc).await, gateway(&sandbox, &vpc).await);
    let made = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let mut interfaces = NetworkInterfacesServiceClient::new(sandbox.channel.clone());
    let input = CreateNetworkInterfaceRequest { subnet_id: made.subnet_id.clone(), ..Default::default() };
    let made = interfaces.create_network_interface(sandbox.ask(input)).await.unwrap().into_inner();
    let interface = made.network_interface.unwrap().network_interface_id;

    let route = |destination: &str| CreateRouteRequest {
        route_table_id: some(&id),
        destination_cidr_block: some(destination),
        ..Default::default()
    };
    let out = CreateRouteRequest { gateway_id: gateway_id.clone(), ..route("0.0.0.0/0") };
    client(&sandbox).create_route(sandbox.ask(out.clone())).await.unwrap();
    let associate = || {
        sandbox.ask(AssociateRouteTableRequest {
            gateway_id: gateway_id.clone(),
            route_table_id: some(&id),
            ..Default::default()
        })
    };
    assert_eq!(code(client(&sandbox).associate_route_table(associate()).await), "InvalidParameterValue");
    let away = DeleteRouteRequest {
        route_table_id: some(&id),
        destination_cidr_block: some("0.0.0.0/0"),
        ..Default::default()
    };
    client(&sandbox).delete_route(sandbox.ask(away)).await.unwrap();
    let association = client(&sandbox).associate_route_table(associate()).await.unwrap().into_inner();

    assert_eq!(code(client(&sandbox).create_route(sandbox.ask(out)).await), "InvalidParameterValue");
    let inward = CreateRouteRequest { network_interface_id: interface, ..route("10.0.0.0/24") };
    client(&sandbox).create_route(sandbox.ask(inward)).await.unwrap();
    let found = tables(&sandbox, "association.gateway-id", &gateway_id.clone().unwrap()).await;
    assert_eq!(found[0].route_table_id(), id);
    let away = DisassociateRouteTableRequest { association_id: association.association_id, ..Default::default() };
    client(&sandbox).disassociate_route_table(sandbox.ask(away)).await.unwrap();
}
