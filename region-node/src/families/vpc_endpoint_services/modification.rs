//! What can be changed about a service, and what holds for it from the beginning.

use archipelago_proto::ec2::v1::{
    ModifyVpcEndpointServiceConfigurationRequest, ModifyVpcEndpointServiceConfigurationResult,
    ModifyVpcEndpointServicePayerResponsibilityRequest, ModifyVpcEndpointServicePayerResponsibilityResult,
    ServiceConfiguration, StartVpcEndpointServicePrivateDnsVerificationRequest,
    StartVpcEndpointServicePrivateDnsVerificationResult, SupportedRegionDetail,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::EndpointServiceCommand;
use super::state::dns_proof;
use crate::request::Context;

/// All load balancers are of one kind, which is the service's.
pub(super) fn check_load_balancers(network: &[String], gateway: &[String]) -> Ec2Result<&'static str> {
    let is = |arn: &str, kind: &str| {
        let parts: Vec<_> = arn.splitn(6, ':').collect();
        matches!(parts[..], ["arn", _, "elasticloadbalancing", _, _, name]
            if name.strip_prefix("loadbalancer/").is_some_and(|name| name.starts_with(kind)))
    };
    let wrong = network.iter().find(|arn| !is(arn, "net/")).or_else(|| gateway.iter().find(|arn| !is(arn, "gwy/")));
    if let Some(arn) = wrong {
        return Err(Ec2Error::invalid_parameter(format!("Invalid load balancer ARN: {arn}")));
    }
    match (network.is_empty(), gateway.is_empty()) {
        (false, true) => Ok("Interface"),
        (true, false) => Ok("GatewayLoadBalancer"),
        (true, true) => Err(Ec2Error::missing_parameter("NetworkLoadBalancerArn")),
        (false, false) => Err(Ec2Error::invalid_combination(
            "A service cannot have both Network Load Balancers and Gateway Load Balancers.",
        )),
    }
}

pub(super) fn ip_address_types(given: Vec<String>) -> Ec2Result<Vec<String>> {
    if let Some(other) = given.iter().find(|kind| !matches!(kind.as_str(), "ipv4" | "ipv6")) {
        return Err(Ec2Error::invalid_value("supportedIpAddressType", other));
    }
    Ok(if given.is_empty() { vec!["ipv4".to_owned()] } else { given })
}

/// Endpoints reach the services of their own region only.
pub(super) fn supported_regions(cx: &Context, given: Vec<String>) -> Ec2Result<Vec<SupportedRegionDetail>> {
    if let Some(other) = given.iter().find(|region| *region != cx.facts.name) {
        return Err(Ec2Error::unsupported(format!("Access from another Region ({other}) is not supported.")));
    }
    let region =
        SupportedRegionDetail { region: Some(cx.facts.name.to_owned()), service_state: Some("Available".into()) };
    Ok(vec![region])
}

/// Those that are known, without some and with others.
fn changed(known: &mut Vec<String>, remove: &[String], add: Vec<String>) {
    known.retain(|known| !remove.contains(known));
    let new: Vec<_> = add.into_iter().filter(|new| !known.contains(new)).collect();
    known.extend(new);
}

pub(super) async fn modify_vpc_endpoint_service_configuration(
    cx: Context,
    input: ModifyVpcEndpointServiceConfigurationRequest,
) -> Ec2Result<ModifyVpcEndpointServiceConfigurationResult> {
    if input.private_dns_name.is_some() && input.remove_private_dns_name() {
        return Err(Ec2Error::invalid_combination(
            "The parameters PrivateDnsName and RemovePrivateDnsName may not be specified together",
        ));
    }
    supported_regions(&cx, input.add_supported_regions.clone())?;
    if !input.remove_supported_regions.is_empty() {
        return Err(Ec2Error::invalid_parameter("The Region of the service cannot be removed."));
    }
    let service = cx.vpc_endpoint_services.find(&cx.account, input.service_id())?;
    let proof = dns_proof(cx.shell.ids.number(), "pendingVerification");
    let modify = move |service: &mut ServiceConfiguration| {
        let known = (&mut service.network_load_balancer_arns, &mut service.gateway_load_balancer_arns);
        changed(known.0, &input.remove_network_load_balancer_arns, input.add_network_load_balancer_arns);
        changed(known.1, &input.remove_gateway_load_balancer_arns, input.add_gateway_load_balancer_arns);
        let kind = check_load_balancers(&service.network_load_balancer_arns, &service.gateway_load_balancer_arns)?;
        if service.service_type.first().is_some_and(|known| known.service_type() != kind) {
            return Err(Ec2Error::invalid_parameter("The kind of the service's load balancers cannot be changed."));
        }
        let types = &mut service.supported_ip_address_types;
        changed(
            types,
            &input.remove_supported_ip_address_types,
            ip_address_types_or_none(input.add_supported_ip_address_types)?,
        );
        if types.is_empty() {
            return Err(Ec2Error::invalid_parameter("A service must support at least one IP address type."));
        }
        if let Some(required) = input.acceptance_required {
            service.acceptance_required = Some(required);
        }
        if input.remove_private_dns_name == Some(true) {
            (service.private_dns_name, service.private_dns_name_configuration) = (None, None);
        }
        if let Some(name) = input.private_dns_name {
            service.private_dns_name = Some(name);
            service.private_dns_name_configuration = Some(proof);
        }
        Ok(())
    };
    cx.vpc_endpoint_services.ask(&service.id, EndpointServiceCommand::Modify(Box::new(modify))).await?;
    Ok(ModifyVpcEndpointServiceConfigurationResult { r#return: Some(true) })
}

fn ip_address_types_or_none(given: Vec<String>) -> Ec2Result<Vec<String>> {
    if given.is_empty() { Ok(given) } else { ip_address_types(given) }
}

pub(super) async fn modify_vpc_endpoint_service_payer_responsibility(
    cx: Context,
    input: ModifyVpcEndpointServicePayerResponsibilityRequest,
) -> Ec2Result<ModifyVpcEndpointServicePayerResponsibilityResult> {
    let service = cx.vpc_endpoint_services.find(&cx.account, input.service_id())?;
    let modify = move |service: &mut ServiceConfiguration| {
        service.payer_responsibility = input.payer_responsibility;
        Ok(())
    };
    cx.vpc_endpoint_services.ask(&service.id, EndpointServiceCommand::Modify(Box::new(modify))).await?;
    Ok(ModifyVpcEndpointServicePayerResponsibilityResult { return_value: Some(true) })
}

/// There is no DNS here to look the proof up in: it is taken as given.
pub(super) async fn start_vpc_endpoint_service_private_dns_verification(
    cx: Context,
    input: StartVpcEndpointServicePrivateDnsVerificationRequest,
) -> Ec2Result<StartVpcEndpointServicePrivateDnsVerificationResult> {
    let service = cx.vpc_endpoint_services.find(&cx.account, input.service_id())?;
    cx.vpc_endpoint_services.ask(&service.id, EndpointServiceCommand::VerifyDnsName).await?;
    Ok(StartVpcEndpointServicePrivateDnsVerificationResult { return_value: Some(true) })
}
