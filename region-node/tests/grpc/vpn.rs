//! VPNs over gRPC.

use crate::support::network::{filter, some, vpc};
use crate::support::{Sandbox, code};
use archipelago_proto::ec2::v1::route_tables_service_client::RouteTablesServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::vpn_service_client::VpnServiceClient;
use archipelago_proto::ec2::v1::{
    AttachVpnGatewayRequest, CreateCustomerGatewayRequest, CreateRouteRequest, CreateVpnConnectionRequest,
    CreateVpnConnectionRouteRequest, CreateVpnGatewayRequest, DeleteCustomerGatewayRequest, DeleteVpcRequest,
    DeleteVpnConnectionRequest, DeleteVpnConnectionRouteRequest, DeleteVpnGatewayRequest,
    DescribeCustomerGatewaysRequest, DescribeRouteTablesRequest, DescribeVpnConnectionsRequest,
    DescribeVpnGatewaysRequest, DetachVpnGatewayRequest, DisableVgwRoutePropagationRequest,
    EnableVgwRoutePropagationRequest, GetVpnConnectionDeviceSampleConfigurationRequest,
    GetVpnConnectionDeviceTypesRequest, ModifyVpnConnectionOptionsRequest, ModifyVpnTunnelOptionsRequest,
    ModifyVpnTunnelOptionsSpecification, RouteTable, Vpc, VpnConnection, VpnConnectionOptionsSpecification,
    VpnTunnelOptionsSpecification,
};
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> VpnServiceClient<Channel> {
    VpnServiceClient::new(sandbox.channel.clone())
}

async fn customer(sandbox: &Sandbox) -> String {
    let input = CreateCustomerGatewayRequest {
        r#type: some("ipsec.1"),
        ip_address: some("198.51.100.7"),
        bgp_asn: Some(65_010),
        ..Default::default()
    };
    let made = client(sandbox).create_customer_gateway(sandbox.ask(input)).await.unwrap().into_inner();
    made.customer_gateway.unwrap().customer_gateway_id.unwrap()
}

