//! Members and sources of multicast groups.

use std::net::IpAddr;

use archipelago_proto::ec2::v1::{
    DeregisterTransitGatewayMulticastGroupMembersRequest, DeregisterTransitGatewayMulticastGroupMembersResult,
    DeregisterTransitGatewayMulticastGroupSourcesRequest, DeregisterTransitGatewayMulticastGroupSourcesResult,
    RegisterTransitGatewayMulticastGroupMembersRequest, RegisterTransitGatewayMulticastGroupMembersResult,
    RegisterTransitGatewayMulticastGroupSourcesRequest, RegisterTransitGatewayMulticastGroupSourcesResult,
    SearchTransitGatewayMulticastGroupsRequest, SearchTransitGatewayMulticastGroupsResult,
    TransitGatewayMulticastDeregisteredGroupMembers, TransitGatewayMulticastDeregisteredGroupSources,
    TransitGatewayMulticastDomainOptions, TransitGatewayMulticastGroup, TransitGatewayMulticastRegisteredGroupMembers,
    TransitGatewayMulticastRegisteredGroupSources,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::multicast_associations::find_domain;
use super::multicast_domain::{DomainCommand, Membership, MulticastDomainState};
use super::view::alive;
use crate::entity::Published;
use crate::request::{Action, Column, Context, Describe, Row, Table, required};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(deregister_transit_gateway_multicast_group_members),
        Action::new(deregister_transit_gateway_multicast_group_sources),
        Action::new(register_transit_gateway_multicast_group_members),
        Action::new(register_transit_gateway_multicast_group_sources),
        Action::new(search_transit_gateway_multicast_groups),
    ]
}

struct GroupRow {
    position: String,
    public: TransitGatewayMulticastGroup,
}

impl Row for GroupRow {
    fn id(&self) -> &str {
        &self.position
    }
}

/// botocore: SearchTransitGatewayMulticastGroups.
const FILTERS: Table<GroupRow> = &[
    ("group-ip-address", Column::Of(|row, probe| probe.text(row.public.group_ip_address()))),
    ("is-group-member", Column::Of(|row, probe| probe.flag(row.public.group_member))),
    ("is-group-source", Column::Of(|row, probe| probe.flag(row.public.group_source))),
    ("member-type", Column::Of(|row, probe| probe.maybe(row.public.member_type.as_deref()))),
    ("resource-id", Column::Of(|row, probe| probe.text(row.public.resource_id()))),
    ("resource-type", Column::Of(|row, probe| probe.text(row.public.resource_type()))),
    ("source-type", Column::Of(|row, probe| probe.maybe(row.public.source_type.as_deref()))),
    ("subnet-id", Column::Of(|row, probe| probe.text(row.public.subnet_id()))),
    ("transit-gateway-attachment-id", Column::Of(|row, probe| probe.text(row.public.transit_gateway_attachment_id()))),
];

/// A group's address as all of its members write it.
fn group(address: Option<&str>) -> Ec2Result<String> {
    let text = required("GroupIpAddress", address)?;
    let address = text.parse::<IpAddr>().ok().filter(IpAddr::is_multicast);
    address.map(|address| address.to_string()).ok_or_else(|| Ec2Error::invalid_value("groupIpAddress", text))
}

async fn register(
    cx: &Context,
    domain: &Published<MulticastDomainState>,
    group: &str,
    interfaces: &[String],
    source: bool,
) -> Ec2Result<()> {
    let mut new = Vec::new();
    for id in interfaces {
        let interface = cx.network_interfaces.find(&cx.account, id)?;
        let subnet = interface.state.public.subnet_id().to_owned();
        new.push(Membership { group: group.to_owned(), source, interface: id.clone(), subnet });
    }
    cx.transit_gateway_multicast_domains.ask(&domain.id, DomainCommand::Register(new)).await?;
    Ok(())
}

async fn deregister(
    cx: &Context,
    domain: Option<&str>,
    group: &str,
    interfaces: &[String],
    source: bool,
) -> Ec2Result<String> {
    let domain = find_domain(cx, required("TransitGatewayMulticastDomainId", domain)?)?;
    let old = interfaces.iter().map(|id| Membership {
        group: group.to_owned(),
        source,
        interface: id.clone(),
        subnet: String::new(),
    });
    let command = DomainCommand::Deregister(old.collect());
    cx.transit_gateway_multicast_domains.ask(&domain.id, command).await?;
    Ok(domain.id.to_string())
}

async fn register_transit_gateway_multicast_group_members(
    cx: Context,
    input: RegisterTransitGatewayMulticastGroupMembersRequest,
) -> Ec2Result<RegisterTransitGatewayMulticastGroupMembersResult> {
    let group = group(input.group_ip_address.as_deref())?;
    let domain = find_domain(&cx, input.transit_gateway_multicast_domain_id())?;
    register(&cx, &domain, &group, &input.network_interface_ids, false).await?;
    let registered_multicast_group_members = Some(TransitGatewayMulticastRegisteredGroupMembers {
        transit_gateway_multicast_domain_id: Some(domain.id.to_string()),
        registered_network_interface_ids: input.network_interface_ids,
        group_ip_address: Some(group),
    });
    Ok(RegisterTransitGatewayMulticastGroupMembersResult { registered_multicast_group_members })
}

