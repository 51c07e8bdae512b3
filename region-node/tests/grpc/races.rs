//! What there is but one of: of several who ask for it at the same time, one gets it.

use crate::support::Sandbox;
use crate::support::network::{filter, some, subnet, vpc};
use archipelago_proto::Ec2Error;
use archipelago_proto::cluster::v1::SetVpnTunnelRequest;
use archipelago_proto::cluster::v1::admin_client::AdminClient;
use archipelago_proto::ec2::v1::carrier_gateways_service_client::CarrierGatewaysServiceClient;
use archipelago_proto::ec2::v1::flow_logs_service_client::FlowLogsServiceClient;
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::security_groups_service_client::SecurityGroupsServiceClient;
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::traffic_mirroring_service_client::TrafficMirroringServiceClient;
use archipelago_proto::ec2::v1::vpn_service_client::VpnServiceClient;
use archipelago_proto::ec2::v1::{
    AssignPrivateIpAddressesRequest, AssociateSecurityGroupVpcRequest, CreateCarrierGatewayRequest,
    CreateCustomerGatewayRequest, CreateFlowLogsRequest, CreateNetworkInterfaceRequest, CreateSecurityGroupRequest,
    CreateSubnetCidrReservationRequest, CreateTrafficMirrorFilterRequest, CreateTrafficMirrorSessionRequest,
    CreateTrafficMirrorTargetRequest, CreateVpnConnectionRequest, DeleteCarrierGatewayRequest,
    DeleteTrafficMirrorSessionRequest, DescribeVpnConnectionsRequest, DisassociateSecurityGroupVpcRequest,
    ModifyTrafficMirrorSessionRequest,
};
use futures::future::join_all;

fn outcome<T>(answer: Result<tonic::Response<T>, tonic::Status>) -> Result<T, String> {
    answer.map(tonic::Response::into_inner).map_err(|status| Ec2Error::from(status).code)
}

/// The one answer, and the others' error.
fn only<T: std::fmt::Debug>(answers: Vec<Result<T, String>>, error: &str) -> T {
    let (had, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert!(refused.iter().all(|refused| refused.as_ref().unwrap_err() == error), "{refused:?}");
    let [had] = <[_; 1]>::try_from(had).unwrap();
    had.unwrap()
}

async fn interface(sandbox: &Sandbox, subnet: &str, groups: Vec<String>) -> Result<String, String> {
    let input = CreateNetworkInterfaceRequest { subnet_id: some(subnet), groups, ..Default::default() };
    let mut client = NetworkInterfacesServiceClient::new(sandbox.channel.clone());
    let made = outcome(client.create_network_interface(sandbox.ask(input)).await)?;
    Ok(made.network_interface.unwrap().network_interface_id.unwrap())
}

#[tokio::test]
async fn a_vpc_has_one_carrier_gateway() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let create = || async {
        let input = CreateCarrierGatewayRequest { vpc_id: vpc.vpc_id.clone(), ..Default::default() };
        let mut client = CarrierGatewaysServiceClient::new(sandbox.channel.clone());
        outcome(client.create_carrier_gateway(sandbox.ask(input)).await)
    };
    let made = only(join_all((0..8).map(|_| create())).await, "Resource.AlreadyAssociated");
    let input = DeleteCarrierGatewayRequest {
        carrier_gateway_id: made.carrier_gateway.unwrap().carrier_gateway_id,
        ..Default::default()
    };
    let mut client = CarrierGatewaysServiceClient::new(sandbox.channel.clone());
    client.delete_carrier_gateway(sandbox.ask(input)).await.unwrap();
    create().await.unwrap();
}

