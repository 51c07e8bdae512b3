//! The actions on endpoints themselves.

use archipelago_proto::ec2::v1::{
    AssociatedTargetNetwork, ClientVpnEndpoint, DeleteClientVpnEndpointRequest, DeleteClientVpnEndpointResult,
    DescribeClientVpnEndpointsRequest, DescribeClientVpnEndpointsResult, ModifyClientVpnEndpointRequest,
    ModifyClientVpnEndpointResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::ClientVpnState;
use super::association_actions::use_groups;
use super::creation::{check_groups, create_client_vpn_endpoint};
use super::filters::ENDPOINTS;
use super::options;
use super::state::ClientVpnCommand;
use crate::entity::Published;
use crate::request::{Action, Context, Describe};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_client_vpn_endpoint),
        Action::new(delete_client_vpn_endpoint),
        Action::new(describe_client_vpn_endpoints),
        Action::new(modify_client_vpn_endpoint),
    ]
}

fn view(endpoint: &Published<ClientVpnState>) -> ClientVpnEndpoint {
    let network =
        |id: &str| AssociatedTargetNetwork { network_id: Some(id.to_owned()), network_type: Some("vpc".into()) };
    let networks = endpoint.state.associations.iter().map(|known| network(known.public.target_network_id()));
    ClientVpnEndpoint { associated_target_networks: networks.collect(), ..endpoint.state.public.clone() }
}

async fn delete_client_vpn_endpoint(
    cx: Context,
    input: DeleteClientVpnEndpointRequest,
) -> Ec2Result<DeleteClientVpnEndpointResult> {
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let gone = cx.client_vpn_endpoints.ask(&endpoint.id, ClientVpnCommand::Delete).await?.published;
    Ok(DeleteClientVpnEndpointResult { status: gone.state.public.status.clone() })
}

async fn describe_client_vpn_endpoints(
    cx: Context,
    input: DescribeClientVpnEndpointsRequest,
) -> Ec2Result<DescribeClientVpnEndpointsResult> {
    let describe = Describe {
        ids: &input.client_vpn_endpoint_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.client_vpn_endpoints, ENDPOINTS)?;
    let client_vpn_endpoints = page.map(|endpoint| view(endpoint));
    Ok(DescribeClientVpnEndpointsResult { client_vpn_endpoints, next_token: page.next_token })
}

async fn modify_client_vpn_endpoint(
    cx: Context,
    input: ModifyClientVpnEndpointRequest,
) -> Ec2Result<ModifyClientVpnEndpointResult> {
    if input.transit_gateway_configuration.is_some() {
        return Err(Ec2Error::unsupported("Client VPN endpoints on transit gateways are not supported."));
    }
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    options::check_session(input.session_timeout_hours)?;
    options::check_port(input.vpn_port)?;
    let servers = input.dns_servers.clone().map(|dns| match dns.enabled {
        Some(false) => Vec::new(),
        _ => dns.custom_dns_servers,
    });
    options::check_dns(servers.as_deref().unwrap_or_default())?;
    if let Some(arn) = input.server_certificate_arn.as_deref().filter(|arn| !arn.starts_with("arn:")) {
        return Err(Ec2Error::invalid_value("serverCertificateArn", arn));
    }
    let vpc = input.vpc_id.clone().or_else(|| endpoint.state.public.vpc_id.clone());
    if let Some(vpc) = &input.vpc_id {
        cx.vpcs.find(&cx.account, vpc)?;
        if !endpoint.state.associations.is_empty() && endpoint.state.public.vpc_id() != vpc {
            return Err(Ec2Error::invalid_parameter("The VPC of an endpoint with target networks cannot be changed."));
        }
    }
    check_groups(&cx, &input.security_group_ids, vpc.as_deref())?;
    let connection_log = input.connection_log_options.map(options::connection_log).transpose()?;
    let client_connect = input.client_connect_options.map(options::client_connect).transpose()?;
    let login_banner = input.client_login_banner_options.map(options::login_banner).transpose()?;
    let route_enforcement = input.client_route_enforcement_options.map(options::route_enforcement);
    let id = endpoint.id.clone();
    let (certificate, description) = (input.server_certificate_arn, input.description);
    let (self_service, hours) = (input.self_service_portal, input.session_timeout_hours);
    let (port, split, disconnect) = (input.vpn_port, input.split_tunnel, input.disconnect_on_session_timeout);
    let change = move |public: &mut ClientVpnEndpoint| {
        public.server_certificate_arn = certificate.clone().or(public.server_certificate_arn.take());
        public.description = description.clone().or(public.description.take());
        public.connection_log_options = connection_log.clone().or(public.connection_log_options.take());
        public.client_connect_options = client_connect.clone().or(public.client_connect_options.take());
        public.client_login_banner_options = login_banner.clone().or(public.client_login_banner_options.take());
        public.client_route_enforcement_options = route_enforcement.or(public.client_route_enforcement_options.take());
        public.vpn_port = port.or(public.vpn_port);
        public.split_tunnel = split.or(public.split_tunnel);
        public.session_timeout_hours = hours.or(public.session_timeout_hours);
        public.disconnect_on_session_timeout = disconnect.or(public.disconnect_on_session_timeout);
        if let Some(servers) = &servers {
            public.dns_servers.clone_from(servers);
        }
        if self_service.is_some() {
            public.self_service_portal_url = options::portal(self_service.as_deref(), &id);
        }
    };
    cx.client_vpn_endpoints.ask(&endpoint.id, ClientVpnCommand::Modify(Box::new(change))).await?;
    if let Some(vpc) = vpc.filter(|_| !input.security_group_ids.is_empty()) {
        use_groups(&cx, &endpoint.id, vpc, input.security_group_ids).await?;
    } else if let Some(vpc) = input.vpc_id.filter(|vpc| vpc != endpoint.state.public.vpc_id()) {
        let default = cx.vpcs.find(&cx.account, &vpc)?.state.default_group.to_string();
        use_groups(&cx, &endpoint.id, vpc, vec![default]).await?;
    }
    Ok(ModifyClientVpnEndpointResult { r#return: Some(true) })
}
