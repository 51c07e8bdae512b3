//! VPC endpoints over gRPC.

use crate::support::network::{filter, some, subnet, vpc};
use crate::support::{Sandbox, ask_as, code};
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::route_tables_service_client::RouteTablesServiceClient;
use archipelago_proto::ec2::v1::vpc_endpoint_services_service_client::VpcEndpointServicesServiceClient;
use archipelago_proto::ec2::v1::vpc_endpoints_service_client::VpcEndpointsServiceClient;
use archipelago_proto::ec2::v1::vpcs_service_client::VpcsServiceClient;
use archipelago_proto::ec2::v1::{
    AcceptVpcEndpointConnectionsRequest, AttributeBooleanValue, CreateRouteRequest,
    CreateVpcEndpointConnectionNotificationRequest, CreateVpcEndpointRequest,
    CreateVpcEndpointServiceConfigurationRequest, DeleteRouteRequest, DeleteVpcEndpointConnectionNotificationsRequest,
    DeleteVpcEndpointServiceConfigurationsRequest, DeleteVpcEndpointsRequest, DeleteVpcRequest,
    DescribeNetworkInterfacesRequest, DescribeRouteTablesRequest, DescribeVpcEndpointConnectionNotificationsRequest,
    DescribeVpcEndpointConnectionsRequest, DescribeVpcEndpointsRequest, DescribeVpcsRequest, ModifyVpcAttributeRequest,
    ModifyVpcEndpointRequest, ModifyVpcEndpointServicePermissionsRequest, RejectVpcEndpointConnectionsRequest,
    RouteTable, ServiceConfiguration, UnsuccessfulItem, Vpc, VpcEndpoint,
};
use tonic::transport::Channel;

const CONSUMER: &str = "111111111111";

fn client(sandbox: &Sandbox) -> VpcEndpointsServiceClient<Channel> {
    VpcEndpointsServiceClient::new(sandbox.channel.clone())
}

async fn create(sandbox: &Sandbox, input: CreateVpcEndpointRequest) -> VpcEndpoint {
    client(sandbox).create_vpc_endpoint(sandbox.ask(input)).await.unwrap().into_inner().vpc_endpoint.unwrap()
}

async fn shown(sandbox: &Sandbox, endpoint: &VpcEndpoint) -> VpcEndpoint {
    let input = DescribeVpcEndpointsRequest {
        vpc_endpoint_ids: vec![endpoint.vpc_endpoint_id().to_owned()],
        ..Default::default()
    };
    client(sandbox).describe_vpc_endpoints(sandbox.ask(input)).await.unwrap().into_inner().vpc_endpoints.remove(0)
}

async fn delete(sandbox: &Sandbox, id: &str) -> Vec<UnsuccessfulItem> {
    let input = DeleteVpcEndpointsRequest { vpc_endpoint_ids: vec![id.to_owned()], ..Default::default() };
    client(sandbox).delete_vpc_endpoints(sandbox.ask(input)).await.unwrap().into_inner().unsuccessful
}

async fn main_table(sandbox: &Sandbox, vpc: &Vpc) -> RouteTable {
    let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
    let input = DescribeRouteTablesRequest { filters: filter("vpc-id", vpc.vpc_id()), ..Default::default() };
    tables.describe_route_tables(sandbox.ask(input)).await.unwrap().into_inner().route_tables.remove(0)
}

async fn enable_hostnames(sandbox: &Sandbox, vpc: &Vpc) {
    let input = ModifyVpcAttributeRequest {
        vpc_id: vpc.vpc_id.clone(),
        enable_dns_hostnames: Some(AttributeBooleanValue { value: Some(true) }),
        ..Default::default()
    };
    VpcsServiceClient::new(sandbox.channel.clone()).modify_vpc_attribute(sandbox.ask(input)).await.unwrap();
}

