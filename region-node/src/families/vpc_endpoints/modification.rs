//! ModifyVpcEndpoint: tables, subnets, groups, the policy and the names of an endpoint.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    ModifyVpcEndpointRequest, ModifyVpcEndpointResult, SecurityGroupIdentifier, VpcEndpoint,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::creation::{FULL_ACCESS, check_private_dns, check_tables, dns_options, group};
use super::subnets::{Place, named};
use super::view::interfaces;
use super::{VpcEndpointCommand, VpcEndpointState};
use crate::entity::{Published, Undo, workflow};
use crate::families::network_interfaces::{Attribute, NetworkInterfaceCommand, launch, service};
use crate::families::vpc_endpoint_services::find_offer;
use crate::request::{Context, policy_document};

type Endpoint = Arc<Published<VpcEndpointState>>;

pub(super) async fn modify_vpc_endpoint(
    cx: Context,
    input: ModifyVpcEndpointRequest,
) -> Ec2Result<ModifyVpcEndpointResult> {
    let endpoint = cx.vpc_endpoints.find(&cx.account, input.vpc_endpoint_id())?;
    check_parameters(&endpoint, &input)?;
    let policy = match (input.policy_document.as_deref(), input.reset_policy()) {
        (Some(_), true) => {
            return Err(Ec2Error::invalid_combination(
                "The parameters PolicyDocument and ResetPolicy may not be specified together",
            ));
        }
        (Some(policy), false) => Some(policy_document(policy)?),
        (None, true) => Some(FULL_ACCESS.to_owned()),
        (None, false) => None,
    };
    let vpc = cx.vpcs.find(&cx.account, endpoint.state.public.vpc_id())?;
    if input.private_dns_enabled() && !endpoint.state.public.private_dns_enabled() {
        let service = endpoint.state.public.service_name();
        check_private_dns(&cx, &vpc, service, endpoint.state.private_name.is_some(), Some(&endpoint.id))?;
    }
    if let Some(list) = &endpoint.state.prefix_list {
        let known = &endpoint.state.public.route_table_ids;
        let new: Vec<_> = input.add_route_table_ids.iter().filter(|id| !known.contains(id)).cloned().collect();
        check_tables(&cx, &vpc.id, list, &new)?;
    }
    let new_groups = input.add_security_group_ids.iter().map(|id| group(&cx, id, &vpc.id));
    let new_groups = new_groups.collect::<Ec2Result<Vec<_>>>()?;
    let changes_groups = !new_groups.is_empty() || !input.remove_security_group_ids.is_empty();

    let mut undo = Undo::default();
    let outcome = async {
        for id in input.add_route_table_ids.iter().chain(&input.add_security_group_ids) {
            cx.hold(&mut undo, &cx.vpc_endpoints, &endpoint.id, &id.as_str().into()).await?;
        }
        add_subnets(&cx, &mut undo, &endpoint, &input).await?;
        let change = change(&input, policy, new_groups);
        cx.vpc_endpoints.ask(&endpoint.id, VpcEndpointCommand::Modify(Box::new(change))).await
    }
    .await;
    let changed = workflow(undo, outcome).await?.published;
    for interface in interfaces(&cx, &endpoint.id) {
        if input.remove_subnet_ids.iter().any(|id| id == interface.state.public.subnet_id()) {
            service::remove_one(&cx, &interface.id).await?;
        } else if changes_groups {
            let ids: Vec<_> = changed.state.public.groups.iter().map(|group| group.group_id().to_owned()).collect();
            let groups = launch::groups(&cx, &ids, &vpc.id, &interface.state.subnet())?;
            let set = NetworkInterfaceCommand::Set(Attribute::Groups(groups));
            cx.network_interfaces.ask(&interface.id, set).await?;
        }
    }
    Ok(ModifyVpcEndpointResult { r#return: Some(true) })
}

fn check_parameters(endpoint: &Endpoint, input: &ModifyVpcEndpointRequest) -> Ec2Result<()> {
    let kind = endpoint.state.public.vpc_endpoint_type();
    let (gateway, interface) = (kind == "Gateway", kind == "Interface");
    let given = [
        ("AddRouteTableIds", !input.add_route_table_ids.is_empty(), gateway),
        ("RemoveRouteTableIds", !input.remove_route_table_ids.is_empty(), gateway),
        ("AddSubnetIds", !input.add_subnet_ids.is_empty(), !gateway),
        ("RemoveSubnetIds", !input.remove_subnet_ids.is_empty(), interface),
        ("SubnetConfigurations", !input.subnet_configurations.is_empty(), !gateway),
        ("AddSecurityGroupIds", !input.add_security_group_ids.is_empty(), interface),
        ("RemoveSecurityGroupIds", !input.remove_security_group_ids.is_empty(), interface),
        ("PrivateDnsEnabled", input.private_dns_enabled(), interface),
        ("DnsOptions", input.dns_options.is_some(), interface),
        ("IpAddressType", input.ip_address_type.is_some(), !gateway),
        ("PolicyDocument", input.policy_document.is_some() || input.reset_policy(), gateway || interface),
    ];
    if let Some((name, ..)) = given.into_iter().find(|(_, given, fits)| *given && !fits) {
        return Err(Ec2Error::invalid_parameter(format!(
            "The parameter {name} is not supported for endpoints of type {kind}."
        )));
    }
    let changes_type =
        input.ip_address_type.as_deref().is_some_and(|new| new != endpoint.state.public.ip_address_type());
    if changes_type {
        return Err(Ec2Error::unsupported("The IP address type of an endpoint with interfaces cannot be changed."));
    }
    let unknown_group = input
        .remove_security_group_ids
        .iter()
        .find(|id| !endpoint.state.public.groups.iter().any(|group| group.group_id() == id.as_str()));
    if let Some(id) = unknown_group {
        let message = format!("The security group {id} is not associated with the endpoint.");
        return Err(Ec2Error::new("InvalidGroup.NotFound", message));
    }
    Ok(())
}

async fn add_subnets(
    cx: &Context,
    undo: &mut Undo,
    endpoint: &Endpoint,
    input: &ModifyVpcEndpointRequest,
) -> Ec2Result<()> {
    let own = interfaces(cx, &endpoint.id);
    let mut wanted = named(cx, &input.add_subnet_ids, &input.subnet_configurations)?;
    wanted.retain(|(subnet, _)| !own.iter().any(|known| known.state.public.subnet_id() == &*subnet.id));
    if wanted.is_empty() {
        return Ok(());
    }
    let public = &endpoint.state.public;
    let staying =
        own.iter().filter(|known| !input.remove_subnet_ids.iter().any(|id| id == known.state.public.subnet_id()));
    let zones_in_use = staying.map(|known| known.state.public.availability_zone().to_owned()).collect();
    let zones = match find_offer(cx, public.service_name(), public.vpc_endpoint_type()) {
        Ok(offer) => offer.zones,
        // It has been withdrawn for new endpoints only.
        Err(_) => cx.facts.availability_zones().map(|zone| zone.name.to_owned()).collect(),
    };
    let groups: Vec<_> = public.groups.iter().map(|group| group.group_id().to_owned()).collect();
    let place = Place {
        endpoint: &endpoint.id,
        vpc: public.vpc_id(),
        kind: public.vpc_endpoint_type(),
        ip_address_type: public.ip_address_type(),
        groups: &groups,
        zones: &zones,
    };
    let mut batch = cx.batch();
    for (id, interface) in place.interfaces(cx, undo, wanted, zones_in_use).await? {
        batch.create(&cx.network_interfaces, &id, interface)?;
    }
    batch.commit().await
}

fn change(
    input: &ModifyVpcEndpointRequest,
    policy: Option<String>,
    new_groups: Vec<SecurityGroupIdentifier>,
) -> impl FnOnce(&mut VpcEndpoint) -> Ec2Result<()> + Send + use<> {
    let input = input.clone();
    move |endpoint| {
        endpoint.route_table_ids.retain(|id| !input.remove_route_table_ids.contains(id));
        for id in input.add_route_table_ids {
            if !endpoint.route_table_ids.contains(&id) {
                endpoint.route_table_ids.push(id);
            }
        }
        endpoint.groups.retain(|group| !input.remove_security_group_ids.iter().any(|id| id == group.group_id()));
        for group in new_groups {
            if !endpoint.groups.contains(&group) {
                endpoint.groups.push(group);
            }
        }
        if endpoint.vpc_endpoint_type() == "Interface" && endpoint.groups.is_empty() {
            return Err(Ec2Error::invalid_parameter("An interface endpoint must have at least one security group."));
        }
        if let Some(policy) = policy {
            endpoint.policy_document = Some(policy);
        }
        if let Some(enabled) = input.private_dns_enabled {
            endpoint.private_dns_enabled = Some(enabled);
        }
        if input.dns_options.is_some() {
            let ip_address_type = endpoint.ip_address_type().to_owned();
            endpoint.dns_options = dns_options(input.dns_options.as_ref(), "Interface", &ip_address_type);
        }
        Ok(())
    }
}
