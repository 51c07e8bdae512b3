//! Which services there are for an account: AWS's, its own, and those that others offer to it.

use archipelago_proto::ec2::v1::{
    DescribeVpcEndpointServicesRequest, DescribeVpcEndpointServicesResult, PrivateDnsDetails, ServiceDetail,
    ServiceTypeDetail, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::catalogue::{AwsService, services};
use super::{EndpointServiceState, filters};
use crate::entity::{Id, Published, Shelf};
use crate::request::{Context, Describe, Row};

/// A service as an endpoint sees it.
#[derive(Clone, Debug)]
pub struct Offer {
    pub name: String,
    /// None for AWS's own.
    pub service: Option<Id>,
    /// Interface, Gateway or GatewayLoadBalancer.
    pub kind: String,
    pub base: String,
    pub private_name: Option<String>,
    pub acceptance_required: bool,
    pub zones: Vec<String>,
}

/// The service of this name as an account finds it; `kind` decides where AWS has two of one name.
pub fn find_offer(cx: &Context, name: &str, kind: &str) -> Ec2Result<Offer> {
    let unknown = || Ec2Error::new("InvalidServiceName", format!("The Vpc Endpoint Service '{name}' does not exist"));
    let zones = || cx.facts.availability_zones().map(|zone| zone.name.to_owned()).collect();
    let mut of_aws = services(cx.facts).into_iter().filter(|service| service.name == name).collect::<Vec<_>>();
    if !of_aws.is_empty() {
        let position = of_aws.iter().position(|service| service.kind == kind).ok_or_else(|| {
            Ec2Error::invalid_parameter(format!(
                "Endpoint type ({kind}) does not match available service types ([{}]).",
                of_aws.iter().map(|service| service.kind).collect::<Vec<_>>().join(", ")
            ))
        })?;
        let AwsService { name, kind, base, private_name, .. } = of_aws.swap_remove(position);
        return Ok(Offer {
            name,
            service: None,
            kind: kind.to_owned(),
            base,
            private_name,
            acceptance_required: false,
            zones: zones(),
        });
    }
    let found =
        cx.vpc_endpoint_services.index().of_part(name).filter(|service| service.state.public.service_name() == name);
    let found = found.filter(|service| service.state.is_open_to(&cx.account, &service.account)).ok_or_else(unknown)?;
    let public = &found.state.public;
    let own = public.service_type.first().map(ServiceTypeDetail::service_type).unwrap_or_default();
    if own != kind {
        return Err(Ec2Error::invalid_parameter(format!(
            "Endpoint type ({kind}) does not match available service types ([{own}])."
        )));
    }
    let verified = public.private_dns_name_configuration.as_ref().is_some_and(|proof| proof.state() == "verified");
    Ok(Offer {
        name: name.to_owned(),
        service: Some(found.id.clone()),
        kind: own.to_owned(),
        base: public.base_endpoint_dns_names.first().cloned().unwrap_or_default(),
        private_name: public.private_dns_name.clone().filter(|_| verified),
        acceptance_required: public.acceptance_required() && found.account != cx.account,
        zones: public.availability_zones.clone(),
    })
}

impl Row for ServiceDetail {
    fn id(&self) -> &str {
        self.service_id()
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

fn of_aws(cx: &Context, service: AwsService) -> ServiceDetail {
    let names = service.private_name.iter();
    let names = names.map(|name| PrivateDnsDetails { private_dns_name: Some(name.clone()) });
    let zones = cx.facts.availability_zones();
    ServiceDetail {
        service_id: Some(service.id),
        service_type: vec![ServiceTypeDetail { service_type: Some(service.kind.to_owned()) }],
        service_region: Some(cx.facts.name.to_owned()),
        availability_zone_ids: zones.map(|zone| zone.id.to_owned()).collect(),
        availability_zones: cx.facts.availability_zones().map(|zone| zone.name.to_owned()).collect(),
        owner: Some("amazon".into()),
        base_endpoint_dns_names: vec![service.base],
        private_dns_names: names.collect(),
        private_dns_name_verification_state: service.private_name.as_ref().map(|_| "verified".to_owned()),
        private_dns_name: service.private_name,
        vpc_endpoint_policy_supported: Some(true),
        acceptance_required: Some(false),
        manages_vpc_endpoints: Some(false),
        supported_ip_address_types: vec!["ipv4".into()],
        service_name: Some(service.name),
        ..ServiceDetail::default()
    }
}

fn of_account(cx: &Context, service: &Published<EndpointServiceState>) -> ServiceDetail {
    let public = service.state.public.clone();
    let names = public.private_dns_name.iter();
    let names = names.map(|name| PrivateDnsDetails { private_dns_name: Some(name.clone()) }).collect();
    ServiceDetail {
        service_name: public.service_name,
        service_id: public.service_id,
        service_type: public.service_type,
        service_region: Some(cx.facts.name.to_owned()),
        availability_zone_ids: public.availability_zone_ids,
        availability_zones: public.availability_zones,
        owner: Some(service.account.to_string()),
        base_endpoint_dns_names: public.base_endpoint_dns_names,
        private_dns_names: names,
        private_dns_name: public.private_dns_name,
        vpc_endpoint_policy_supported: Some(false),
        acceptance_required: public.acceptance_required,
        manages_vpc_endpoints: Some(false),
        payer_responsibility: public.payer_responsibility,
        tags: public.tags,
        private_dns_name_verification_state: public.private_dns_name_configuration.and_then(|proof| proof.state),
        supported_ip_address_types: public.supported_ip_address_types,
    }
}

pub(super) async fn describe_vpc_endpoint_services(
    cx: Context,
    input: DescribeVpcEndpointServicesRequest,
) -> Ec2Result<DescribeVpcEndpointServicesResult> {
    if let Some(other) = input.service_regions.iter().find(|region| *region != cx.facts.name) {
        return Err(Ec2Error::unsupported(format!("Services of another Region ({other}) are not supported.")));
    }
    let index = cx.vpc_endpoint_services.index();
    let shelves = [Shelf::Owner(cx.account.clone()), Shelf::SharedWith(cx.account.clone()), Shelf::Everyone]
        .map(|s| index.shelf(&s));
    let offered: std::collections::BTreeMap<_, _> = shelves.into_iter().flatten().collect();
    let mut all: Vec<_> = services(cx.facts).into_iter().map(|service| of_aws(&cx, service)).collect();
    all.extend(offered.values().map(|service| of_account(&cx, service)));
    if !input.service_names.is_empty() {
        let unknown = input.service_names.iter().find(|name| !all.iter().any(|known| known.service_name() == **name));
        if let Some(name) = unknown {
            let message = format!("The Vpc Endpoint Service '{name}' does not exist");
            return Err(Ec2Error::new("InvalidServiceName", message));
        }
        all.retain(|known| input.service_names.iter().any(|name| name == known.service_name()));
    }
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results.map(|most| most.min(1000)),
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.pick_from("vpc-endpoint-services", filters::DISCOVERY, all)?;
    let mut service_names: Vec<_> = page.items.iter().map(|service| service.service_name().to_owned()).collect();
    service_names.dedup();
    Ok(DescribeVpcEndpointServicesResult { service_names, service_details: page.items, next_token: page.next_token })
}
