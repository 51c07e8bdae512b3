//! CreateRoute, ReplaceRoute and DeleteRoute.

use archipelago_proto::ec2::v1::{
    CreateRouteRequest, CreateRouteResult, DeleteRouteRequest, DeleteRouteResponse, ReplaceRouteRequest,
    ReplaceRouteResponse, Route,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;

use super::RouteTableCommand;
use super::destination::Destination;
use super::target::{self, Target};
use super::view::{endpoint_of, has_gateway, local_blocks};
use crate::entity::{Id, Undo, workflow};
use crate::families::prefix_lists;
use crate::request::Context;

pub(super) async fn create_route(cx: Context, input: CreateRouteRequest) -> Ec2Result<CreateRouteResult> {
    let destination = Destination::parse(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let target = Target::of_creation(&input)?;
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    let vpc = table.state.public.vpc_id();
    let local = local_blocks(&cx, vpc);
    let route = Route { origin: Some("CreateRoute".into()), ..destination.route() };
    let route = target.aim(&cx, route, &table.id, vpc)?;
    if !destination.is_local(&local) {
        check_specific(&cx, vpc, &local, &destination, &route)?;
    }
    check_edge(&cx, &table.id, &local, &route)?;
    if endpoint_of(&cx, &table.id, &destination).is_some() {
        let message = format!("The route identified by {destination} already exists.");
        return Err(Ec2Error::new("RouteAlreadyExists", message));
    }
    let lists = prefix_lists::weigh_routes(&cx, &table.state.public.routes, &route)?;
    let mut undo = Undo::default();
    if let Some(list) = lists {
        cx.hold(&mut undo, &cx.route_tables, &table.id, &list).await?;
    }
    let outcome = cx.route_tables.ask(&table.id, RouteTableCommand::Create { route, local }).await;
    workflow(undo, outcome).await?;
    Ok(CreateRouteResult { r#return: Some(true) })
}

pub(super) async fn replace_route(cx: Context, input: ReplaceRouteRequest) -> Ec2Result<ReplaceRouteResponse> {
    let destination = Destination::parse(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let target = Target::of_replacement(&input)?;
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    let vpc = table.state.public.vpc_id();
    let local = local_blocks(&cx, vpc);
    let command = if target.is_local() {
        RouteTableCommand::ReplaceWithLocal { destination, local }
    } else {
        let route = Route { origin: Some("CreateRoute".into()), ..destination.route() };
        let route = target.aim(&cx, route, &table.id, vpc)?;
        check_specific(&cx, vpc, &local, &destination, &route)?;
        check_edge(&cx, &table.id, &local, &route)?;
        RouteTableCommand::Replace { route, local }
    };
    cx.route_tables.ask(&table.id, command).await?;
    Ok(ReplaceRouteResponse {})
}

/// Traffic inside of the VPC can be sent to a single interface or a load balancer's endpoint only, a whole subnet's at
/// a time (AWS: "Route tables", middlebox routing).
fn check_specific(cx: &Context, vpc: &str, local: &[IpNet], destination: &Destination, route: &Route) -> Ec2Result<()> {
    let Destination::Block(block) = destination else { return Ok(()) };
    if !local.iter().any(|own| own.contains(block)) {
        return Ok(());
    }
    if !target::is_middlebox(route) {
        return Err(Ec2Error::invalid_parameter(format!(
            "The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR blocks. \
             This route can target only an interface or an instance."
        )));
    }
    let subnets = cx.subnets.linked_to(&Id::new(vpc));
    if local.contains(block) || subnets.values().any(|s| s.state.blocks().contains(block)) {
        return Ok(());
    }
    Err(Ec2Error::invalid_parameter(format!(
        "The destination CIDR block {destination} must be the CIDR block of a subnet of the VPC."
    )))
}

/// A gateway's table sends what enters the VPC to where it belongs, or by way of an appliance (AWS: "Gateway route tables").
fn check_edge(cx: &Context, table: &Id, local: &[IpNet], route: &Route) -> Ec2Result<()> {
    if has_gateway(cx, table) { check_edge_route(table, local, route) } else { Ok(()) }
}

/// What a route must be in a table that a gateway uses.
pub(super) fn check_edge_route(table: &Id, local: &[IpNet], route: &Route) -> Ec2Result<()> {
    let within = match Destination::of(route) {
        Some(Destination::Block(block)) => local.iter().any(|own| own.contains(&block)),
        _ => false,
    };
    if within && target::is_middlebox(route) {
        return Ok(());
    }
    Err(Ec2Error::invalid_parameter(format!(
        "The route table {table} is associated with a gateway: its routes must lead to the VPC's CIDR blocks or those of \
         its subnets, with the target local, a network interface or a Gateway Load Balancer endpoint."
    )))
}

pub(super) async fn delete_route(cx: Context, input: DeleteRouteRequest) -> Ec2Result<DeleteRouteResponse> {
    let destination = Destination::parse(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    let local = local_blocks(&cx, table.state.public.vpc_id());
    if let Some(endpoint) = endpoint_of(&cx, &table.id, &destination) {
        return Err(Ec2Error::invalid_parameter(format!(
            "cannot remove VPC endpoint route {destination} in route table {}: it goes with {endpoint}",
            table.id
        )));
    }
    cx.route_tables.ask(&table.id, RouteTableCommand::Remove { destination, local }).await?;
    Ok(DeleteRouteResponse {})
}
