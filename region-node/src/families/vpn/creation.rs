//! CreateVpnConnection: two tunnels, each with an address of Amazon's.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    CreateVpnConnectionRequest, CreateVpnConnectionResult, TunnelOption, VgwTelemetry, VpnConnection,
    VpnConnectionOptions, VpnConnectionOptionsSpecification,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::connection_actions::view;
use super::tunnels::{self, fresh_inside, fresh_key};
use super::{VpnConnectionState, VpnGatewayState};
use crate::entity::{Entity as _, Undo, workflow};
use crate::families::transit_gateways;
use crate::request::{Context, ipv4_block, ipv6_block, tags_for};
use crate::time::Transition;

/// An identical connection is not made a second time (reference: CreateVpnConnection).
pub(super) async fn create_vpn_connection(
    cx: Context,
    input: CreateVpnConnectionRequest,
) -> Ec2Result<CreateVpnConnectionResult> {
    let kind = &VpnConnectionState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    if input.r#type() != "ipsec.1" {
        return Err(Ec2Error::invalid_value("type", input.r#type()));
    }
    if input.vpn_gateway_id.is_some() && input.transit_gateway_id.is_some() {
        return Err(Ec2Error::invalid_combination(
            "The parameters VpnGatewayId and TransitGatewayId may not be specified together",
        ));
    }
    check_unmade(&input)?;
    if let Some(id) = &input.transit_gateway_id {
        transit_gateways::gateway_of_vpn(&cx, id)?;
    }
    let given = input.options.clone().unwrap_or_default();
    let mut options = options(&given)?;
    let customer = cx.customer_gateways.find(&cx.account, input.customer_gateway_id())?;
    if customer.state.is_deleted() {
        return Err(super::CustomerGatewayState::KIND.not_found(&customer.id));
    }
    if let Some(id) = &input.vpn_gateway_id {
        check_gateway(&cx, id)?;
    }
    let known = cx.vpn_connections.linked_to(&customer.id);
    let same = |public: &VpnConnection| {
        public.vpn_gateway_id == input.vpn_gateway_id
            && public.transit_gateway_id == input.transit_gateway_id
            && public.options.as_ref().is_some_and(|known| same(known, &options))
    };
    if let Some(known) = known.values().find(|known| !known.state.is_over() && same(&known.state.public)) {
        return Ok(CreateVpnConnectionResult { vpn_connection: Some(view(&cx, &known.state)) });
    }

    let mut undo = Undo::default();
    let outcome = async {
        fill(&cx, &mut undo, &mut options, input.vpn_gateway_id.as_deref())?;
        let telemetry = options.tunnel_options.iter().map(|tunnel| VgwTelemetry {
            accepted_route_count: Some(0),
            last_status_change: Some(cx.shell.clock.now()),
            outside_ip_address: tunnel.outside_ip_address.clone(),
            status: Some("DOWN".into()),
            status_message: Some(String::new()),
            certificate_arn: None,
        });
        let vgw_telemetry = telemetry.collect();
        let id = cx.vpn_connections.fresh_id();
        let ends = input.vpn_gateway_id.is_some() || input.transit_gateway_id.is_some();
        let associated = if ends { "associated" } else { "not-associated" };
        let public = VpnConnection {
            category: Some("VPN".into()),
            gateway_association_state: Some(associated.into()),
            options: Some(options),
            tags,
            vgw_telemetry,
            vpn_connection_id: Some(id.to_string()),
            state: Some("pending".into()),
            r#type: Some("ipsec.1".into()),
            customer_gateway_id: Some(customer.id.to_string()),
            vpn_gateway_id: input.vpn_gateway_id.clone(),
            transit_gateway_id: input.transit_gateway_id.clone(),
            ..VpnConnection::default()
        };
        let settles = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::VpnConnectionCreate);
        let state = VpnConnectionState::new(public, settles);
        let shown = view(&cx, &state);
        let mut batch = cx.batch();
        batch.create(&cx.vpn_connections, &id, state)?;
        if let Some(gateway) = &input.transit_gateway_id {
            transit_gateways::attach_vpn(&cx, &mut undo, &mut batch, gateway, &id).await?;
        }
        cx.commit(batch, CreateVpnConnectionResult { vpn_connection: Some(shown) }).await
    }
    .await;
    workflow(undo, outcome).await
}

/// Targets that no action here makes.
fn check_unmade(input: &CreateVpnConnectionRequest) -> Ec2Result<()> {
    if let Some(id) = &input.vpn_concentrator_id {
        let message = format!("The vpnConcentrator ID '{id}' does not exist");
        return Err(Ec2Error::new("InvalidVpnConcentratorID.NotFound", message));
    }
    match input.pre_shared_key_storage.as_deref() {
        None | Some("Standard") => Ok(()),
        Some("SecretsManager") => Err(Ec2Error::unsupported("Keys in AWS Secrets Manager are not supported.")),
        Some(other) => Err(Ec2Error::invalid_value("preSharedKeyStorage", other)),
    }
}

