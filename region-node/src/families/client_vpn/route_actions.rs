//! The routes of endpoints.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    ClientVpnRoute, CreateClientVpnRouteRequest, CreateClientVpnRouteResult, DeleteClientVpnRouteRequest,
    DeleteClientVpnRouteResult, DescribeClientVpnRoutesRequest, DescribeClientVpnRoutesResult,
};

use super::filters::{ROUTES, RouteRow};
use super::state::ClientVpnCommand;
use super::transitions::{CREATING, DELETING, route_status};
use crate::request::{Action, Context, Describe, ipv4_block, ipv6_block, required};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_client_vpn_route),
        Action::new(delete_client_vpn_route),
        Action::new(describe_client_vpn_routes),
    ]
}

/// A block of either family, in its canonical form.
pub(super) fn block(parameter: &str, text: &str) -> Ec2Result<String> {
    if text.contains(':') {
        return ipv6_block(parameter, text).map(|block| block.to_string());
    }
    ipv4_block(parameter, text).map(|block| block.to_string())
}

async fn create_client_vpn_route(
    cx: Context,
    input: CreateClientVpnRouteRequest,
) -> Ec2Result<CreateClientVpnRouteResult> {
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let route = ClientVpnRoute {
        client_vpn_endpoint_id: Some(endpoint.id.to_string()),
        destination_cidr: Some(block("destinationCidrBlock", input.destination_cidr_block())?),
        target_subnet: Some(required("TargetVpcSubnetId", input.target_vpc_subnet_id.as_deref())?.to_owned()),
        r#type: Some("Nat".into()),
        origin: Some("add-route".into()),
        description: input.description,
        ..ClientVpnRoute::default()
    };
    cx.client_vpn_endpoints.ask(&endpoint.id, ClientVpnCommand::AddRoute(route)).await?;
    Ok(CreateClientVpnRouteResult { status: route_status(CREATING) })
}

async fn delete_client_vpn_route(
    cx: Context,
    input: DeleteClientVpnRouteRequest,
) -> Ec2Result<DeleteClientVpnRouteResult> {
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let command = ClientVpnCommand::RemoveRoute {
        destination: block("destinationCidrBlock", input.destination_cidr_block())?,
        subnet: input.target_vpc_subnet_id,
    };
    cx.client_vpn_endpoints.ask(&endpoint.id, command).await?;
    Ok(DeleteClientVpnRouteResult { status: route_status(DELETING) })
}

async fn describe_client_vpn_routes(
    cx: Context,
    input: DescribeClientVpnRoutesRequest,
) -> Ec2Result<DescribeClientVpnRoutesResult> {
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let endpoint = cx.client_vpn_endpoints.find(&cx.account, input.client_vpn_endpoint_id())?;
    let rows = endpoint.state.routes.iter().map(|known| RouteRow::new(known.public.clone())).collect();
    let page = describe.pick_from(&endpoint.id, ROUTES, rows)?;
    let routes = page.items.into_iter().map(|row| row.public).collect();
    Ok(DescribeClientVpnRoutesResult { routes, next_token: page.next_token })
}