#[tokio::test]
async fn a_source_has_one_session_of_each_number() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.0.0/24").await;
    let source = interface(&sandbox, subnet.subnet_id(), Vec::new()).await.unwrap();
    let collector = interface(&sandbox, subnet.subnet_id(), Vec::new()).await.unwrap();
    let mut client = TrafficMirroringServiceClient::new(sandbox.channel.clone());
    let input = CreateTrafficMirrorTargetRequest { network_interface_id: some(&collector), ..Default::default() };
    let target = client.create_traffic_mirror_target(sandbox.ask(input)).await.unwrap().into_inner();
    let target = target.traffic_mirror_target.unwrap().traffic_mirror_target_id;
    let input = CreateTrafficMirrorFilterRequest::default();
    let made = client.create_traffic_mirror_filter(sandbox.ask(input)).await.unwrap().into_inner();
    let made = made.traffic_mirror_filter.unwrap().traffic_mirror_filter_id;
    let base = client.clone();
    let create = |number| {
        let input = CreateTrafficMirrorSessionRequest {
            network_interface_id: some(&source),
            traffic_mirror_target_id: target.clone(),
            traffic_mirror_filter_id: made.clone(),
            session_number: Some(number),
            ..Default::default()
        };
        let (mut client, request) = (base.clone(), sandbox.ask(input));
        async move {
            outcome(client.create_traffic_mirror_session(request).await)
                .map(|made| made.traffic_mirror_session.unwrap())
        }
    };
    let taken = "TrafficMirrorSessionNumberAlreadyExists";
    let first = only(join_all((0..8).map(|_| create(1))).await, taken);
    let second = create(2).await.unwrap();
    let modify = |number| ModifyTrafficMirrorSessionRequest {
        traffic_mirror_session_id: second.traffic_mirror_session_id.clone(),
        session_number: Some(number),
        ..Default::default()
    };
    assert_eq!(outcome(client.modify_traffic_mirror_session(sandbox.ask(modify(1))).await).unwrap_err(), taken);
    let delete = DeleteTrafficMirrorSessionRequest {
        traffic_mirror_session_id: first.traffic_mirror_session_id,
        ..Default::default()
    };
    client.delete_traffic_mirror_session(sandbox.ask(delete)).await.unwrap();
    client.modify_traffic_mirror_session(sandbox.ask(modify(1))).await.unwrap();
    create(2).await.unwrap();
}

#[tokio::test]
async fn a_resource_has_one_flow_log_to_each_destination() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let create = || {
        let input = CreateFlowLogsRequest {
            resource_ids: vec![vpc.vpc_id().to_owned()],
            resource_type: some("VPC"),
            traffic_type: some("ALL"),
            log_destination_type: some("s3"),
            log_destination: some("arn:aws:s3:::logs"),
            ..Default::default()
        };
        let (mut client, request) = (FlowLogsServiceClient::new(sandbox.channel.clone()), sandbox.ask(input));
        async move {
            let made = outcome(client.create_flow_logs(request).await)?;
            // It is told in the answer, or as the answer.
            match made.unsuccessful.into_iter().next() {
                Some(failed) => Err(failed.error.unwrap().code.unwrap()),
                None => Ok(made.flow_log_ids),
            }
        }
    };
    only(join_all((0..8).map(|_| create())).await, "FlowLogAlreadyExists");
}

#[tokio::test]
async fn a_group_stays_with_a_vpc_whose_interfaces_have_it() {
    let sandbox = Sandbox::new().await;
    let (home, away) = (vpc(&sandbox, "10.0.0.0/16").await, vpc(&sandbox, "10.1.0.0/16").await);
    let subnet = subnet(&sandbox, &away, "10.1.0.0/24").await;
    let mut client = SecurityGroupsServiceClient::new(sandbox.channel.clone());
    let input = CreateSecurityGroupRequest {
        group_name: some("shared"),
        description: some("shared"),
        vpc_id: home.vpc_id.clone(),
        ..Default::default()
    };
    let group = client.create_security_group(sandbox.ask(input)).await.unwrap().into_inner().group_id.unwrap();
    let input =
        AssociateSecurityGroupVpcRequest { group_id: some(&group), vpc_id: away.vpc_id.clone(), ..Default::default() };
    client.associate_security_group_vpc(sandbox.ask(input)).await.unwrap();
    interface(&sandbox, subnet.subnet_id(), vec![group.clone()]).await.unwrap();
    let input = DisassociateSecurityGroupVpcRequest {
        group_id: some(&group),
        vpc_id: away.vpc_id.clone(),
        ..Default::default()
    };
    let refused = outcome(client.disassociate_security_group_vpc(sandbox.ask(input)).await);
    assert_eq!(refused.unwrap_err(), "DependencyViolation");
    interface(&sandbox, subnet.subnet_id(), vec![group]).await.expect("the group is still for that VPC");
}