#[tokio::test]
async fn a_gateway_endpoint_is_a_route_in_its_tables() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let table = main_table(&sandbox, &vpc).await;
    let input = CreateVpcEndpointRequest {
        vpc_id: vpc.vpc_id.clone(),
        service_name: some("com.amazonaws.us-east-1.s3"),
        route_table_ids: vec![table.route_table_id().to_owned()],
        ..Default::default()
    };
    let made = create(&sandbox, input.clone()).await;
    assert_eq!((made.state(), made.vpc_endpoint_type()), ("pending", "Gateway"));
    let found = shown(&sandbox, &made).await;
    assert!(found.state() == "available" && found.policy_document().contains("\"Allow\""));
    let again = client(&sandbox).create_vpc_endpoint(sandbox.ask(input)).await;
    assert_eq!(code(again), "RouteAlreadyExists");

    let route = |table: RouteTable| table.routes.into_iter().find(|route| route.destination_prefix_list_id.is_some());
    let shown_route = route(main_table(&sandbox, &vpc).await).unwrap();
    assert_eq!((&shown_route.gateway_id, shown_route.state()), (&made.vpc_endpoint_id, "active"));
    let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
    let away = DeleteRouteRequest {
        route_table_id: table.route_table_id.clone(),
        destination_prefix_list_id: shown_route.destination_prefix_list_id,
        ..Default::default()
    };
    assert_eq!(code(tables.delete_route(sandbox.ask(away)).await), "InvalidParameterValue");

    let modify = ModifyVpcEndpointRequest {
        vpc_endpoint_id: made.vpc_endpoint_id.clone(),
        remove_route_table_ids: vec![table.route_table_id().to_owned()],
        policy_document: some("{\"Statement\":[{\"Effect\":\"Deny\"}]}"),
        ..Default::default()
    };
    client(&sandbox).modify_vpc_endpoint(sandbox.ask(modify.clone())).await.unwrap();
    assert!(route(main_table(&sandbox, &vpc).await).is_none());
    assert!(shown(&sandbox, &made).await.policy_document().contains("Deny"));
    let broken = ModifyVpcEndpointRequest { policy_document: some("no policy"), ..modify };
    assert_eq!(code(client(&sandbox).modify_vpc_endpoint(sandbox.ask(broken)).await), "InvalidPolicyDocument");

    assert!(delete(&sandbox, made.vpc_endpoint_id()).await.is_empty());
    let gone = delete(&sandbox, made.vpc_endpoint_id()).await;
    assert_eq!(gone[0].error.as_ref().unwrap().code(), "InvalidVpcEndpoint.NotFound");
}

#[tokio::test]
async fn an_interface_endpoint_has_an_interface_in_each_of_its_zones() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let (one, two) = (subnet(&sandbox, &vpc, "10.0.0.0/24").await, subnet(&sandbox, &vpc, "10.0.1.0/24").await);
    let input = CreateVpcEndpointRequest {
        vpc_id: vpc.vpc_id.clone(),
        vpc_endpoint_type: some("Interface"),
        service_name: some("com.amazonaws.us-east-1.ec2"),
        subnet_ids: vec![one.subnet_id().to_owned()],
        ..Default::default()
    };
    let nameless = client(&sandbox).create_vpc_endpoint(sandbox.ask(input.clone())).await;
    assert_eq!(code(nameless), "InvalidParameter", "private DNS is on by default, and the VPC has no hostnames");
    enable_hostnames(&sandbox, &vpc).await;
    let both = vec![one.subnet_id().to_owned(), two.subnet_id().to_owned()];
    let same_zone = CreateVpcEndpointRequest { subnet_ids: both, ..input.clone() };
    let refused = client(&sandbox).create_vpc_endpoint(sandbox.ask(same_zone)).await;
    assert_eq!(code(refused), "DuplicateSubnetsInSameZone");

    let made = create(&sandbox, input.clone()).await;
    let found = shown(&sandbox, &made).await;
    assert_eq!((found.state(), found.subnet_ids.as_slice()), ("available", &[one.subnet_id().to_owned()][..]));
    assert_eq!((found.groups.len(), found.network_interface_ids.len()), (1, 1));
    assert!(found.private_dns_enabled());
    assert!(found.dns_entries.iter().any(|entry| entry.dns_name() == "ec2.us-east-1.amazonaws.com"));
    let rival = client(&sandbox).create_vpc_endpoint(sandbox.ask(input)).await;
    assert_eq!(code(rival), "InvalidParameter", "the private name is taken");

    let mut interfaces = NetworkInterfacesServiceClient::new(sandbox.channel.clone());
    let own = DescribeNetworkInterfacesRequest {
        network_interface_ids: found.network_interface_ids.clone(),
        ..Default::default()
    };
    let interface = interfaces.describe_network_interfaces(sandbox.ask(own.clone())).await.unwrap().into_inner();
    assert_eq!(interface.network_interfaces[0].interface_type(), "vpc_endpoint");
    assert_eq!(interface.network_interfaces[0].groups.len(), 1);

    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    let away = DeleteVpcRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    assert_eq!(code(vpcs.delete_vpc(sandbox.ask(away)).await), "DependencyViolation");
    let modify = ModifyVpcEndpointRequest {
        vpc_endpoint_id: made.vpc_endpoint_id.clone(),
        add_subnet_ids: vec![two.subnet_id().to_owned()],
        remove_subnet_ids: vec![one.subnet_id().to_owned()],
        private_dns_enabled: Some(false),
        ..Default::default()
    };
    client(&sandbox).modify_vpc_endpoint(sandbox.ask(modify)).await.unwrap();
    let moved = shown(&sandbox, &made).await;
    assert_eq!(moved.subnet_ids, [two.subnet_id().to_owned()]);
    assert!(!moved.private_dns_enabled() && moved.dns_entries.len() == 2);
    assert!(delete(&sandbox, made.vpc_endpoint_id()).await.is_empty());
    assert_eq!(
        code(interfaces.describe_network_interfaces(sandbox.ask(own)).await),
        "InvalidNetworkInterfaceID.NotFound"
    );
}

