//! Whether the routes of a virtual private gateway are in a table too.

use archipelago_proto::ec2::v1::{
    DisableVgwRoutePropagationRequest, DisableVgwRoutePropagationResponse, EnableVgwRoutePropagationRequest,
    EnableVgwRoutePropagationResponse,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::RouteTableCommand;
use crate::request::Context;

pub(super) async fn enable_vgw_route_propagation(
    cx: Context,
    input: EnableVgwRoutePropagationRequest,
) -> Ec2Result<EnableVgwRoutePropagationResponse> {
    let gateway = cx.vpn_gateways.find(&cx.account, input.gateway_id())?;
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    if gateway.state.vpc() != Some(table.state.public.vpc_id()) {
        let message = format!("resource {} is not attached to network {}", gateway.id, table.state.public.vpc_id());
        return Err(Ec2Error::new("Gateway.NotAttached", message));
    }
    let propagate = RouteTableCommand::Propagate { gateway: gateway.id.clone(), on: true };
    cx.route_tables.ask(&table.id, propagate).await?;
    Ok(EnableVgwRoutePropagationResponse {})
}

/// The gateway may be gone by now.
pub(super) async fn disable_vgw_route_propagation(
    cx: Context,
    input: DisableVgwRoutePropagationRequest,
) -> Ec2Result<DisableVgwRoutePropagationResponse> {
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    let known = table.state.public.propagating_vgws.iter().any(|known| known.gateway_id() == input.gateway_id());
    if !known {
        cx.vpn_gateways.find(&cx.account, input.gateway_id())?;
    }
    let propagate = RouteTableCommand::Propagate { gateway: input.gateway_id().into(), on: false };
    cx.route_tables.ask(&table.id, propagate).await?;
    Ok(DisableVgwRoutePropagationResponse {})
}
