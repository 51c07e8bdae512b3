//! Route servers over gRPC.

use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::route_servers_service_client::RouteServersServiceClient;
use archipelago_proto::ec2::v1::route_tables_service_client::RouteTablesServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    AssociateRouteServerRequest, CreateRouteServerEndpointRequest, CreateRouteServerPeerRequest,
    CreateRouteServerRequest, CreateRouteTableRequest, DeleteRouteServerEndpointRequest, DeleteRouteServerPeerRequest,
    DeleteRouteServerRequest, DeleteRouteTableRequest, DeleteVpcRequest, DescribeNetworkInterfacesRequest,
    DescribeRouteServerEndpointsRequest, DescribeRouteServerPeersRequest, DescribeRouteServersRequest,
    DisableRouteServerPropagationRequest, DisassociateRouteServerRequest, EnableRouteServerPropagationRequest,
    GetRouteServerAssociationsRequest, GetRouteServerPropagationsRequest, GetRouteServerRoutingDatabaseRequest,
    ModifyRouteServerRequest, RouteServer, RouteServerBgpOptionsRequest, Subnet, TagSpecification, Vpc,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use tonic::transport::Channel;

use crate::support::network::{filter, some, subnet, vpc};
use crate::support::{Sandbox, code};

fn client(sandbox: &Sandbox) -> RouteServersServiceClient<Channel> {
    RouteServersServiceClient::new(sandbox.channel.clone())
}

async fn server(sandbox: &Sandbox) -> RouteServer {
    let input = CreateRouteServerRequest { amazon_side_asn: Some(65000), ..Default::default() };
    client(sandbox).create_route_server(sandbox.ask(input)).await.unwrap().into_inner().route_server.unwrap()
}

async fn shown(sandbox: &Sandbox, server: &RouteServer) -> RouteServer {
    let input = DescribeRouteServersRequest {
        route_server_ids: server.route_server_id.iter().cloned().collect(),
        ..Default::default()
    };
    client(sandbox).describe_route_servers(sandbox.ask(input)).await.unwrap().into_inner().route_servers[0].clone()
}

fn associate(server: &RouteServer, vpc: &Vpc) -> AssociateRouteServerRequest {
    AssociateRouteServerRequest {
        route_server_id: server.route_server_id.clone(),
        vpc_id: vpc.vpc_id.clone(),
        ..Default::default()
    }
}

