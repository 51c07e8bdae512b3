//! Describing and deleting connections, their routes and their tunnels.

use archipelago_proto::ec2::v1::{
    ActiveVpnTunnelStatus, CreateVpnConnectionRouteRequest, CreateVpnConnectionRouteResponse,
    DeleteVpnConnectionRequest, DeleteVpnConnectionResponse, DeleteVpnConnectionRouteRequest,
    DeleteVpnConnectionRouteResponse, DescribeVpnConnectionsRequest, DescribeVpnConnectionsResult,
    GetActiveVpnTunnelStatusRequest, GetActiveVpnTunnelStatusResult, GetVpnTunnelReplacementStatusRequest,
    GetVpnTunnelReplacementStatusResult, MaintenanceDetails, ReplaceVpnTunnelRequest, ReplaceVpnTunnelResult,
    VpnConnection,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::configuration::{Ends, configuration};
use super::filters::{CONNECTIONS, ConnectionRow};
use super::{VpnConnectionCommand, VpnConnectionState};
use crate::families::transit_gateways;
use crate::request::{Context, Describe, ipv4_block};

pub(super) fn ends(cx: &Context, connection: &VpnConnectionState) -> Ends {
    let customer = cx.customer_gateways.index().get(connection.public.customer_gateway_id());
    let customer = customer.map(|customer| customer.state.public.clone()).unwrap_or_default();
    let gateway = cx.vpn_gateways.index().get(connection.public.vpn_gateway_id());
    let transit = cx.transit_gateways.index().get(connection.public.transit_gateway_id());
    let amazon_asn = transit.and_then(|transit| transit.state.public.options.as_ref()?.amazon_side_asn);
    let amazon_asn = amazon_asn.unwrap_or(64_512);
    Ends {
        customer_address: customer.ip_address.unwrap_or_default(),
        customer_asn: customer.bgp_asn.or(customer.bgp_asn_extended).unwrap_or_default(),
        amazon_asn: gateway.map_or(amazon_asn, |gateway| gateway.state.public.amazon_side_asn()),
    }
}

/// "it's present … only if the VPN connection is in the pending or available state".
pub(super) fn view(cx: &Context, connection: &VpnConnectionState) -> VpnConnection {
    let shown = !connection.is_over();
    VpnConnection {
        customer_gateway_configuration: shown.then(|| configuration(connection, &ends(cx, connection))),
        ..connection.public.clone()
    }
}

pub(super) async fn describe_vpn_connections(
    cx: Context,
    input: DescribeVpnConnectionsRequest,
) -> Ec2Result<DescribeVpnConnectionsResult> {
    let describe = Describe { ids: &input.vpn_connection_ids, filters: &input.filters, ..Describe::default() };
    let page = describe.find_rows(&cx, &cx.vpn_connections, CONNECTIONS, |connection| ConnectionRow {
        shown: view(&cx, &connection.state),
        asn: ends(&cx, &connection.state).customer_asn,
        id: connection.id.clone(),
    })?;
    Ok(DescribeVpnConnectionsResult { vpn_connections: page.items.into_iter().map(|row| row.shown).collect() })
}

pub(super) async fn delete_vpn_connection(
    cx: Context,
    input: DeleteVpnConnectionRequest,
) -> Ec2Result<DeleteVpnConnectionResponse> {
    let connection = cx.vpn_connections.find(&cx.account, input.vpn_connection_id())?;
    transit_gateways::detach_vpn(&cx, &connection.id).await?;
    let free = cx.vpn_connections.ask(&connection.id, VpnConnectionCommand::Delete).await?.reply;
    free.into_iter().for_each(|address| cx.public_addresses.give_back(address));
    Ok(DeleteVpnConnectionResponse {})
}

pub(super) async fn create_vpn_connection_route(
    cx: Context,
    input: CreateVpnConnectionRouteRequest,
) -> Ec2Result<CreateVpnConnectionRouteResponse> {
    let destination = ipv4_block("destinationCidrBlock", input.destination_cidr_block())?.to_string();
    let connection = cx.vpn_connections.find(&cx.account, input.vpn_connection_id())?;
    if connection.state.public.transit_gateway_id.is_some() {
        return Err(Ec2Error::unsupported(format!(
            "The static routes to {} are those of the transit gateway's route tables.",
            connection.id
        )));
    }
    cx.vpn_connections.ask(&connection.id, VpnConnectionCommand::AddRoute(destination)).await?;
    Ok(CreateVpnConnectionRouteResponse {})
}

pub(super) async fn delete_vpn_connection_route(
    cx: Context,
    input: DeleteVpnConnectionRouteRequest,
) -> Ec2Result<DeleteVpnConnectionRouteResponse> {
    let destination = ipv4_block("destinationCidrBlock", input.destination_cidr_block())?.to_string();
    let connection = cx.vpn_connections.find(&cx.account, input.vpn_connection_id())?;
    cx.vpn_connections.ask(&connection.id, VpnConnectionCommand::RemoveRoute(destination)).await?;
    Ok(DeleteVpnConnectionRouteResponse {})
}

/// No device is at the other end, so that nothing has been agreed upon.
pub(super) async fn get_active_vpn_tunnel_status(
    cx: Context,
    input: GetActiveVpnTunnelStatusRequest,
) -> Ec2Result<GetActiveVpnTunnelStatusResult> {
    let connection = cx.vpn_connections.find(&cx.account, input.vpn_connection_id())?;
    connection.state.tunnel(input.vpn_tunnel_outside_ip_address())?;
    let status = match connection.state.public.state() {
        "available" => "available",
        "deleting" | "deleted" => "failed",
        _ => "pending",
    };
    let active_vpn_tunnel_status =
        ActiveVpnTunnelStatus { provisioning_status: Some(status.into()), ..ActiveVpnTunnelStatus::default() };
    Ok(GetActiveVpnTunnelStatusResult { active_vpn_tunnel_status: Some(active_vpn_tunnel_status) })
}

pub(super) async fn get_vpn_tunnel_replacement_status(
    cx: Context,
    input: GetVpnTunnelReplacementStatusRequest,
) -> Ec2Result<GetVpnTunnelReplacementStatusResult> {
    let connection = cx.vpn_connections.find(&cx.account, input.vpn_connection_id())?;
    connection.state.tunnel(input.vpn_tunnel_outside_ip_address())?;
    let public = &connection.state.public;
    let telemetry = public.vgw_telemetry.iter();
    let mut telemetry = telemetry.filter(|known| known.outside_ip_address() == input.vpn_tunnel_outside_ip_address());
    Ok(GetVpnTunnelReplacementStatusResult {
        vpn_connection_id: public.vpn_connection_id.clone(),
        transit_gateway_id: public.transit_gateway_id.clone(),
        customer_gateway_id: public.customer_gateway_id.clone(),
        vpn_gateway_id: public.vpn_gateway_id.clone(),
        maintenance_details: Some(MaintenanceDetails {
            pending_maintenance: Some("False".into()),
            maintenance_auto_applied_after: None,
            last_maintenance_applied: telemetry.next().and_then(|known| known.last_status_change),
        }),
        vpn_tunnel_outside_ip_address: input.vpn_tunnel_outside_ip_address,
    })
}

pub(super) async fn replace_vpn_tunnel(
    cx: Context,
    input: ReplaceVpnTunnelRequest,
) -> Ec2Result<ReplaceVpnTunnelResult> {
    let connection = cx.vpn_connections.find(&cx.account, input.vpn_connection_id())?;
    connection.state.tunnel(input.vpn_tunnel_outside_ip_address())?;
    let replace = VpnConnectionCommand::ReplaceTunnel(input.vpn_tunnel_outside_ip_address().to_owned());
    cx.vpn_connections.ask(&connection.id, replace).await?;
    Ok(ReplaceVpnTunnelResult { r#return: Some(true) })
}