async fn gateway(sandbox: &Sandbox) -> String {
    let input = CreateVpnGatewayRequest { r#type: some("ipsec.1"), ..Default::default() };
    let made = client(sandbox).create_vpn_gateway(sandbox.ask(input)).await.unwrap().into_inner();
    made.vpn_gateway.unwrap().vpn_gateway_id.unwrap()
}

fn between(customer: &str, gateway: &str, static_routes: bool) -> CreateVpnConnectionRequest {
    CreateVpnConnectionRequest {
        customer_gateway_id: some(customer),
        vpn_gateway_id: some(gateway),
        r#type: some("ipsec.1"),
        options: Some(VpnConnectionOptionsSpecification {
            static_routes_only: Some(static_routes),
            ..Default::default()
        }),
        ..Default::default()
    }
}

async fn connect(sandbox: &Sandbox, input: CreateVpnConnectionRequest) -> VpnConnection {
    client(sandbox).create_vpn_connection(sandbox.ask(input)).await.unwrap().into_inner().vpn_connection.unwrap()
}

async fn shown(sandbox: &Sandbox, connection: &VpnConnection) -> VpnConnection {
    let input = DescribeVpnConnectionsRequest {
        vpn_connection_ids: vec![connection.vpn_connection_id().to_owned()],
        ..Default::default()
    };
    client(sandbox).describe_vpn_connections(sandbox.ask(input)).await.unwrap().into_inner().vpn_connections.remove(0)
}

async fn attach(sandbox: &Sandbox, gateway: &str, vpc: &Vpc) -> Result<(), String> {
    let input =
        AttachVpnGatewayRequest { vpn_gateway_id: some(gateway), vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    let outcome = client(sandbox).attach_vpn_gateway(sandbox.ask(input)).await;
    if outcome.is_ok() { Ok(()) } else { Err(code(outcome)) }
}

#[tokio::test]
async fn an_identical_customer_gateway_is_the_same_one() {
    let sandbox = Sandbox::new().await;
    let one = customer(&sandbox).await;
    assert_eq!(customer(&sandbox).await, one);
    let bad = CreateCustomerGatewayRequest { r#type: some("ipsec.1"), ip_address: some("x"), ..Default::default() };
    assert_eq!(code(client(&sandbox).create_customer_gateway(sandbox.ask(bad)).await), "InvalidParameterValue");
    let large = CreateCustomerGatewayRequest {
        r#type: some("ipsec.1"),
        ip_address: some("198.51.100.8"),
        bgp_asn_extended: Some(4_200_000_000),
        ..Default::default()
    };
    let large = client(&sandbox).create_customer_gateway(sandbox.ask(large)).await.unwrap().into_inner();
    assert_eq!(large.customer_gateway.unwrap().bgp_asn_extended(), "4200000000");
    let find = DescribeCustomerGatewaysRequest { filters: filter("bgp-asn", "65010"), ..Default::default() };
    let found = client(&sandbox).describe_customer_gateways(sandbox.ask(find)).await.unwrap().into_inner();
    assert_eq!(found.customer_gateways[0].customer_gateway_id(), one);
    let away = DeleteCustomerGatewayRequest { customer_gateway_id: some(&one), ..Default::default() };
    client(&sandbox).delete_customer_gateway(sandbox.ask(away)).await.unwrap();
    let find = DescribeCustomerGatewaysRequest { filters: filter("state", "deleted"), ..Default::default() };
    let found = client(&sandbox).describe_customer_gateways(sandbox.ask(find)).await.unwrap().into_inner();
    assert_eq!(found.customer_gateways.len(), 1);
    assert_ne!(customer(&sandbox).await, one);
}

#[tokio::test]
async fn a_gateway_has_one_vpc_and_a_vpc_one_gateway() {
    let sandbox = Sandbox::new().await;
    let (one, two) = (vpc(&sandbox, "10.0.0.0/16").await, vpc(&sandbox, "10.1.0.0/16").await);
    let (first, second) = (gateway(&sandbox).await, gateway(&sandbox).await);
    attach(&sandbox, &first, &one).await.unwrap();
    attach(&sandbox, &first, &one).await.unwrap();
    assert_eq!(attach(&sandbox, &first, &two).await.unwrap_err(), "VpnGatewayAttachmentLimitExceeded");
    assert_eq!(attach(&sandbox, &second, &one).await.unwrap_err(), "InvalidParameterValue");
    attach(&sandbox, &second, &two).await.unwrap();

    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    let away = DeleteVpcRequest { vpc_id: one.vpc_id.clone(), ..Default::default() };
    assert_eq!(code(vpcs.delete_vpc(sandbox.ask(away.clone())).await), "DependencyViolation");
    let delete = DeleteVpnGatewayRequest { vpn_gateway_id: some(&first), ..Default::default() };
    assert_eq!(code(client(&sandbox).delete_vpn_gateway(sandbox.ask(delete.clone())).await), "IncorrectState");
    let detach =
        DetachVpnGatewayRequest { vpn_gateway_id: some(&first), vpc_id: one.vpc_id.clone(), ..Default::default() };
    client(&sandbox).detach_vpn_gateway(sandbox.ask(detach.clone())).await.unwrap();
    let again = client(&sandbox).detach_vpn_gateway(sandbox.ask(detach)).await;
    assert_eq!(code(again), "InvalidVpnGatewayAttachment.NotFound");
    let find = DescribeVpnGatewaysRequest { filters: filter("attachment.state", "detached"), ..Default::default() };
    let found = client(&sandbox).describe_vpn_gateways(sandbox.ask(find)).await.unwrap().into_inner();
    assert_eq!(found.vpn_gateways[0].vpn_gateway_id(), first);
    client(&sandbox).delete_vpn_gateway(sandbox.ask(delete)).await.unwrap();
    vpcs.delete_vpc(sandbox.ask(away)).await.unwrap();
}

#[tokio::test]
async fn a_connection_has_two_tunnels_and_a_configuration_for_the_customer() {
    let sandbox = Sandbox::new().await;
    let (customer, gateway) = (customer(&sandbox).await, gateway(&sandbox).await);
    let made = connect(&sandbox, between(&customer, &gateway, false)).await;
    assert_eq!((made.state(), made.category()), ("pending", "VPN"));
    let again = connect(&sandbox, between(&customer, &gateway, false)).await;
    assert_eq!(again.vpn_connection_id, made.vpn_connection_id, "it is idempotent");
    let found = shown(&sandbox, &made).await;
    assert_eq!((found.state(), found.vgw_telemetry.len()), ("available", 2));
    let options = found.options.as_ref().unwrap();
    let xml = found.customer_gateway_configuration();
    for tunnel in &options.tunnel_options {
        assert!(xml.contains(tunnel.pre_shared_key()) && xml.contains(tunnel.outside_ip_address()));
    }
    assert!(xml.contains("<asn>65010</asn>") && xml.contains("<ip_address>198.51.100.7</ip_address>"));

    let outside = options.tunnel_options[0].outside_ip_address.clone();
    let modify = ModifyVpnTunnelOptionsRequest {
        vpn_connection_id: made.vpn_connection_id.clone(),
        vpn_tunnel_outside_ip_address: outside.clone(),
        tunnel_options: Some(ModifyVpnTunnelOptionsSpecification {
            pre_shared_key: some("a_key.of.its.own"),
            dpd_timeout_seconds: Some(60),
            ..Default::default()
        }),
        ..Default::default()
    };
    client(&sandbox).modify_vpn_tunnel_options(sandbox.ask(modify.clone())).await.unwrap();
    let unknown = ModifyVpnTunnelOptionsRequest { vpn_tunnel_outside_ip_address: some("192.0.2.1"), ..modify };
    let unknown = client(&sandbox).modify_vpn_tunnel_options(sandbox.ask(unknown)).await;
    assert_eq!(code(unknown), "InvalidParameterValue");
    let networks = ModifyVpnConnectionOptionsRequest {
        vpn_connection_id: made.vpn_connection_id.clone(),
        local_ipv4_network_cidr: some("192.168.0.0/16"),
        ..Default::default()
    };
    client(&sandbox).modify_vpn_connection_options(sandbox.ask(networks)).await.unwrap();
    let found = shown(&sandbox, &made).await;
    let options = found.options.as_ref().unwrap();
    assert_eq!(options.local_ipv4_network_cidr(), "192.168.0.0/16");
    let tunnel = options.tunnel_options.iter().find(|tunnel| tunnel.outside_ip_address == outside).unwrap();
    assert_eq!((tunnel.pre_shared_key(), tunnel.dpd_timeout_seconds()), ("a_key.of.its.own", 60));
    assert!(found.customer_gateway_configuration().contains("a_key.of.its.own"));

    let devices = GetVpnConnectionDeviceTypesRequest::default();
    let devices = client(&sandbox).get_vpn_connection_device_types(sandbox.ask(devices)).await.unwrap().into_inner();
    let sample = GetVpnConnectionDeviceSampleConfigurationRequest {
        vpn_connection_id: made.vpn_connection_id.clone(),
        vpn_connection_device_type_id: devices.vpn_connection_device_types[0].vpn_connection_device_type_id.clone(),
        ..Default::default()
    };
    let sample = client(&sandbox).get_vpn_connection_device_sample_configuration(sandbox.ask(sample)).await.unwrap();
    assert!(sample.into_inner().vpn_connection_device_sample_configuration().contains("a_key.of.its.own"));

    let in_use = DeleteCustomerGatewayRequest { customer_gateway_id: some(&customer), ..Default::default() };
    let refused = client(&sandbox).delete_customer_gateway(sandbox.ask(in_use.clone())).await;
    assert_eq!(code(refused), "IncorrectState");
    let away = DeleteVpnConnectionRequest { vpn_connection_id: made.vpn_connection_id.clone(), ..Default::default() };
    client(&sandbox).delete_vpn_connection(sandbox.ask(away.clone())).await.unwrap();
    let gone = shown(&sandbox, &made).await;
    assert_eq!((gone.state(), &gone.customer_gateway_configuration), ("deleted", &None));
    assert_eq!(
        code(client(&sandbox).delete_vpn_connection(sandbox.ask(away)).await),
        "InvalidVpnConnectionID.NotFound"
    );
    client(&sandbox).delete_customer_gateway(sandbox.ask(in_use)).await.unwrap();
}

#[tokio::test]
async fn options_that_a_tunnel_cannot_have_are_refused() {
    let sandbox = Sandbox::new().await;
    let (customer, gateway) = (customer(&sandbox).await, gateway(&sandbox).await);
    let with = |tunnel: VpnTunnelOptionsSpecification| {
        let mut input = between(&customer, &gateway, false);
        input.options.as_mut().unwrap().tunnel_options = vec![tunnel];
        input
    };
    let cidr = |cidr: &str| VpnTunnelOptionsSpecification { tunnel_inside_cidr: some(cidr), ..Default::default() };
    for (input, expected) in [
        (with(cidr("169.254.0.0/30")), "InvalidParameterValue"),
        (with(cidr("169.254.44.0/29")), "InvalidParameterValue"),
        (
            with(VpnTunnelOptionsSpecification { pre_shared_key: some("short"), ..Default::default() }),
            "InvalidParameterValue",
        ),
        (between("cgw-1a2b3c4d", &gateway, false), "InvalidCustomerGatewayID.NotFound"),
        (between(&customer, "vgw-1a2b3c4d", false), "InvalidVpnGatewayID.NotFound"),
        (
            CreateVpnConnectionRequest {
                vpn_gateway_id: None,
                transit_gateway_id: some("tgw-0123456789abcdef0"),
                ..between(&customer, "", false)
            },
            "InvalidTransitGatewayID.NotFound",
        ),
    ] {
        assert_eq!(code(client(&sandbox).create_vpn_connection(sandbox.ask(input)).await), expected);
    }
    connect(&sandbox, with(cidr("169.254.44.240/30"))).await;
    let again = with(VpnTunnelOptionsSpecification { replay_window_size: Some(64), ..cidr("169.254.44.240/30") });
    let taken = client(&sandbox).create_vpn_connection(sandbox.ask(again)).await;
    assert_eq!(code(taken), "InvalidParameterValue");
}

#[tokio::test]
async fn static_routes_propagate_to_the_tables_that_want_them() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let (customer, gateway) = (customer(&sandbox).await, gateway(&sandbox).await);
    let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
    let main = DescribeRouteTablesRequest { filters: filter("vpc-id", vpc.vpc_id()), ..Default::default() };
    let table = async || -> RouteTable {
        let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
        tables.describe_route_tables(sandbox.ask(main.clone())).await.unwrap().into_inner().route_tables.remove(0)
    };
    let route_table_id = table().await.route_table_id;
    let enable = EnableVgwRoutePropagationRequest {
        route_table_id: route_table_id.clone(),
        gateway_id: some(&gateway),
        ..Default::default()
    };
    let early = tables.enable_vgw_route_propagation(sandbox.ask(enable.clone())).await;
    assert_eq!(code(early), "Gateway.NotAttached");
    attach(&sandbox, &gateway, &vpc).await.unwrap();
    tables.enable_vgw_route_propagation(sandbox.ask(enable)).await.unwrap();
    assert_eq!(table().await.propagating_vgws[0].gateway_id(), gateway);

    let dynamic = connect(&sandbox, between(&customer, &gateway, false)).await;
    let made = connect(&sandbox, between(&customer, &gateway, true)).await;
    let to = |connection: &VpnConnection, block: &str| CreateVpnConnectionRouteRequest {
        vpn_connection_id: connection.vpn_connection_id.clone(),
        destination_cidr_block: some(block),
    };
    let refused = client(&sandbox).create_vpn_connection_route(sandbox.ask(to(&dynamic, "192.168.0.0/16"))).await;
    assert_eq!(code(refused), "UnsupportedOperation");
    client(&sandbox).create_vpn_connection_route(sandbox.ask(to(&made, "192.168.0.0/16"))).await.unwrap();
    assert_eq!(shown(&sandbox, &made).await.routes[0].state(), "available");
    let propagated = |table: RouteTable| {
        table.routes.into_iter().filter(|route| route.origin() == "EnableVgwRoutePropagation").collect::<Vec<_>>()
    };
    let routes = propagated(table().await);
    assert_eq!((routes.len(), routes[0].destination_cidr_block()), (1, "192.168.0.0/16"));
    assert_eq!((routes[0].gateway_id(), routes[0].state()), (gateway.as_str(), "active"));
    let own = CreateRouteRequest {
        route_table_id: route_table_id.clone(),
        destination_cidr_block: some("192.168.0.0/16"),
        gateway_id: some(&gateway),
        ..Default::default()
    };
    tables.create_route(sandbox.ask(own)).await.unwrap();
    assert!(propagated(table().await).is_empty(), "a created route counts more");

    let away = DeleteVpnConnectionRouteRequest {
        vpn_connection_id: made.vpn_connection_id.clone(),
        destination_cidr_block: some("192.168.0.0/16"),
    };
    client(&sandbox).delete_vpn_connection_route(sandbox.ask(away.clone())).await.unwrap();
    let again = client(&sandbox).delete_vpn_connection_route(sandbox.ask(away)).await;
    assert_eq!(code(again), "InvalidRoute.NotFound");
    let disable =
        DisableVgwRoutePropagationRequest { route_table_id, gateway_id: some(&gateway), ..Default::default() };
    tables.disable_vgw_route_propagation(sandbox.ask(disable)).await.unwrap();
    assert!(table().await.propagating_vgws.is_empty());
}
