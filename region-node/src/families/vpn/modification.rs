//! What can be changed about a connection: its ends, its networks, its tunnels.

use archipelago_proto::ec2::v1::{
    ModifyVpnConnectionOptionsRequest, ModifyVpnConnectionOptionsResult, ModifyVpnConnectionRequest,
    ModifyVpnConnectionResult, ModifyVpnTunnelCertificateRequest, ModifyVpnTunnelCertificateResult,
    ModifyVpnTunnelOptionsRequest, ModifyVpnTunnelOptionsResult, VpnConnection,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::connection_actions::view;
use super::creation::{check_gateway, ipv6_network, network};
use super::tunnels;
use super::{CustomerGatewayState, VpnConnectionCommand, VpnConnectionState};
use crate::entity::{Entity as _, Id, Published, Undo, workflow};
use crate::families::transit_gateways::gateway_of_vpn;
use crate::request::Context;

async fn modify(
    cx: &Context,
    connection: &Published<VpnConnectionState>,
    change: impl FnOnce(&mut VpnConnection) -> Ec2Result<()> + Send + 'static,
) -> Ec2Result<VpnConnection> {
    let command = VpnConnectionCommand::Modify(Box::new(change));
    let changed = cx.vpn_connections.ask(&connection.id, command).await?.published;
    Ok(view(cx, &changed.state))
}

pub(super) async fn modify_vpn_connection(
    cx: Context,
    input: ModifyVpnConnectionRequest,
) -> Ec2Result<ModifyVpnConnectionResult> {
    if let Some(id) = &input.transit_gateway_id {
        gateway_of_vpn(&cx, id)?;
        return Err(Ec2Error::unsupported("A VPN connection is not moved to a transit gateway: make a new one."));
    }
    if input.customer_gateway_id.is_none() && input.vpn_gateway_id.is_none() {
        return Err(Ec2Error::missing_parameter("VpnGatewayId"));
    }
    let connection = cx.vpn_connections.find(&cx.account, input.vpn_connection_id())?;
    if let Some(id) = &input.customer_gateway_id {
        let customer = cx.customer_gateways.find(&cx.account, id)?;
        if customer.state.is_deleted() {
            return Err(CustomerGatewayState::KIND.not_found(id));
        }
    }
    if let Some(id) = &input.vpn_gateway_id {
        check_gateway(&cx, id)?;
        if connection.state.public.transit_gateway_id.is_some() {
            return Err(Ec2Error::unsupported("A VPN connection is not moved off a transit gateway: make a new one."));
        }
    }
    let mut undo = Undo::default();
    for id in input.customer_gateway_id.iter().chain(&input.vpn_gateway_id) {
        cx.hold(&mut undo, &cx.vpn_connections, &connection.id, &Id::new(id)).await?;
    }
    let outcome = modify(&cx, &connection, move |connection| {
        if let Some(id) = input.customer_gateway_id {
            connection.customer_gateway_id = Some(id);
        }
        if let Some(id) = input.vpn_gateway_id {
            connection.vpn_gateway_id = Some(id);
            connection.gateway_association_state = Some("associated".into());
        }
        Ok(())
    })
    .await;
    Ok(ModifyVpnConnectionResult { vpn_connection: Some(workflow(undo, outcome).await?) })
}

pub(super) async fn modify_vpn_connection_options(
    cx: Context,
    input: ModifyVpnConnectionOptionsRequest,
) -> Ec2Result<ModifyVpnConnectionOptionsResult> {
    if input.tunnel_bandwidth.as_deref() == Some("large") {
        return Err(Ec2Error::invalid_parameter("The option is for connections to a transit gateway only."));
    }
    let local = input.local_ipv4_network_cidr.as_deref();
    let local = local.map(|block| network("localIpv4NetworkCidr", Some(block))).transpose()?;
    let remote = input.remote_ipv4_network_cidr.as_deref();
    let remote = remote.map(|block| network("remoteIpv4NetworkCidr", Some(block))).transpose()?;
    if let Some(block) = input.local_ipv6_network_cidr.as_ref().or(input.remote_ipv6_network_cidr.as_ref()) {
        ipv6_network("ipv6NetworkCidr", block)?;
        return Err(Ec2Error::invalid_parameter("IPv6 networks are for connections with IPv6 tunnels only."));
    }
    let connection = cx.vpn_connections.find(&cx.account, input.vpn_connection_id())?;
    let vpn_connection = modify(&cx, &connection, move |connection| {
        let options = connection.options.get_or_insert_default();
        options.local_ipv4_network_cidr = local.or(options.local_ipv4_network_cidr.take());
        options.remote_ipv4_network_cidr = remote.or(options.remote_ipv4_network_cidr.take());
        Ok(())
    })
    .await?;
    Ok(ModifyVpnConnectionOptionsResult { vpn_connection: Some(vpn_connection) })
}

pub(super) async fn modify_vpn_tunnel_options(
    cx: Context,
    input: ModifyVpnTunnelOptionsRequest,
) -> Ec2Result<ModifyVpnTunnelOptionsResult> {
    if input.pre_shared_key_storage.as_deref().is_some_and(|storage| storage != "Standard") {
        return Err(Ec2Error::unsupported("Keys in AWS Secrets Manager are not supported."));
    }
    let new = tunnels::of_change(input.tunnel_options.clone().unwrap_or_default())?;
    if input.skip_tunnel_replacement.is_some() && new.enable_tunnel_lifecycle_control.is_none() {
        return Err(Ec2Error::invalid_combination(
            "The parameter SkipTunnelReplacement requires EnableTunnelLifecycleControl",
        ));
    }
    let connection = cx.vpn_connections.find(&cx.account, input.vpn_connection_id())?;
    connection.state.tunnel(input.vpn_tunnel_outside_ip_address())?;
    let outside = input.vpn_tunnel_outside_ip_address().to_owned();
    let vpn_connection = modify(&cx, &connection, move |connection| {
        let tunnels = &mut connection.options.get_or_insert_default().tunnel_options;
        let inside = new.tunnel_inside_cidr.as_ref();
        let taken = tunnels.iter().any(|other| {
            other.outside_ip_address() != outside && inside.is_some() && other.tunnel_inside_cidr.as_ref() == inside
        });
        if taken {
            return Err(Ec2Error::invalid_parameter("The other tunnel has this CIDR block within it."));
        }
        let known = tunnels.iter_mut().find(|known| known.outside_ip_address() == outside);
        known.into_iter().for_each(|known| tunnels::merge(known, new.clone()));
        Ok(())
    })
    .await?;
    Ok(ModifyVpnTunnelOptionsResult { vpn_connection: Some(vpn_connection) })
}

/// Only gateways that are known by a certificate have tunnels with some.
pub(super) async fn modify_vpn_tunnel_certificate(
    cx: Context,
    input: ModifyVpnTunnelCertificateRequest,
) -> Ec2Result<ModifyVpnTunnelCertificateResult> {
    let connection = cx.vpn_connections.find(&cx.account, input.vpn_connection_id())?;
    connection.state.tunnel(input.vpn_tunnel_outside_ip_address())?;
    let customer = cx.customer_gateways.index().get(connection.state.public.customer_gateway_id());
    if customer.is_none_or(|customer| customer.state.public.certificate_arn.is_none()) {
        return Err(Ec2Error::unsupported("The VPN connection does not use certificates."));
    }
    let vpn_connection = modify(&cx, &connection, |_| Ok(())).await?;
    Ok(ModifyVpnTunnelCertificateResult { vpn_connection: Some(vpn_connection) })
}
