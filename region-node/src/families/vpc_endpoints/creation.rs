//! CreateVpcEndpoint.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    CreateVpcEndpointRequest, CreateVpcEndpointResult, DnsOptions, DnsOptionsSpecification, SecurityGroupIdentifier,
    VpcEndpoint,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::VpcEndpointState;
use super::subnets::{Place, named};
use super::view::show;
use crate::entity::{Entity as _, Id, Published, Undo, workflow};
use crate::families::network_interfaces::NetworkInterfaceState;
use crate::families::vpc_endpoint_services::{Offer, find_offer};
use crate::families::vpcs::VpcState;
use crate::request::{Context, policy_document, required, tags_for};
use crate::time::Transition;

/// "If this parameter is not specified, we attach a default policy that allows full access to the service."
pub(super) const FULL_ACCESS: &str =
    r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

pub(super) async fn create_vpc_endpoint(
    cx: Context,
    input: CreateVpcEndpointRequest,
) -> Ec2Result<CreateVpcEndpointResult> {
    let kind = &VpcEndpointState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let endpoint_type = input.vpc_endpoint_type.as_deref().unwrap_or("Gateway");
    check_parameters(&cx, &input, endpoint_type)?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let offer = find_offer(&cx, required("ServiceName", input.service_name.as_deref())?, endpoint_type)?;
    let private_dns = private_dns(&cx, &vpc, &offer, &input)?;
    let groups = groups(&cx, &vpc, &input, endpoint_type)?;
    let prefix_list = if endpoint_type == "Gateway" { Some(prefix_list(&cx, &offer)?) } else { None };
    if let Some(list) = &prefix_list {
        check_tables(&cx, &vpc.id, list, &input.route_table_ids)?;
    }
    let subnets = named(&cx, &input.subnet_ids, &input.subnet_configurations)?;
    if endpoint_type == "GatewayLoadBalancer" && subnets.len() > 1 {
        return Err(Ec2Error::invalid_parameter("A Gateway Load Balancer endpoint can have one subnet only."));
    }

    let id = cx.vpc_endpoints.fresh_id();
    let interface = endpoint_type == "Interface";
    let policy = match input.policy_document.as_deref() {
        Some(policy) => Some(policy_document(policy)?),
        None if endpoint_type == "GatewayLoadBalancer" => None,
        None => Some(FULL_ACCESS.to_owned()),
    };
    let ip_address_type = input.ip_address_type.clone().unwrap_or_else(|| "ipv4".to_owned());
    let owner = offer.service.as_ref().and_then(|id| cx.vpc_endpoint_services.index().get(id));
    let public = VpcEndpoint {
        vpc_endpoint_id: Some(id.to_string()),
        vpc_endpoint_type: Some(endpoint_type.to_owned()),
        vpc_id: Some(vpc.id.to_string()),
        service_name: Some(offer.name.clone()),
        state: Some(if offer.acceptance_required { "pendingAcceptance" } else { "pending" }.into()),
        policy_document: policy,
        route_table_ids: input.route_table_ids.clone(),
        groups: groups.clone(),
        ip_address_type: (endpoint_type != "Gateway").then(|| ip_address_type.clone()),
        dns_options: dns_options(input.dns_options.as_ref(), endpoint_type, &ip_address_type),
        private_dns_enabled: Some(private_dns),
        requester_managed: Some(false),
        creation_timestamp: Some(cx.shell.clock.now()),
        tags,
        owner_id: Some(cx.account.to_string()),
        service_region: interface.then(|| cx.facts.name.to_owned()),
        ..VpcEndpoint::default()
    };
    let settles = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::VpcEndpointCreate);
    let state = VpcEndpointState {
        public,
        service: offer.service.as_ref().map(ToString::to_string),
        service_owner: owner.map(|service| service.account.to_string()).unwrap_or_default(),
        base_name: offer.base.clone(),
        private_name: offer.private_name.clone(),
        prefix_list,
        settles: (!offer.acceptance_required).then_some(settles),
        leaving: false,
    };
    let group_ids: Vec<_> = groups.iter().map(|group| group.group_id().to_owned()).collect();
    let place = Place {
        endpoint: &id,
        vpc: &vpc.id,
        kind: endpoint_type,
        ip_address_type: &ip_address_type,
        groups: &group_ids,
        zones: &offer.zones,
    };
    let mut undo = Undo::default();
    let outcome = async {
        let interfaces = place.interfaces(&cx, &mut undo, subnets, Vec::new()).await?;
        let shown: Vec<(&Id, &NetworkInterfaceState)> = interfaces.iter().map(|(id, state)| (id, state)).collect();
        let shown = show(&id, &state, &shown);
        let mut batch = cx.batch();
        for (id, interface) in interfaces {
            batch.create(&cx.network_interfaces, &id, interface)?;
        }
        batch.create(&cx.vpc_endpoints, &id, state)?;
        let response = CreateVpcEndpointResult { vpc_endpoint: Some(shown), client_token: input.client_token.clone() };
        cx.commit(batch, response).await
    }
    .await;
    workflow(undo, outcome).await
}