fn endpoint(server: &RouteServer, subnet: &Subnet) -> CreateRouteServerEndpointRequest {
    CreateRouteServerEndpointRequest {
        route_server_id: server.route_server_id.clone(),
        subnet_id: subnet.subnet_id.clone(),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_server_is_taken_down_in_the_order_of_what_depends_on_it() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.1.0/24").await;
    let made = server(&sandbox).await;
    assert_eq!((made.state(), made.persist_routes_state()), ("pending", "disabled"));
    let early = client(&sandbox).create_route_server_endpoint(sandbox.ask(endpoint(&made, &subnet))).await;
    assert_eq!(code(early), "InvalidRouteServerId.NotAssociated");
    let joined = client(&sandbox).associate_route_server(sandbox.ask(associate(&made, &vpc))).await.unwrap();
    assert_eq!(joined.into_inner().route_server_association.unwrap().state(), "associating");
    let other = crate::support::network::vpc(&sandbox, "10.1.0.0/16").await;
    let second = client(&sandbox).associate_route_server(sandbox.ask(associate(&made, &other))).await;
    assert_eq!(code(second), "IncorrectState");

    let new = client(&sandbox).create_route_server_endpoint(sandbox.ask(endpoint(&made, &subnet))).await.unwrap();
    let new = new.into_inner().route_server_endpoint.unwrap();
    let describe = DescribeRouteServerEndpointsRequest {
        filters: filter("route-server-id", made.route_server_id()),
        ..Default::default()
    };
    let found = client(&sandbox).describe_route_server_endpoints(sandbox.ask(describe)).await.unwrap().into_inner();
    assert_eq!(found.route_server_endpoints[0].state(), "available");
    let mut interfaces = NetworkInterfacesServiceClient::new(sandbox.channel.clone());
    let own =
        DescribeNetworkInterfacesRequest { filters: filter("subnet-id", subnet.subnet_id()), ..Default::default() };
    let known = interfaces.describe_network_interfaces(sandbox.ask(own.clone())).await.unwrap().into_inner();
    let known = &known.network_interfaces[0];
    assert_eq!((known.network_interface_id(), known.private_ip_address()), (new.eni_id(), new.eni_address()));

    let peer = CreateRouteServerPeerRequest {
        route_server_endpoint_id: new.route_server_endpoint_id.clone(),
        peer_address: some("10.0.1.200"),
        bgp_options: Some(RouteServerBgpOptionsRequest { peer_asn: Some(65001), ..Default::default() }),
        ..Default::default()
    };
    let peered = client(&sandbox).create_route_server_peer(sandbox.ask(peer.clone())).await.unwrap().into_inner();
    let peered = peered.route_server_peer.unwrap();
    assert_eq!(peered.bgp_options.as_ref().unwrap().peer_liveness_detection(), "bgp-keepalive");
    assert_eq!(peered.bgp_status.as_ref().unwrap().status(), "down");
    assert_eq!(code(client(&sandbox).create_route_server_peer(sandbox.ask(peer)).await), "InvalidParameterValue");
    let database =
        GetRouteServerRoutingDatabaseRequest { route_server_id: made.route_server_id.clone(), ..Default::default() };
    let database = client(&sandbox).get_route_server_routing_database(sandbox.ask(database)).await.unwrap();
    assert_eq!(database.into_inner().routes, []);

    let no_server = DeleteRouteServerRequest { route_server_id: made.route_server_id.clone(), ..Default::default() };
    let no_vpc = DisassociateRouteServerRequest {
        route_server_id: made.route_server_id.clone(),
        vpc_id: vpc.vpc_id.clone(),
        ..Default::default()
    };
    let no_endpoint = DeleteRouteServerEndpointRequest {
        route_server_endpoint_id: new.route_server_endpoint_id.clone(),
        ..Default::default()
    };
    assert_eq!(code(client(&sandbox).delete_route_server(sandbox.ask(no_server.clone())).await), "IncorrectState");
    assert_eq!(code(client(&sandbox).disassociate_route_server(sandbox.ask(no_vpc.clone())).await), "IncorrectState");
    let refused = client(&sandbox).delete_route_server_endpoint(sandbox.ask(no_endpoint.clone())).await;
    assert_eq!(code(refused), "IncorrectState");
    let no_peer =
        DeleteRouteServerPeerRequest { route_server_peer_id: peered.route_server_peer_id, ..Default::default() };
    client(&sandbox).delete_route_server_peer(sandbox.ask(no_peer)).await.unwrap();
    let mut peers = client(&sandbox);
    let left = peers.describe_route_server_peers(sandbox.ask(DescribeRouteServerPeersRequest::default()));
    assert_eq!(left.await.unwrap().into_inner().route_server_peers, []);
    client(&sandbox).delete_route_server_endpoint(sandbox.ask(no_endpoint)).await.unwrap();
    let left = interfaces.describe_network_interfaces(sandbox.ask(own)).await.unwrap().into_inner();
    assert!(left.network_interfaces.is_empty());
    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    let delete = DeleteVpcRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    assert_eq!(code(vpcs.delete_vpc(sandbox.ask(delete)).await), "DependencyViolation");
    client(&sandbox).disassociate_route_server(sandbox.ask(no_vpc.clone())).await.unwrap();
    let again = client(&sandbox).disassociate_route_server(sandbox.ask(no_vpc)).await;
    assert_eq!(code(again), "InvalidRouteServerId.NotAssociated");
    client(&sandbox).delete_route_server(sandbox.ask(no_server.clone())).await.unwrap();
    let again = client(&sandbox).delete_route_server(sandbox.ask(no_server)).await;
    assert_eq!(code(again), "InvalidRouteServerId.NotFound");
}

#[tokio::test]
async fn routes_propagate_to_tables_of_the_servers_vpc() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let made = server(&sandbox).await;
    let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
    let table = CreateRouteTableRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    let table = tables.create_route_table(sandbox.ask(table)).await.unwrap().into_inner().route_table.unwrap();
    let enable = EnableRouteServerPropagationRequest {
        route_server_id: made.route_server_id.clone(),
        route_table_id: table.route_table_id.clone(),
        ..Default::default()
    };
    let early = client(&sandbox).enable_route_server_propagation(sandbox.ask(enable.clone())).await;
    assert_eq!(code(early), "InvalidRouteServerId.NotAssociated");
    client(&sandbox).associate_route_server(sandbox.ask(associate(&made, &vpc))).await.unwrap();
    let on = client(&sandbox).enable_route_server_propagation(sandbox.ask(enable)).await.unwrap().into_inner();
    assert_eq!(on.route_server_propagation.unwrap().state(), "pending");
    let get = GetRouteServerPropagationsRequest { route_server_id: made.route_server_id.clone(), ..Default::default() };
    let known = client(&sandbox).get_route_server_propagations(sandbox.ask(get.clone())).await.unwrap().into_inner();
    assert_eq!(known.route_server_propagations[0].state(), "available");
    let delete = DeleteRouteTableRequest { route_table_id: table.route_table_id.clone(), ..Default::default() };
    assert_eq!(code(tables.delete_route_table(sandbox.ask(delete.clone())).await), "DependencyViolation");
    let disable = DisableRouteServerPropagationRequest {
        route_server_id: made.route_server_id.clone(),
        route_table_id: table.route_table_id.clone(),
        ..Default::default()
    };
    client(&sandbox).disable_route_server_propagation(sandbox.ask(disable.clone())).await.unwrap();
    let again = client(&sandbox).disable_route_server_propagation(sandbox.ask(disable)).await;
    assert_eq!(code(again), "InvalidRouteServerId.NotPropagated");
    let known = client(&sandbox).get_route_server_propagations(sandbox.ask(get)).await.unwrap().into_inner();
    assert_eq!(known.route_server_propagations, []);
    tables.delete_route_table(sandbox.ask(delete)).await.unwrap();
}