#[tokio::test]
async fn services_and_types_that_do_not_fit_are_refused() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let base = CreateVpcEndpointRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
    let of = |name: &str| CreateVpcEndpointRequest { service_name: some(name), ..base.clone() };
    for (input, expected) in [
        (base.clone(), "MissingParameter"),
        (of("com.amazonaws.us-east-1.none"), "InvalidServiceName"),
        (of("com.amazonaws.us-east-1.ec2"), "InvalidParameterValue"),
        (
            CreateVpcEndpointRequest { subnet_ids: vec!["subnet-1a2b3c4d".into()], ..of("com.amazonaws.us-east-1.s3") },
            "InvalidParameterValue",
        ),
        (
            CreateVpcEndpointRequest {
                route_table_ids: vec!["rtb-1a2b3c4d".into()],
                ..of("com.amazonaws.us-east-1.s3")
            },
            "InvalidRouteTableID.NotFound",
        ),
        (
            CreateVpcEndpointRequest { service_region: some("eu-west-1"), ..of("com.amazonaws.us-east-1.s3") },
            "UnsupportedOperation",
        ),
    ] {
        assert_eq!(code(client(&sandbox).create_vpc_endpoint(sandbox.ask(input)).await), expected);
    }
}

async fn offer(sandbox: &Sandbox, kind: &str) -> ServiceConfiguration {
    let mut services = VpcEndpointServicesServiceClient::new(sandbox.channel.clone());
    let arn = |kind: &str| format!("arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/{kind}/lb/1");
    let mut input = CreateVpcEndpointServiceConfigurationRequest::default();
    match kind {
        "gwy" => input.gateway_load_balancer_arns = vec![arn("gwy")],
        _ => input.network_load_balancer_arns = vec![arn("net")],
    }
    let made = services.create_vpc_endpoint_service_configuration(sandbox.ask(input)).await.unwrap().into_inner();
    let made = made.service_configuration.unwrap();
    let permit = ModifyVpcEndpointServicePermissionsRequest {
        service_id: made.service_id.clone(),
        add_allowed_principals: vec![format!("arn:aws:iam::{CONSUMER}:root")],
        ..Default::default()
    };
    services.modify_vpc_endpoint_service_permissions(sandbox.ask(permit)).await.unwrap();
    made
}

#[tokio::test]
async fn another_accounts_endpoint_waits_to_be_accepted() {
    let sandbox = Sandbox::new().await;
    let service = offer(&sandbox, "net").await;
    let mut vpcs = VpcsServiceClient::new(sandbox.channel.clone());
    let theirs =
        vpcs.describe_vpcs(ask_as(CONSUMER, DescribeVpcsRequest::default())).await.unwrap().into_inner().vpcs.remove(0);
    let input = CreateVpcEndpointRequest {
        vpc_id: theirs.vpc_id.clone(),
        vpc_endpoint_type: some("Interface"),
        service_name: service.service_name.clone(),
        ..Default::default()
    };
    let made = client(&sandbox).create_vpc_endpoint(ask_as(CONSUMER, input)).await.unwrap().into_inner();
    let id = made.vpc_endpoint.unwrap().vpc_endpoint_id.unwrap();
    let connections = async || {
        let input = DescribeVpcEndpointConnectionsRequest {
            filters: filter("service-id", service.service_id()),
            ..Default::default()
        };
        let found = client(&sandbox).describe_vpc_endpoint_connections(sandbox.ask(input)).await.unwrap().into_inner();
        found.vpc_endpoint_connections
    };
    let waiting = connections().await;
    assert_eq!((waiting[0].vpc_endpoint_owner(), waiting[0].vpc_endpoint_state()), (CONSUMER, "pendingAcceptance"));
    let accept = AcceptVpcEndpointConnectionsRequest {
        service_id: service.service_id.clone(),
        vpc_endpoint_ids: vec![id.clone(), "vpce-1a2b3c4d".into()],
        ..Default::default()
    };
    let accepted = client(&sandbox).accept_vpc_endpoint_connections(sandbox.ask(accept)).await.unwrap().into_inner();
    assert_eq!((accepted.unsuccessful.len(), accepted.unsuccessful[0].resource_id()), (1, "vpce-1a2b3c4d"));
    assert_eq!(connections().await[0].vpc_endpoint_state(), "available");
    let mut services = VpcEndpointServicesServiceClient::new(sandbox.channel.clone());
    let withdraw = DeleteVpcEndpointServiceConfigurationsRequest {
        service_ids: vec![service.service_id().to_owned()],
        ..Default::default()
    };
    let refused = services.delete_vpc_endpoint_service_configurations(sandbox.ask(withdraw.clone())).await.unwrap();
    let refused = refused.into_inner().unsuccessful;
    assert_eq!(refused[0].error.as_ref().unwrap().code(), "ExistingVpcEndpointConnections");
    let reject = RejectVpcEndpointConnectionsRequest {
        service_id: service.service_id.clone(),
        vpc_endpoint_ids: vec![id.clone()],
        ..Default::default()
    };
    client(&sandbox).reject_vpc_endpoint_connections(sandbox.ask(reject)).await.unwrap();
    assert_eq!(connections().await[0].vpc_endpoint_state(), "rejected");
    let away = DeleteVpcEndpointsRequest { vpc_endpoint_ids: vec![id], ..Default::default() };
    client(&sandbox).delete_vpc_endpoints(ask_as(CONSUMER, away)).await.unwrap();
    let done = services.delete_vpc_endpoint_service_configurations(sandbox.ask(withdraw)).await.unwrap();
    assert!(done.into_inner().unsuccessful.is_empty());
}