/// Each type has its parameters.
fn check_parameters(cx: &Context, input: &CreateVpcEndpointRequest, kind: &str) -> Ec2Result<()> {
    if matches!(kind, "Resource" | "ServiceNetwork")
        || input.service_network_arn.is_some()
        || input.resource_configuration_arn.is_some()
    {
        return Err(Ec2Error::unsupported("Endpoints for resources and service networks are not supported."));
    }
    if let Some(region) = input.service_region.as_deref().filter(|region| *region != cx.facts.name) {
        return Err(Ec2Error::unsupported(format!("Services of another Region ({region}) are not supported.")));
    }
    let (gateway, interface) = (kind == "Gateway", kind == "Interface");
    let given = [
        ("RouteTableIds", !input.route_table_ids.is_empty(), gateway),
        ("SubnetIds", !input.subnet_ids.is_empty(), !gateway),
        ("SubnetConfigurations", !input.subnet_configurations.is_empty(), !gateway),
        ("SecurityGroupIds", !input.security_group_ids.is_empty(), interface),
        ("PrivateDnsEnabled", input.private_dns_enabled(), interface),
        ("PolicyDocument", input.policy_document.is_some(), gateway || interface),
        ("IpAddressType", input.ip_address_type.as_deref().is_some_and(|kind| kind != "ipv4"), !gateway),
    ];
    match given.into_iter().find(|(_, given, fits)| *given && !fits) {
        Some((name, ..)) => Err(Ec2Error::invalid_parameter(format!(
            "The parameter {name} is not supported for endpoints of type {kind}."
        ))),
        None => Ok(()),
    }
}

/// On by default for AWS's services, where the VPC has names.
fn private_dns(
    cx: &Context,
    vpc: &Published<VpcState>,
    offer: &Offer,
    input: &CreateVpcEndpointRequest,
) -> Ec2Result<bool> {
    if offer.kind != "Interface" {
        return Ok(false);
    }
    let enabled = input.private_dns_enabled.unwrap_or(offer.service.is_none());
    if enabled {
        check_private_dns(cx, vpc, &offer.name, offer.private_name.is_some(), None)?;
    }
    Ok(enabled)
}

pub(super) fn check_private_dns(
    cx: &Context,
    vpc: &Published<VpcState>,
    service: &str,
    has_name: bool,
    own: Option<&Id>,
) -> Ec2Result<()> {
    let refused = |message: String| Err(Ec2Error::new("InvalidParameter", message));
    if !has_name {
        return refused(format!(
            "Private DNS can't be enabled because the service {service} does not provide a private DNS name."
        ));
    }
    if !vpc.state.attributes.dns_support || !vpc.state.attributes.dns_hostnames {
        return refused(format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for \
             {}",
            vpc.id
        ));
    }
    let others = cx.vpc_endpoints.linked_to(&vpc.id);
    let rival = others.values().find(|other| {
        let public = &other.state.public;
        Some(&other.id) != own && public.service_name() == service && public.private_dns_enabled()
    });
    match rival {
        Some(rival) => refused(format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {service} in the \
             VPC {} (endpoint {})",
            vpc.id, rival.id
        )),
        None => Ok(()),
    }
}

/// The groups of an interface endpoint: the VPC's default one if there is none.
fn groups(
    cx: &Context,
    vpc: &Published<VpcState>,
    input: &CreateVpcEndpointRequest,
    kind: &str,
) -> Ec2Result<Vec<SecurityGroupIdentifier>> {
    if kind != "Interface" {
        return Ok(Vec::new());
    }
    let default = [vpc.state.default_group.to_string()];
    let ids = if input.security_group_ids.is_empty() { &default[..] } else { &input.security_group_ids };
    ids.iter().map(|id| group(cx, id, &vpc.id)).collect()
}

pub(super) fn group(cx: &Context, id: &str, vpc: &str) -> Ec2Result<SecurityGroupIdentifier> {
    let group = cx.security_groups.find(&cx.account, id)?;
    if !group.state.is_for(vpc) {
        let message = format!("The security group {id} does not belong to the VPC {vpc}.");
        return Err(Ec2Error::new("InvalidGroup.NotFound", message));
    }
    Ok(SecurityGroupIdentifier { group_id: Some(id.to_owned()), group_name: group.state.public.group_name.clone() })
}

fn prefix_list(cx: &Context, offer: &Offer) -> Ec2Result<String> {
    let name = offer.name.trim_start_matches("cn.");
    let lists = cx.prefix_lists.index().shelf(&crate::entity::Shelf::Everyone);
    let list = lists.values().find(|list| list.state.public.prefix_list_name() == name);
    list.map(|list| list.id.to_string()).ok_or_else(Ec2Error::internal)
}

/// The tables are the VPC's, and lead to the service by no other endpoint.
pub(super) fn check_tables(cx: &Context, vpc: &str, list: &str, tables: &[String]) -> Ec2Result<()> {
    for id in tables {
        let table: Arc<_> = cx.route_tables.find(&cx.account, id)?;
        if table.state.public.vpc_id() != vpc {
            let message = format!("The route table {id} does not belong to the VPC {vpc}.");
            return Err(Ec2Error::new("InvalidRouteTableId.NotFound", message));
        }
        let own = table.state.public.routes.iter().any(|route| route.destination_prefix_list_id() == list);
        let other = cx.vpc_endpoints.linked_to(&table.id);
        if own || other.values().any(|other| other.state.prefix_list.as_deref() == Some(list)) {
            return Err(Ec2Error::new(
                "RouteAlreadyExists",
                format!("route table {id} already has a route with destination-prefix-list-id {list}"),
            ));
        }
    }
    Ok(())
}

pub(super) fn dns_options(
    given: Option<&DnsOptionsSpecification>,
    kind: &str,
    ip_address_type: &str,
) -> Option<DnsOptions> {
    let given = given.cloned().unwrap_or_default();
    (kind == "Interface").then(|| DnsOptions {
        dns_record_ip_type: Some(given.dns_record_ip_type.unwrap_or_else(|| ip_address_type.to_owned())),
        private_dns_only_for_inbound_resolver_endpoint: given.private_dns_only_for_inbound_resolver_endpoint,
        private_dns_preference: given.private_dns_preference,
        private_dns_specified_domains: given.private_dns_specified_domains,
    })
}