#[tokio::test]
async fn routes_are_persisted_for_minutes_where_that_is_enabled() {
    let lifecycle = Lifecycle::instant().with(Transition::RouteServerChange, 1000);
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let wrong = CreateRouteServerRequest { amazon_side_asn: Some(0), ..Default::default() };
    assert_eq!(code(client(&sandbox).create_route_server(sandbox.ask(wrong)).await), "InvalidParameterValue");
    let tag_of_nothing = CreateRouteServerRequest {
        amazon_side_asn: Some(65000),
        tag_specifications: vec![TagSpecification { resource_type: some("vpc"), ..Default::default() }],
        ..Default::default()
    };
    let refused = client(&sandbox).create_route_server(sandbox.ask(tag_of_nothing)).await;
    assert_eq!(code(refused), "InvalidParameterValue");
    let made = server(&sandbox).await;
    let modify = |persist: &str, duration: Option<i64>| ModifyRouteServerRequest {
        route_server_id: made.route_server_id.clone(),
        persist_routes: some(persist),
        persist_routes_duration: duration,
        sns_notifications_enabled: Some(true),
        ..Default::default()
    };
    let early = client(&sandbox).modify_route_server(sandbox.ask(modify("enable", Some(2)))).await;
    assert_eq!(code(early), "IncorrectState", "it is pending");
    sandbox.region.advance(1000).await;
    let long = client(&sandbox).modify_route_server(sandbox.ask(modify("enable", Some(6)))).await;
    assert_eq!(code(long), "InvalidParameterValue");
    let now = client(&sandbox).modify_route_server(sandbox.ask(modify("enable", Some(2)))).await.unwrap().into_inner();
    let now = now.route_server.unwrap();
    assert_eq!((now.state(), now.persist_routes_state()), ("modifying", "enabling"));
    assert!(now.sns_topic_arn().starts_with("arn:aws:sns:us-east-1:000000000000:"));
    sandbox.region.advance(1000).await;
    let known = shown(&sandbox, &made).await;
    assert_eq!((known.persist_routes_state(), known.persist_routes_duration()), ("enabled", 2));
    let get = GetRouteServerAssociationsRequest { route_server_id: made.route_server_id.clone(), ..Default::default() };
    let none = client(&sandbox).get_route_server_associations(sandbox.ask(get)).await.unwrap().into_inner();
    assert_eq!(none.route_server_associations, []);
}
