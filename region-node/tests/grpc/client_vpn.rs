//! Client VPN endpoints over gRPC.

use archipelago_proto::ec2::v1::client_vpn_service_client::ClientVpnServiceClient;
use archipelago_proto::ec2::v1::network_interfaces_service_client::NetworkInterfacesServiceClient;
use archipelago_proto::ec2::v1::security_groups_service_client::SecurityGroupsServiceClient;
use archipelago_proto::ec2::v1::subnets_service_client::SubnetsServiceClient;
use archipelago_proto::ec2::v1::{
    ApplySecurityGroupsToClientVpnTargetNetworkRequest, AssociateClientVpnTargetNetworkRequest, AuthorizationRule,
    AuthorizeClientVpnIngressRequest, CertificateAuthenticationRequest, ClientVpnAuthenticationRequest,
    ClientVpnEndpoint, ClientVpnRoute, ConnectionLogOptions, CreateClientVpnEndpointRequest,
    CreateClientVpnRouteRequest, CreateSecurityGroupRequest, CreateSubnetRequest, DeleteClientVpnEndpointRequest,
    DeleteClientVpnRouteRequest, DeleteSubnetRequest, DescribeClientVpnAuthorizationRulesRequest,
    DescribeClientVpnConnectionsRequest, DescribeClientVpnEndpointsRequest, DescribeClientVpnRoutesRequest,
    DescribeClientVpnTargetNetworksRequest, DescribeNetworkInterfacesRequest,
    DisassociateClientVpnTargetNetworkRequest, ExportClientVpnClientCertificateRevocationListRequest,
    ExportClientVpnClientConfigurationRequest, ImportClientVpnClientCertificateRevocationListRequest,
    ModifyClientVpnEndpointRequest, NetworkInterface, RevokeClientVpnIngressRequest, Subnet, TargetNetwork,
    TerminateClientVpnConnectionsRequest, Vpc,
};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Lifecycle, Transition};
use tonic::transport::Channel;

use crate::support::network::{filter, some, subnet, vpc};
use crate::support::{Sandbox, code};

fn client(sandbox: &Sandbox) -> ClientVpnServiceClient<Channel> {
    ClientVpnServiceClient::new(sandbox.channel.clone())
}

fn wanted() -> CreateClientVpnEndpointRequest {
    let certificates = CertificateAuthenticationRequest {
        client_root_certificate_chain_arn: some("arn:aws:acm:us-east-1:000000000000:certificate/root"),
    };
    CreateClientVpnEndpointRequest {
        client_cidr_block: some("172.16.0.0/22"),
        server_certificate_arn: some("arn:aws:acm:us-east-1:000000000000:certificate/server"),
        authentication_options: vec![ClientVpnAuthenticationRequest {
            r#type: some("certificate-authentication"),
            mutual_authentication: Some(certificates),
            ..Default::default()
        }],
        connection_log_options: Some(ConnectionLogOptions { enabled: Some(false), ..Default::default() }),
        ..Default::default()
    }
}

async fn endpoint(sandbox: &Sandbox) -> String {
    let made = client(sandbox).create_client_vpn_endpoint(sandbox.ask(wanted())).await.unwrap().into_inner();
    assert_eq!(made.status.unwrap().code(), "pending-associate");
    made.client_vpn_endpoint_id.unwrap()
}

async fn shown(sandbox: &Sandbox, id: &str) -> ClientVpnEndpoint {
    let input = DescribeClientVpnEndpointsRequest { client_vpn_endpoint_ids: vec![id.into()], ..Default::default() };
    let found = client(sandbox).describe_client_vpn_endpoints(sandbox.ask(input)).await.unwrap().into_inner();
    found.client_vpn_endpoints[0].clone()
}

fn associate(endpoint: &str, subnet: &Subnet) -> AssociateClientVpnTargetNetworkRequest {
    AssociateClientVpnTargetNetworkRequest {
        client_vpn_endpoint_id: some(endpoint),
        subnet_id: subnet.subnet_id.clone(),
        ..Default::default()
    }
}