#[tokio::test]
async fn a_gateway_load_balancers_endpoint_is_a_target_of_routes() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let service = offer(&sandbox, "gwy").await;
    let input = CreateVpcEndpointRequest {
        vpc_id: vpc.vpc_id.clone(),
        vpc_endpoint_type: some("GatewayLoadBalancer"),
        service_name: service.service_name,
        subnet_ids: vec![subnet.subnet_id().to_owned()],
        ..Default::default()
    };
    let made = create(&sandbox, input).await;
    let mut tables = RouteTablesServiceClient::new(sandbox.channel.clone());
    let route = CreateRouteRequest {
        route_table_id: main_table(&sandbox, &vpc).await.route_table_id,
        destination_cidr_block: some("0.0.0.0/0"),
        vpc_endpoint_id: made.vpc_endpoint_id.clone(),
        ..Default::default()
    };
    tables.create_route(sandbox.ask(route)).await.unwrap();
    let found = main_table(&sandbox, &vpc).await;
    let route = found.routes.iter().find(|route| route.destination_cidr_block() == "0.0.0.0/0").unwrap();
    assert_eq!((&route.gateway_id, route.state()), (&made.vpc_endpoint_id, "active"));
    delete(&sandbox, made.vpc_endpoint_id()).await;
    assert_eq!(main_table(&sandbox, &vpc).await.routes.last().unwrap().state(), "blackhole");
}

#[tokio::test]
async fn notifications_are_kept_until_they_are_deleted() {
    let sandbox = Sandbox::new().await;
    let service = offer(&sandbox, "net").await;
    let input = CreateVpcEndpointConnectionNotificationRequest {
        service_id: service.service_id,
        connection_notification_arn: some("arn:aws:sns:us-east-1:000000000000:topic"),
        connection_events: vec!["Accept".into(), "Reject".into()],
        ..Default::default()
    };
    let wrong =
        CreateVpcEndpointConnectionNotificationRequest { connection_events: vec!["Dance".into()], ..input.clone() };
    let refused = client(&sandbox).create_vpc_endpoint_connection_notification(sandbox.ask(wrong)).await;
    assert_eq!(code(refused), "InvalidParameterValue");
    let made = client(&sandbox).create_vpc_endpoint_connection_notification(sandbox.ask(input)).await.unwrap();
    let made = made.into_inner().connection_notification.unwrap();
    let describe = DescribeVpcEndpointConnectionNotificationsRequest {
        connection_notification_id: made.connection_notification_id.clone(),
        ..Default::default()
    };
    let found = client(&sandbox).describe_vpc_endpoint_connection_notifications(sandbox.ask(describe.clone())).await;
    assert_eq!(found.unwrap().into_inner().connection_notification_set, std::slice::from_ref(&made));
    let away = DeleteVpcEndpointConnectionNotificationsRequest {
        connection_notification_ids: vec![made.connection_notification_id().to_owned()],
        ..Default::default()
    };
    client(&sandbox).delete_vpc_endpoint_connection_notifications(sandbox.ask(away)).await.unwrap();
    let gone = client(&sandbox).describe_vpc_endpoint_connection_notifications(sandbox.ask(describe)).await;
    assert_eq!(code(gone), "InvalidConnectionNotification");
}