/// Where sources are not static, who sends to a group is one.
async fn register_transit_gateway_multicast_group_sources(
    cx: Context,
    input: RegisterTransitGatewayMulticastGroupSourcesRequest,
) -> Ec2Result<RegisterTransitGatewayMulticastGroupSourcesResult> {
    let group = group(input.group_ip_address.as_deref())?;
    let domain = find_domain(&cx, input.transit_gateway_multicast_domain_id())?;
    if !domain.state.option(TransitGatewayMulticastDomainOptions::static_sources_support) {
        return Err(Ec2Error::invalid_parameter(format!("Static sources are not enabled for {}.", domain.id)));
    }
    register(&cx, &domain, &group, &input.network_interface_ids, true).await?;
    let registered_multicast_group_sources = Some(TransitGatewayMulticastRegisteredGroupSources {
        transit_gateway_multicast_domain_id: Some(domain.id.to_string()),
        registered_network_interface_ids: input.network_interface_ids,
        group_ip_address: Some(group),
    });
    Ok(RegisterTransitGatewayMulticastGroupSourcesResult { registered_multicast_group_sources })
}

async fn deregister_transit_gateway_multicast_group_members(
    cx: Context,
    input: DeregisterTransitGatewayMulticastGroupMembersRequest,
) -> Ec2Result<DeregisterTransitGatewayMulticastGroupMembersResult> {
    let group = group(input.group_ip_address.as_deref())?;
    let domain = input.transit_gateway_multicast_domain_id.as_deref();
    let domain = deregister(&cx, domain, &group, &input.network_interface_ids, false).await?;
    let deregistered_multicast_group_members = Some(TransitGatewayMulticastDeregisteredGroupMembers {
        transit_gateway_multicast_domain_id: Some(domain),
        deregistered_network_interface_ids: input.network_interface_ids,
        group_ip_address: Some(group),
    });
    Ok(DeregisterTransitGatewayMulticastGroupMembersResult { deregistered_multicast_group_members })
}

async fn deregister_transit_gateway_multicast_group_sources(
    cx: Context,
    input: DeregisterTransitGatewayMulticastGroupSourcesRequest,
) -> Ec2Result<DeregisterTransitGatewayMulticastGroupSourcesResult> {
    let group = group(input.group_ip_address.as_deref())?;
    let domain = input.transit_gateway_multicast_domain_id.as_deref();
    let domain = deregister(&cx, domain, &group, &input.network_interface_ids, true).await?;
    let deregistered_multicast_group_sources = Some(TransitGatewayMulticastDeregisteredGroupSources {
        transit_gateway_multicast_domain_id: Some(domain),
        deregistered_network_interface_ids: input.network_interface_ids,
        group_ip_address: Some(group),
    });
    Ok(DeregisterTransitGatewayMulticastGroupSourcesResult { deregistered_multicast_group_sources })
}

/// A member and a source are two rows, also where they are one interface. An interface that is gone is none.
fn row(cx: &Context, domain: &MulticastDomainState, part: &Membership) -> Option<GroupRow> {
    cx.network_interfaces.index().get(&part.interface)?;
    let attachment = alive(cx, domain.attachment_of(&part.subnet)?)?;
    let attached = &attachment.state.public;
    let fixed = |yes: bool| yes.then(|| "static".to_owned());
    let public = TransitGatewayMulticastGroup {
        group_ip_address: Some(part.group.clone()),
        transit_gateway_attachment_id: Some(attachment.id.to_string()),
        subnet_id: Some(part.subnet.clone()),
        resource_id: attached.vpc_id.clone(),
        resource_type: Some("vpc".to_owned()),
        resource_owner_id: attached.vpc_owner_id.clone(),
        network_interface_id: Some(part.interface.clone()),
        group_member: Some(!part.source),
        group_source: Some(part.source),
        member_type: fixed(!part.source),
        source_type: fixed(part.source),
    };
    Some(GroupRow { position: format!("{}/{}/{}", part.group, part.source, part.interface), public })
}

async fn search_transit_gateway_multicast_groups(
    cx: Context,
    input: SearchTransitGatewayMulticastGroupsRequest,
) -> Ec2Result<SearchTransitGatewayMulticastGroupsResult> {
    let domain = find_domain(&cx, input.transit_gateway_multicast_domain_id())?;
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let rows = domain.state.groups.iter().filter_map(|part| row(&cx, &domain.state, part)).collect();
    let page = describe.pick_from(&domain.id, FILTERS, rows)?;
    let multicast_groups = page.items.into_iter().map(|row| row.public).collect();
    Ok(SearchTransitGatewayMulticastGroupsResult { multicast_groups, next_token: page.next_token })
}