pub(super) fn check_gateway(cx: &Context, id: &str) -> Ec2Result<()> {
    let gateway = cx.vpn_gateways.find(&cx.account, id)?;
    if gateway.state.is_deleted() { Err(VpnGatewayState::KIND.not_found(id)) } else { Ok(()) }
}

fn options(given: &VpnConnectionOptionsSpecification) -> Ec2Result<VpnConnectionOptions> {
    if given.enable_acceleration() {
        return Err(Ec2Error::invalid_parameter("Acceleration is for connections to a transit gateway only."));
    }
    let version = given.tunnel_inside_ip_version.as_deref().unwrap_or("ipv4");
    if version == "ipv6" {
        return Err(Ec2Error::invalid_parameter("IPv6 tunnels are for connections to a transit gateway only."));
    }
    match given.outside_ip_address_type.as_deref() {
        None | Some("PublicIpv4") => {}
        Some("PrivateIpv4" | "Ipv6") => {
            return Err(Ec2Error::invalid_parameter(
                "Outside addresses of this type are for connections to a transit gateway only.",
            ));
        }
        Some(other) => return Err(Ec2Error::invalid_value("outsideIpAddressType", other)),
    }
    if given.transport_transit_gateway_attachment_id.is_some() || given.tunnel_bandwidth.as_deref() == Some("large") {
        return Err(Ec2Error::invalid_parameter("The option is for connections to a transit gateway only."));
    }
    if given.local_ipv6_network_cidr.is_some() || given.remote_ipv6_network_cidr.is_some() {
        return Err(Ec2Error::invalid_parameter("IPv6 networks are for connections with IPv6 tunnels only."));
    }
    if given.tunnel_options.len() > 2 {
        return Err(Ec2Error::invalid_parameter("A VPN connection has two tunnels."));
    }
    let mut tunnels = given.tunnel_options.iter().cloned().map(tunnels::of_creation).collect::<Ec2Result<Vec<_>>>()?;
    tunnels.resize_with(2, TunnelOption::default);
    Ok(VpnConnectionOptions {
        enable_acceleration: Some(false),
        static_routes_only: Some(given.static_routes_only()),
        local_ipv4_network_cidr: Some(network("localIpv4NetworkCidr", given.local_ipv4_network_cidr.as_deref())?),
        remote_ipv4_network_cidr: Some(network("remoteIpv4NetworkCidr", given.remote_ipv4_network_cidr.as_deref())?),
        outside_ip_address_type: Some("PublicIpv4".into()),
        tunnel_inside_ip_version: Some(version.to_owned()),
        tunnel_options: tunnels,
        tunnel_bandwidth: Some("standard".into()),
        ..VpnConnectionOptions::default()
    })
}

pub(super) fn network(name: &str, block: Option<&str>) -> Ec2Result<String> {
    block.map_or_else(|| Ok("0.0.0.0/0".to_owned()), |block| Ok(ipv4_block(name, block)?.to_string()))
}

pub(super) fn ipv6_network(name: &str, block: &str) -> Ec2Result<String> {
    Ok(ipv6_block(name, block)?.to_string())
}

/// Whether a connection has the options that are asked for; what Amazon has chosen counts for nothing.
fn same(known: &VpnConnectionOptions, wanted: &VpnConnectionOptions) -> bool {
    let plain = |options: &VpnConnectionOptions| VpnConnectionOptions { tunnel_options: Vec::new(), ..options.clone() };
    let tunnels = known.tunnel_options.iter().zip(&wanted.tunnel_options);
    let mut alike = tunnels.map(|(known, wanted)| {
        let mut merged = known.clone();
        tunnels::merge(&mut merged, wanted.clone());
        merged == *known
    });
    plain(known) == plain(wanted) && alike.all(|alike| alike)
}

/// Amazon chooses what is left open.
fn fill(cx: &Context, undo: &mut Undo, options: &mut VpnConnectionOptions, gateway: Option<&str>) -> Ec2Result<()> {
    let siblings = gateway.map(|gateway| cx.vpn_connections.linked_to(&gateway.into())).unwrap_or_default();
    let siblings = siblings.values().flat_map(|known| known.state.tunnels().iter());
    let mut used: Vec<String> = siblings.filter_map(|tunnel| tunnel.tunnel_inside_cidr.clone()).collect();
    let random = || cx.shell.ids.number();
    for tunnel in &mut options.tunnel_options {
        match &tunnel.tunnel_inside_cidr {
            Some(block) if used.contains(block) => {
                return Err(Ec2Error::invalid_parameter(format!(
                    "The CIDR block {block} within the tunnel is in use by another VPN connection of the gateway."
                )));
            }
            Some(_) => {}
            None => tunnel.tunnel_inside_cidr = Some(fresh_inside(random, &used)),
        }
        used.extend(tunnel.tunnel_inside_cidr.clone());
        tunnel.pre_shared_key.get_or_insert_with(|| fresh_key(random));
        let address = cx.public_addresses.take(&cx.shell.ids)?;
        let region = Arc::clone(&cx.region);
        undo.push(async move { region.public_addresses.give_back(address) });
        tunnel.outside_ip_address = Some(address.to_string());
    }
    Ok(())
}