async fn networks(sandbox: &Sandbox, endpoint: &str) -> Vec<TargetNetwork> {
    let input = DescribeClientVpnTargetNetworksRequest { client_vpn_endpoint_id: some(endpoint), ..Default::default() };
    let found = client(sandbox).describe_client_vpn_target_networks(sandbox.ask(input)).await.unwrap().into_inner();
    found.client_vpn_target_networks
}

async fn routes(sandbox: &Sandbox, endpoint: &str) -> Vec<ClientVpnRoute> {
    let input = DescribeClientVpnRoutesRequest { client_vpn_endpoint_id: some(endpoint), ..Default::default() };
    client(sandbox).describe_client_vpn_routes(sandbox.ask(input)).await.unwrap().into_inner().routes
}

async fn rules(sandbox: &Sandbox, endpoint: &str) -> Vec<AuthorizationRule> {
    let input =
        DescribeClientVpnAuthorizationRulesRequest { client_vpn_endpoint_id: some(endpoint), ..Default::default() };
    let found = client(sandbox).describe_client_vpn_authorization_rules(sandbox.ask(input)).await.unwrap();
    found.into_inner().authorization_rules
}

async fn interfaces(sandbox: &Sandbox, subnet: &Subnet) -> Vec<NetworkInterface> {
    let input =
        DescribeNetworkInterfacesRequest { filters: filter("subnet-id", subnet.subnet_id()), ..Default::default() };
    let mut client = NetworkInterfacesServiceClient::new(sandbox.channel.clone());
    client.describe_network_interfaces(sandbox.ask(input)).await.unwrap().into_inner().network_interfaces
}

async fn in_zone(sandbox: &Sandbox, vpc: &Vpc, block: &str, zone: &str) -> Subnet {
    let input = CreateSubnetRequest {
        vpc_id: vpc.vpc_id.clone(),
        cidr_block: some(block),
        availability_zone: some(zone),
        ..Default::default()
    };
    let mut client = SubnetsServiceClient::new(sandbox.channel.clone());
    client.create_subnet(sandbox.ask(input)).await.unwrap().into_inner().subnet.unwrap()
}

#[tokio::test]
async fn an_endpoint_leads_to_a_subnet_by_an_interface_that_goes_with_the_association() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = in_zone(&sandbox, &vpc, "10.0.1.0/24", "us-east-1a").await;
    let id = endpoint(&sandbox).await;
    let made = client(&sandbox).associate_client_vpn_target_network(sandbox.ask(associate(&id, &subnet))).await;
    let made = made.unwrap().into_inner();
    assert_eq!(made.status.unwrap().code(), "associating");
    let known = shown(&sandbox, &id).await;
    assert_eq!((known.status.as_ref().unwrap().code(), known.vpc_id()), ("available", vpc.vpc_id()));
    assert_eq!(known.associated_target_networks[0].network_id(), subnet.subnet_id());
    let network = &networks(&sandbox, &id).await[0];
    assert_eq!(network.status.as_ref().unwrap().code(), "associated");
    assert_eq!((network.security_groups.len(), &network.security_groups), (1, &known.security_group_ids));
    let own = &interfaces(&sandbox, &subnet).await[0];
    assert_eq!((own.requester_managed(), own.groups[0].group_id()), (true, known.security_group_ids[0].as_str()));
    let local = &routes(&sandbox, &id).await[0];
    assert_eq!((local.destination_cidr(), local.origin()), ("10.0.0.0/16", "associate"));

    let twice = client(&sandbox).associate_client_vpn_target_network(sandbox.ask(associate(&id, &subnet))).await;
    assert_eq!(code(twice), "InvalidClientVpnDuplicateAssociation");
    let same_zone = in_zone(&sandbox, &vpc, "10.0.2.0/24", "us-east-1a").await;
    let refused = client(&sandbox).associate_client_vpn_target_network(sandbox.ask(associate(&id, &same_zone))).await;
    assert_eq!(code(refused), "InvalidClientVpnSubnetId.DuplicateAz");
    assert!(interfaces(&sandbox, &same_zone).await.is_empty(), "what was refused has left nothing");
    let away = DeleteClientVpnEndpointRequest { client_vpn_endpoint_id: some(&id), ..Default::default() };
    let kept = client(&sandbox).delete_client_vpn_endpoint(sandbox.ask(away.clone())).await;
    assert_eq!(code(kept), "DependencyViolation");
    let mut subnets = SubnetsServiceClient::new(sandbox.channel.clone());
    let gone = DeleteSubnetRequest { subnet_id: subnet.subnet_id.clone(), ..Default::default() };
    assert_eq!(code(subnets.delete_subnet(sandbox.ask(gone.clone())).await), "DependencyViolation");

    let leave = DisassociateClientVpnTargetNetworkRequest {
        client_vpn_endpoint_id: some(&id),
        association_id: made.association_id,
        ..Default::default()
    };
    client(&sandbox).disassociate_client_vpn_target_network(sandbox.ask(leave.clone())).await.unwrap();
    let again = client(&sandbox).disassociate_client_vpn_target_network(sandbox.ask(leave)).await;
    assert_eq!(code(again), "InvalidClientVpnAssociationIdNotFound");
    assert!(routes(&sandbox, &id).await.is_empty() && interfaces(&sandbox, &subnet).await.is_empty());
    assert_eq!(shown(&sandbox, &id).await.status.unwrap().code(), "pending-associate");
    client(&sandbox).delete_client_vpn_endpoint(sandbox.ask(away.clone())).await.unwrap();
    let again = client(&sandbox).delete_client_vpn_endpoint(sandbox.ask(away)).await;
    assert_eq!(code(again), "InvalidClientVpnEndpointId.NotFound");
    subnets.delete_subnet(sandbox.ask(gone)).await.unwrap();
}

