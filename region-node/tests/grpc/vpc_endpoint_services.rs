//! Endpoint services over gRPC.

use crate::support::network::{filter, some};
use crate::support::{Sandbox, ask_as, code};
use archipelago_proto::ec2::v1::vpc_endpoint_services_service_client::VpcEndpointServicesServiceClient;
use archipelago_proto::ec2::v1::{
    CreateVpcEndpointServiceConfigurationRequest, DescribeVpcEndpointServiceConfigurationsRequest,
    DescribeVpcEndpointServicePermissionsRequest, DescribeVpcEndpointServicesRequest,
    ModifyVpcEndpointServiceConfigurationRequest, ModifyVpcEndpointServicePermissionsRequest, ServiceConfiguration,
    StartVpcEndpointServicePrivateDnsVerificationRequest,
};
use tonic::transport::Channel;

fn client(sandbox: &Sandbox) -> VpcEndpointServicesServiceClient<Channel> {
    VpcEndpointServicesServiceClient::new(sandbox.channel.clone())
}

fn balancer(kind: &str) -> String {
    format!("arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/{kind}/lb/1")
}

fn new() -> CreateVpcEndpointServiceConfigurationRequest {
    CreateVpcEndpointServiceConfigurationRequest {
        network_load_balancer_arns: vec![balancer("net")],
        private_dns_name: some("api.example.com"),
        ..Default::default()
    }
}

async fn create(sandbox: &Sandbox) -> ServiceConfiguration {
    let made = client(sandbox).create_vpc_endpoint_service_configuration(sandbox.ask(new())).await.unwrap();
    made.into_inner().service_configuration.unwrap()
}

async fn shown(sandbox: &Sandbox, service: &ServiceConfiguration) -> ServiceConfiguration {
    let input = DescribeVpcEndpointServiceConfigurationsRequest {
        service_ids: vec![service.service_id().to_owned()],
        ..Default::default()
    };
    let found = client(sandbox).describe_vpc_endpoint_service_configurations(sandbox.ask(input)).await.unwrap();
    found.into_inner().service_configurations.remove(0)
}

#[tokio::test]
async fn a_service_is_described_as_it_was_made_and_changed() {
    let sandbox = Sandbox::new().await;
    let made = create(&sandbox).await;
    assert!(made.acceptance_required() && made.service_name().starts_with("com.amazonaws.vpce.us-east-1.vpce-svc-0"));
    assert_eq!(made.private_dns_name_configuration.as_ref().unwrap().state(), "pendingVerification");
    assert_eq!(shown(&sandbox, &made).await, made);
    let verify = StartVpcEndpointServicePrivateDnsVerificationRequest {
        service_id: made.service_id.clone(),
        ..Default::default()
    };
    client(&sandbox).start_vpc_endpoint_service_private_dns_verification(sandbox.ask(verify)).await.unwrap();
    let verified = shown(&sandbox, &made).await;
    assert_eq!(verified.private_dns_name_configuration.unwrap().state(), "verified");
    let modify = ModifyVpcEndpointServiceConfigurationRequest {
        service_id: made.service_id.clone(),
        acceptance_required: Some(false),
        remove_private_dns_name: Some(true),
        add_supported_ip_address_types: vec!["ipv6".into()],
        ..Default::default()
    };
    client(&sandbox).modify_vpc_endpoint_service_configuration(sandbox.ask(modify)).await.unwrap();
    let changed = shown(&sandbox, &made).await;
    assert_eq!((changed.acceptance_required, changed.private_dns_name), (Some(false), None));
    assert_eq!(changed.supported_ip_address_types, ["ipv4", "ipv6"]);
    let last = ModifyVpcEndpointServiceConfigurationRequest {
        service_id: made.service_id.clone(),
        remove_network_load_balancer_arns: vec![balancer("net")],
        ..Default::default()
    };
    let refused = client(&sandbox).modify_vpc_endpoint_service_configuration(sandbox.ask(last)).await;
    assert_eq!(code(refused), "MissingParameter");
}