#[tokio::test]
async fn prefixes_come_from_what_is_reserved_for_them_and_never_from_what_is_reserved_for_addresses() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.0.0/25").await;
    let mut subnets = SubnetsServiceClient::new(sandbox.channel.clone());
    for (cidr, kind) in [("10.0.0.16/28", "explicit"), ("10.0.0.64/28", "prefix")] {
        let input = CreateSubnetCidrReservationRequest {
            subnet_id: subnet.subnet_id.clone(),
            cidr: some(cidr),
            reservation_type: some(kind),
            ..Default::default()
        };
        subnets.create_subnet_cidr_reservation(sandbox.ask(input)).await.unwrap();
    }
    let id = interface(&sandbox, subnet.subnet_id(), Vec::new()).await.unwrap();
    let mut prefixes = Vec::new();
    for _ in 0..3 {
        let input = AssignPrivateIpAddressesRequest {
            network_interface_id: some(&id),
            ipv4_prefix_count: Some(1),
            ..Default::default()
        };
        let mut client = NetworkInterfacesServiceClient::new(sandbox.channel.clone());
        let made = client.assign_private_ip_addresses(sandbox.ask(input)).await.unwrap().into_inner();
        prefixes.extend(made.assigned_ipv4_prefixes.into_iter().filter_map(|prefix| prefix.ipv4_prefix));
    }
    assert_eq!(prefixes, ["10.0.0.64/28", "10.0.0.32/28", "10.0.0.48/28"]);
}

#[tokio::test]
async fn the_operator_brings_a_tunnel_up() {
    let sandbox = Sandbox::new().await;
    let mut vpn = VpnServiceClient::new(sandbox.channel.clone());
    let input = CreateCustomerGatewayRequest {
        r#type: some("ipsec.1"),
        ip_address: some("198.51.100.7"),
        ..Default::default()
    };
    let customer = vpn.create_customer_gateway(sandbox.ask(input)).await.unwrap().into_inner();
    let input = CreateVpnConnectionRequest {
        customer_gateway_id: customer.customer_gateway.unwrap().customer_gateway_id,
        r#type: some("ipsec.1"),
        ..Default::default()
    };
    let made = vpn.create_vpn_connection(sandbox.ask(input)).await.unwrap().into_inner().vpn_connection.unwrap();
    let mut admin = AdminClient::new(sandbox.channel.clone());
    let tunnel = SetVpnTunnelRequest {
        vpn_connection_id: made.vpn_connection_id().to_owned(),
        outside_ip_address: made.vgw_telemetry[1].outside_ip_address().to_owned(),
        status: "UP".to_owned(),
        message: "1 BGP ROUTES".to_owned(),
        accepted_routes: 1,
    };
    admin.set_vpn_tunnel(sandbox.ask(tunnel.clone())).await.unwrap();
    let input = DescribeVpnConnectionsRequest {
        filters: filter("vpn-connection-id", made.vpn_connection_id()),
        ..Default::default()
    };
    let shown = vpn.describe_vpn_connections(sandbox.ask(input)).await.unwrap().into_inner().vpn_connections.remove(0);
    let states: Vec<_> =
        shown.vgw_telemetry.iter().map(|known| (known.status(), known.accepted_route_count())).collect();
    assert_eq!(states, [("DOWN", 0), ("UP", 1)]);
    for wrong in [
        SetVpnTunnelRequest { status: "SIDEWAYS".to_owned(), ..tunnel.clone() },
        SetVpnTunnelRequest { outside_ip_address: "192.0.2.1".to_owned(), ..tunnel },
    ] {
        let refused = outcome(admin.set_vpn_tunnel(sandbox.ask(wrong)).await);
        assert_eq!(refused.unwrap_err(), "InvalidParameterValue");
    }
}