#[tokio::test]
async fn clients_must_not_have_the_addresses_of_the_vpc() {
    let sandbox = Sandbox::new().await;
    for block in ["172.16.0.0/23", "172.0.0.0/11"] {
        let wrong = CreateClientVpnEndpointRequest { client_cidr_block: some(block), ..wanted() };
        assert_eq!(
            code(client(&sandbox).create_client_vpn_endpoint(sandbox.ask(wrong)).await),
            "InvalidParameterValue"
        );
    }
    let vpc = vpc(&sandbox, "172.16.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "172.16.9.0/24").await;
    let id = endpoint(&sandbox).await;
    let refused = client(&sandbox).associate_client_vpn_target_network(sandbox.ask(associate(&id, &subnet))).await;
    assert_eq!(code(refused), "InvalidClientVpnSubnetId.OverlappingCidr");
}

#[tokio::test]
async fn routes_and_rules_come_and_go() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.1.0/24").await;
    let id = endpoint(&sandbox).await;
    let add = CreateClientVpnRouteRequest {
        client_vpn_endpoint_id: some(&id),
        destination_cidr_block: some("0.0.0.0/0"),
        target_vpc_subnet_id: subnet.subnet_id.clone(),
        ..Default::default()
    };
    let early = client(&sandbox).create_client_vpn_route(sandbox.ask(add.clone())).await;
    assert_eq!(code(early), "InvalidClientVpnActiveAssociationNotFound");
    client(&sandbox).associate_client_vpn_target_network(sandbox.ask(associate(&id, &subnet))).await.unwrap();
    let made = client(&sandbox).create_client_vpn_route(sandbox.ask(add.clone())).await.unwrap().into_inner();
    assert_eq!(made.status.unwrap().code(), "creating");
    assert_eq!(
        code(client(&sandbox).create_client_vpn_route(sandbox.ask(add)).await),
        "InvalidClientVpnDuplicateRoute"
    );
    let known = routes(&sandbox, &id).await;
    assert_eq!((known.len(), known[1].status.as_ref().unwrap().code(), known[1].origin()), (2, "active", "add-route"));
    let remove = |block: &str| DeleteClientVpnRouteRequest {
        client_vpn_endpoint_id: some(&id),
        destination_cidr_block: some(block),
        target_vpc_subnet_id: subnet.subnet_id.clone(),
        ..Default::default()
    };
    let local = client(&sandbox).delete_client_vpn_route(sandbox.ask(remove("10.0.0.0/16"))).await;
    assert_eq!(code(local), "OperationNotPermitted");
    client(&sandbox).delete_client_vpn_route(sandbox.ask(remove("0.0.0.0/0"))).await.unwrap();
    let gone = client(&sandbox).delete_client_vpn_route(sandbox.ask(remove("0.0.0.0/0"))).await;
    assert_eq!(code(gone), "InvalidClientVpnRouteNotFound");

    let allow = |group: Option<&str>| AuthorizeClientVpnIngressRequest {
        client_vpn_endpoint_id: some(&id),
        target_network_cidr: some("10.0.0.0/16"),
        access_group_id: group.map(str::to_owned),
        authorize_all_groups: Some(group.is_none()),
        ..Default::default()
    };
    for group in [None, Some("engineers")] {
        client(&sandbox).authorize_client_vpn_ingress(sandbox.ask(allow(group))).await.unwrap();
    }
    let twice = client(&sandbox).authorize_client_vpn_ingress(sandbox.ask(allow(None))).await;
    assert_eq!(code(twice), "InvalidClientVpnDuplicateAuthorizationRule");
    let known = rules(&sandbox, &id).await;
    let shown: Vec<_> = known.iter().map(|rule| (rule.access_all(), rule.group_id())).collect();
    assert_eq!(shown, [(true, ""), (false, "engineers")]);
    let revoke = RevokeClientVpnIngressRequest {
        client_vpn_endpoint_id: some(&id),
        target_network_cidr: some("10.0.0.0/16"),
        revoke_all_groups: Some(true),
        ..Default::default()
    };
    client(&sandbox).revoke_client_vpn_ingress(sandbox.ask(revoke.clone())).await.unwrap();
    let again = client(&sandbox).revoke_client_vpn_ingress(sandbox.ask(revoke)).await;
    assert_eq!(code(again), "InvalidClientVpnEndpointAuthorizationRuleNotFound");
    assert_eq!(rules(&sandbox, &id).await.len(), 1);
}