#[tokio::test]
async fn load_balancers_are_of_one_kind() {
    let sandbox = Sandbox::new().await;
    let both =
        CreateVpcEndpointServiceConfigurationRequest { gateway_load_balancer_arns: vec![balancer("gwy")], ..new() };
    let none = CreateVpcEndpointServiceConfigurationRequest { network_load_balancer_arns: Vec::new(), ..new() };
    let wrong =
        CreateVpcEndpointServiceConfigurationRequest { network_load_balancer_arns: vec![balancer("app")], ..new() };
    for (input, expected) in
        [(both, "InvalidParameterCombination"), (none, "MissingParameter"), (wrong, "InvalidParameterValue")]
    {
        let refused = client(&sandbox).create_vpc_endpoint_service_configuration(sandbox.ask(input)).await;
        assert_eq!(code(refused), expected);
    }
}

#[tokio::test]
async fn a_service_is_found_by_those_who_are_permitted() {
    let sandbox = Sandbox::new().await;
    let made = create(&sandbox).await;
    let find = DescribeVpcEndpointServicesRequest {
        service_names: vec![made.service_name().to_owned()],
        ..Default::default()
    };
    let other = "111111111111";
    let unknown = client(&sandbox).describe_vpc_endpoint_services(ask_as(other, find.clone())).await;
    assert_eq!(code(unknown), "InvalidServiceName");
    let permit = ModifyVpcEndpointServicePermissionsRequest {
        service_id: made.service_id.clone(),
        add_allowed_principals: vec![format!("arn:aws:iam::{other}:user/someone")],
        ..Default::default()
    };
    let added = client(&sandbox).modify_vpc_endpoint_service_permissions(sandbox.ask(permit.clone())).await.unwrap();
    assert_eq!(added.into_inner().added_principals[0].principal_type(), "User");
    let found = client(&sandbox).describe_vpc_endpoint_services(ask_as(other, find.clone())).await.unwrap();
    assert_eq!(found.into_inner().service_details[0].owner(), "000000000000");
    let describe =
        DescribeVpcEndpointServicePermissionsRequest { service_id: made.service_id.clone(), ..Default::default() };
    let known = client(&sandbox).describe_vpc_endpoint_service_permissions(sandbox.ask(describe)).await.unwrap();
    assert_eq!(known.into_inner().allowed_principals.len(), 1);
    let nonsense =
        ModifyVpcEndpointServicePermissionsRequest { add_allowed_principals: vec!["someone".into()], ..permit.clone() };
    let refused = client(&sandbox).modify_vpc_endpoint_service_permissions(sandbox.ask(nonsense)).await;
    assert_eq!(code(refused), "InvalidPrincipal");
    let withdraw = ModifyVpcEndpointServicePermissionsRequest {
        remove_allowed_principals: permit.add_allowed_principals,
        add_allowed_principals: Vec::new(),
        ..permit
    };
    client(&sandbox).modify_vpc_endpoint_service_permissions(sandbox.ask(withdraw)).await.unwrap();
    let unknown = client(&sandbox).describe_vpc_endpoint_services(ask_as(other, find)).await;
    assert_eq!(code(unknown), "InvalidServiceName");
}

#[tokio::test]
async fn aws_services_are_listed_with_their_types() {
    let sandbox = Sandbox::new().await;
    let s3 = DescribeVpcEndpointServicesRequest {
        service_names: vec!["com.amazonaws.us-east-1.s3".into()],
        ..Default::default()
    };
    let found = client(&sandbox).describe_vpc_endpoint_services(sandbox.ask(s3)).await.unwrap().into_inner();
    assert_eq!((found.service_names.len(), found.service_details.len()), (1, 2), "a gateway and an interface");
    let gateways =
        DescribeVpcEndpointServicesRequest { filters: filter("service-type", "Gateway"), ..Default::default() };
    let found = client(&sandbox).describe_vpc_endpoint_services(sandbox.ask(gateways)).await.unwrap().into_inner();
    assert_eq!(found.service_names, ["com.amazonaws.us-east-1.dynamodb", "com.amazonaws.us-east-1.s3"]);
    let paged = DescribeVpcEndpointServicesRequest { max_results: Some(60), ..Default::default() };
    let first = client(&sandbox).describe_vpc_endpoint_services(sandbox.ask(paged.clone())).await.unwrap();
    let first = first.into_inner();
    let rest = DescribeVpcEndpointServicesRequest { next_token: first.next_token, ..paged };
    let rest = client(&sandbox).describe_vpc_endpoint_services(sandbox.ask(rest)).await.unwrap().into_inner();
    assert!(first.service_details.len() == 60 && rest.service_details.len() > 20 && rest.next_token.is_none());
}
