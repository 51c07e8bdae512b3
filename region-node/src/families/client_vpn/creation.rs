//! CreateClientVpnEndpoint.

use archipelago_proto::ec2::v1::{
    ClientVpnEndpoint, ClientVpnEndpointStatus, CreateClientVpnEndpointRequest, CreateClientVpnEndpointResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::options;
use super::state::ClientVpnState;
use crate::entity::Entity as _;
use crate::request::{Context, ipv4_block, required, tags_for};
use crate::time::Millis;

/// AWS: between a /22 and a /12.
fn client_block(text: &str) -> Ec2Result<String> {
    let block = ipv4_block("clientCidrBlock", text)?;
    if !(12..=22).contains(&block.prefix_len()) {
        return Err(Ec2Error::invalid_parameter(format!(
            "The client CIDR block {block} must have a netmask between /22 and /12."
        )));
    }
    Ok(block.to_string())
}

/// As AWS writes the times of these resources: `2014-10-01T12:00:00`.
fn written(time: Millis) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(time).ok()?;
    Some(format!("{time:.0}").trim_end_matches('Z').to_owned())
}

/// Security groups of one VPC.
pub(super) fn check_groups(cx: &Context, groups: &[String], vpc: Option<&str>) -> Ec2Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    let vpc = required("VpcId", vpc)?;
    if groups.len() > 5 {
        return Err(Ec2Error::new(
            "SecurityGroupsPerInterfaceLimitExceeded",
            "At most 5 security groups may be specified.",
        ));
    }
    for id in groups {
        let group = cx.security_groups.find(&cx.account, id)?;
        if group.state.public.vpc_id() != vpc {
            return Err(Ec2Error::invalid_parameter(format!("The security group {id} is not in the VPC {vpc}.")));
        }
    }
    Ok(())
}

pub(super) async fn create_client_vpn_endpoint(
    cx: Context,
    input: CreateClientVpnEndpointRequest,
) -> Ec2Result<CreateClientVpnEndpointResult> {
    let kind = &ClientVpnState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    if input.transit_gateway_configuration.is_some() {
        return Err(Ec2Error::unsupported("Client VPN endpoints on transit gateways are not supported."));
    }
    let traffic = input.traffic_ip_address_type.clone().unwrap_or_else(|| "ipv4".into());
    let client_cidr_block = match input.client_cidr_block.as_deref() {
        None if traffic == "ipv6" => None,
        Some(_) if traffic == "ipv6" => {
            return Err(Ec2Error::invalid_combination("IPv6 traffic does not need a client CIDR block."));
        }
        block => Some(client_block(required("ClientCidrBlock", block)?)?),
    };
    if !input.server_certificate_arn().starts_with("arn:") {
        return Err(Ec2Error::invalid_value("serverCertificateArn", input.server_certificate_arn()));
    }
    options::check_session(input.session_timeout_hours)?;
    options::check_port(input.vpn_port)?;
    options::check_dns(&input.dns_servers)?;
    if let Some(vpc) = &input.vpc_id {
        cx.vpcs.find(&cx.account, vpc)?;
    }
    check_groups(&cx, &input.security_group_ids, input.vpc_id.as_deref())?;
    let mut groups = input.security_group_ids;
    if let Some(vpc) = input.vpc_id.as_deref().filter(|_| groups.is_empty()) {
        groups.push(cx.vpcs.find(&cx.account, vpc)?.state.default_group.to_string());
    }
    let id = cx.client_vpn_endpoints.fresh_id();
    let status = ClientVpnEndpointStatus { code: Some("pending-associate".into()), message: None };
    let dns_name = format!("*.{id}.prod.clientvpn.{}.{}", cx.facts.name, "amazonaws.com");
    let public = ClientVpnEndpoint {
        client_vpn_endpoint_id: Some(id.to_string()),
        description: Some(input.description.unwrap_or_default()),
        status: Some(status.clone()),
        creation_time: written(cx.shell.clock.now()),
        dns_name: Some(dns_name.clone()),
        client_cidr_block,
        dns_servers: input.dns_servers,
        split_tunnel: Some(input.split_tunnel.unwrap_or(false)),
        vpn_protocol: Some("openvpn".into()),
        transport_protocol: Some(input.transport_protocol.unwrap_or_else(|| "udp".into())),
        vpn_port: Some(input.vpn_port.unwrap_or(443)),
        server_certificate_arn: input.server_certificate_arn,
        authentication_options: options::authentication(input.authentication_options)?,
        connection_log_options: Some(options::connection_log(input.connection_log_options.unwrap_or_default())?),
        tags,
        security_group_ids: groups,
        vpc_id: input.vpc_id,
        self_service_portal_url: options::portal(input.self_service_portal.as_deref(), &id),
        client_connect_options: Some(options::client_connect(input.client_connect_options.unwrap_or_default())?),
        session_timeout_hours: Some(input.session_timeout_hours.unwrap_or(24)),
        client_login_banner_options: Some(options::login_banner(
            input.client_login_banner_options.unwrap_or_default(),
        )?),
        client_route_enforcement_options: Some(options::route_enforcement(
            input.client_route_enforcement_options.unwrap_or_default(),
        )),
        disconnect_on_session_timeout: Some(input.disconnect_on_session_timeout.unwrap_or(true)),
        endpoint_ip_address_type: Some(input.endpoint_ip_address_type.unwrap_or_else(|| "ipv4".into())),
        traffic_ip_address_type: Some(traffic),
        ..ClientVpnEndpoint::default()
    };
    let mut batch = cx.batch();
    batch.create(&cx.client_vpn_endpoints, &id, ClientVpnState { public, ..ClientVpnState::default() })?;
    let response = CreateClientVpnEndpointResult {
        client_vpn_endpoint_id: Some(id.to_string()),
        status: Some(status),
        dns_name: Some(dns_name),
    };
    cx.commit(batch, response).await
}