#[tokio::test]
async fn what_is_modified_is_described_and_groups_reach_the_interfaces() {
    let sandbox = Sandbox::new().await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.1.0/24").await;
    let id = endpoint(&sandbox).await;
    client(&sandbox).associate_client_vpn_target_network(sandbox.ask(associate(&id, &subnet))).await.unwrap();
    let modify = ModifyClientVpnEndpointRequest {
        client_vpn_endpoint_id: some(&id),
        vpn_port: Some(1194),
        split_tunnel: Some(true),
        self_service_portal: some("enabled"),
        ..Default::default()
    };
    let wrong = ModifyClientVpnEndpointRequest { vpn_port: Some(80), ..modify.clone() };
    assert_eq!(code(client(&sandbox).modify_client_vpn_endpoint(sandbox.ask(wrong)).await), "InvalidParameterValue");
    client(&sandbox).modify_client_vpn_endpoint(sandbox.ask(modify)).await.unwrap();
    let known = shown(&sandbox, &id).await;
    assert_eq!((known.vpn_port(), known.split_tunnel(), known.session_timeout_hours()), (1194, true, 24));
    assert!(known.self_service_portal_url().ends_with(&id));

    let mut groups = SecurityGroupsServiceClient::new(sandbox.channel.clone());
    let create = CreateSecurityGroupRequest {
        group_name: some("vpn"),
        description: some("vpn"),
        vpc_id: vpc.vpc_id.clone(),
        ..Default::default()
    };
    let group = groups.create_security_group(sandbox.ask(create)).await.unwrap().into_inner().group_id.unwrap();
    let apply = ApplySecurityGroupsToClientVpnTargetNetworkRequest {
        client_vpn_endpoint_id: some(&id),
        vpc_id: vpc.vpc_id.clone(),
        security_group_ids: vec![group.clone()],
        ..Default::default()
    };
    client(&sandbox).apply_security_groups_to_client_vpn_target_network(sandbox.ask(apply)).await.unwrap();
    assert_eq!(interfaces(&sandbox, &subnet).await[0].groups[0].group_id(), group);
    assert_eq!(networks(&sandbox, &id).await[0].security_groups, [group]);
}

