//! The actions on endpoint services.

use archipelago_proto::ec2::v1::{
    CreateVpcEndpointServiceConfigurationRequest, CreateVpcEndpointServiceConfigurationResult,
    DeleteVpcEndpointServiceConfigurationsRequest, DeleteVpcEndpointServiceConfigurationsResult,
    DescribeVpcEndpointServiceConfigurationsRequest, DescribeVpcEndpointServiceConfigurationsResult,
    ServiceConfiguration, ServiceTypeDetail, UnsuccessfulItem,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::discovery::describe_vpc_endpoint_services;
use super::filters::FILTERS;
use super::modification::{
    check_load_balancers, ip_address_types, modify_vpc_endpoint_service_configuration,
    modify_vpc_endpoint_service_payer_responsibility, start_vpc_endpoint_service_private_dns_verification,
    supported_regions,
};
use super::permissions::{describe_vpc_endpoint_service_permissions, modify_vpc_endpoint_service_permissions};
use super::state::dns_proof;
use super::{EndpointServiceCommand, EndpointServiceState};
use crate::entity::Entity as _;
use crate::request::{Action, Context, Describe, tags_for, unsuccessful};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_vpc_endpoint_service_configuration),
        Action::new(delete_vpc_endpoint_service_configurations),
        Action::new(describe_vpc_endpoint_service_configurations),
        Action::new(modify_vpc_endpoint_service_configuration),
        Action::new(describe_vpc_endpoint_service_permissions),
        Action::new(modify_vpc_endpoint_service_permissions),
        Action::new(modify_vpc_endpoint_service_payer_responsibility),
        Action::new(start_vpc_endpoint_service_private_dns_verification),
        Action::new(describe_vpc_endpoint_services),
    ]
}

async fn create_vpc_endpoint_service_configuration(
    cx: Context,
    input: CreateVpcEndpointServiceConfigurationRequest,
) -> Ec2Result<CreateVpcEndpointServiceConfigurationResult> {
    let kind = &EndpointServiceState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let service_type = check_load_balancers(&input.network_load_balancer_arns, &input.gateway_load_balancer_arns)?;
    if service_type == "GatewayLoadBalancer" && input.private_dns_name.is_some() {
        return Err(Ec2Error::invalid_parameter(
            "A private DNS name is for services with Network Load Balancers only.",
        ));
    }
    let supported_ip_address_types = ip_address_types(input.supported_ip_address_types)?;
    let supported_regions = supported_regions(&cx, input.supported_regions)?;
    let id = cx.vpc_endpoint_services.fresh_id();
    let region = cx.facts.name;
    let zones = || cx.facts.availability_zones();
    let proof = input.private_dns_name.as_ref().map(|_| dns_proof(cx.shell.ids.number(), "pendingVerification"));
    let public = ServiceConfiguration {
        service_type: vec![ServiceTypeDetail { service_type: Some(service_type.to_owned()) }],
        service_id: Some(id.to_string()),
        service_name: Some(format!("com.amazonaws.vpce.{region}.{id}")),
        service_state: Some("Available".into()),
        availability_zone_ids: zones().map(|zone| zone.id.to_owned()).collect(),
        availability_zones: zones().map(|zone| zone.name.to_owned()).collect(),
        acceptance_required: Some(input.acceptance_required.unwrap_or(true)),
        manages_vpc_endpoints: Some(false),
        network_load_balancer_arns: input.network_load_balancer_arns,
        gateway_load_balancer_arns: input.gateway_load_balancer_arns,
        supported_ip_address_types,
        base_endpoint_dns_names: vec![format!("{id}.{region}.vpce.amazonaws.com")],
        private_dns_name: input.private_dns_name,
        private_dns_name_configuration: proof,
        payer_responsibility: None,
        tags,
        supported_regions,
        remote_access_enabled: Some(false),
    };
    let mut batch = cx.batch();
    batch.create(&cx.vpc_endpoint_services, &id, EndpointServiceState::new(public.clone()))?;
    let response = CreateVpcEndpointServiceConfigurationResult {
        service_configuration: Some(public),
        client_token: input.client_token,
    };
    cx.commit(batch, response).await
}

async fn delete_vpc_endpoint_service_configurations(
    cx: Context,
    input: DeleteVpcEndpointServiceConfigurationsRequest,
) -> Ec2Result<DeleteVpcEndpointServiceConfigurationsResult> {
    let mut failed: Vec<UnsuccessfulItem> = Vec::new();
    for id in &input.service_ids {
        let outcome = match cx.vpc_endpoint_services.find(&cx.account, id) {
            Ok(service) => cx.vpc_endpoint_services.ask(&service.id, EndpointServiceCommand::Delete).await.map(drop),
            Err(error) => Err(error),
        };
        failed.extend(unsuccessful(id, outcome));
    }
    Ok(DeleteVpcEndpointServiceConfigurationsResult { unsuccessful: failed })
}

async fn describe_vpc_endpoint_service_configurations(
    cx: Context,
    input: DescribeVpcEndpointServiceConfigurationsRequest,
) -> Ec2Result<DescribeVpcEndpointServiceConfigurationsResult> {
    let describe = Describe {
        ids: &input.service_ids,
        filters: &input.filters,
        max_results: input.max_results.map(|most| most.min(1000)),
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.vpc_endpoint_services, FILTERS)?;
    let service_configurations = page.map(|service| service.state.public.clone());
    Ok(DescribeVpcEndpointServiceConfigurationsResult { service_configurations, next_token: page.next_token })
}