#[tokio::test]
async fn the_profile_names_the_endpoint_and_nobody_is_connected() {
    let sandbox = Sandbox::new().await;
    let id = endpoint(&sandbox).await;
    let export = ExportClientVpnClientConfigurationRequest { client_vpn_endpoint_id: some(&id), ..Default::default() };
    let profile = client(&sandbox).export_client_vpn_client_configuration(sandbox.ask(export)).await.unwrap();
    let profile = profile.into_inner().client_configuration.unwrap();
    let remote = format!("\nremote {id}.prod.clientvpn.us-east-1.amazonaws.com 443\n");
    assert!(profile.starts_with("client\ndev tun\nproto udp") && profile.contains(&remote), "{profile}");

    let list = "-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----";
    let import = |text: &str| ImportClientVpnClientCertificateRevocationListRequest {
        client_vpn_endpoint_id: some(&id),
        certificate_revocation_list: some(text),
        ..Default::default()
    };
    let wrong = client(&sandbox).import_client_vpn_client_certificate_revocation_list(sandbox.ask(import("x"))).await;
    assert_eq!(code(wrong), "InvalidParameterValue");
    let right = client(&sandbox).import_client_vpn_client_certificate_revocation_list(sandbox.ask(import(list))).await;
    right.unwrap();
    let export = ExportClientVpnClientCertificateRevocationListRequest {
        client_vpn_endpoint_id: some(&id),
        ..Default::default()
    };
    let known = client(&sandbox).export_client_vpn_client_certificate_revocation_list(sandbox.ask(export)).await;
    let known = known.unwrap().into_inner();
    assert_eq!((known.certificate_revocation_list(), known.status.as_ref().unwrap().code()), (list, "active"));

    let describe = DescribeClientVpnConnectionsRequest { client_vpn_endpoint_id: some(&id), ..Default::default() };
    let none = client(&sandbox).describe_client_vpn_connections(sandbox.ask(describe)).await.unwrap().into_inner();
    assert!(none.connections.is_empty());
    let end = TerminateClientVpnConnectionsRequest {
        client_vpn_endpoint_id: some(&id),
        connection_id: some("cvpn-connection-12345678"),
        ..Default::default()
    };
    let unknown = client(&sandbox).terminate_client_vpn_connections(sandbox.ask(end)).await;
    assert_eq!(code(unknown), "InvalidClientVpnConnection.IdNotFound");
}

#[tokio::test]
async fn associations_and_rules_change_on_the_clock() {
    let lifecycle = Lifecycle::instant().with(Transition::ClientVpnChange, 1000);
    let sandbox = Sandbox::with(lifecycle, Store::Memory).await;
    let vpc = vpc(&sandbox, "10.0.0.0/16").await;
    let subnet = subnet(&sandbox, &vpc, "10.0.1.0/24").await;
    let id = endpoint(&sandbox).await;
    client(&sandbox).associate_client_vpn_target_network(sandbox.ask(associate(&id, &subnet))).await.unwrap();
    assert_eq!(networks(&sandbox, &id).await[0].status.as_ref().unwrap().code(), "associating");
    assert_eq!(shown(&sandbox, &id).await.status.unwrap().code(), "pending-associate");
    sandbox.region.advance(1000).await;
    assert_eq!(networks(&sandbox, &id).await[0].status.as_ref().unwrap().code(), "associated");
    assert_eq!(shown(&sandbox, &id).await.status.unwrap().code(), "available");
    let leave = DisassociateClientVpnTargetNetworkRequest {
        client_vpn_endpoint_id: some(&id),
        association_id: networks(&sandbox, &id).await[0].association_id.clone(),
        ..Default::default()
    };
    client(&sandbox).disassociate_client_vpn_target_network(sandbox.ask(leave)).await.unwrap();
    assert_eq!(networks(&sandbox, &id).await[0].status.as_ref().unwrap().code(), "disassociating");
    sandbox.region.advance(1000).await;
    assert!(networks(&sandbox, &id).await.is_empty());
    assert!(interfaces(&sandbox, &subnet).await.is_empty());
}
