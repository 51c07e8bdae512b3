//! CreateRoute, ReplaceRoute and DeleteRoute.

use archipelago_proto::ec2::v1::{
    CreateRouteRequest, CreateRouteResult, DeleteRouteRequest, DeleteRouteResponse, ReplaceRouteRequest,
    ReplaceRouteResponse, Route,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;

use super::RouteTableCommand;
use super::destination::{parse, route_to};
use super::target::Target;
use super::view::local_blocks;
use crate::request::Context;

pub(super) async fn create_route(cx: Context, input: CreateRouteRequest) -> Ec2Result<CreateRouteResult> {
    let destination = parse(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let target = Target::of_creation(&input)?;
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    let vpc = table.state.public.vpc_id();
    let local = local_blocks(&cx, vpc);
    let route = Route { origin: Some("CreateRoute".into()), ..route_to(destination) };
    let route = target.aim(&cx, route, &table.id, vpc)?;
    if !local.contains(&destination) {
        check_specific(&cx, vpc, &local, destination, target)?;
    }
    cx.route_tables.ask(&table.id, RouteTableCommand::Create { route, local }).await?;
    Ok(CreateRouteResult { r#return: Some(true) })
}

pub(super) async fn replace_route(cx: Context, input: ReplaceRouteRequest) -> Ec2Result<ReplaceRouteResponse> {
    let destination = parse(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let target = Target::of_replacement(&input)?;
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    let vpc = table.state.public.vpc_id();
    let local = local_blocks(&cx, vpc);
    let command = if target == Target::Local {
        RouteTableCommand::ReplaceWithLocal { destination, local }
    } else {
        let route = Route { origin: Some("CreateRoute".into()), ..route_to(destination) };
        let route = target.aim(&cx, route, &table.id, vpc)?;
        check_specific(&cx, vpc, &local, destination, target)?;
        RouteTableCommand::Replace { route, local }
    };
    cx.route_tables.ask(&table.id, command).await?;
    Ok(ReplaceRouteResponse {})
}

/// Traffic inside of the VPC can be sent to a single interface only, a whole subnet's at a time (AWS:
/// "Route tables", middlebox routing).
fn check_specific(cx: &Context, vpc: &str, local: &[IpNet], destination: IpNet, target: Target<'_>) -> Ec2Result<()> {
    if !local.iter().any(|block| block.contains(&destination)) {
        return Ok(());
    }
    if !target.is_interface() {
        return Err(Ec2Error::invalid_parameter(format!(
            "The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR blocks. \
             This route can target only an interface or an instance."
        )));
    }
    let subnets = cx.subnets.linked_to(&crate::entity::Id::new(vpc));
    if local.contains(&destination) || subnets.values().any(|s| s.state.blocks().contains(&destination)) {
        return Ok(());
    }
    Err(Ec2Error::invalid_parameter(format!(
        "The destination CIDR block {destination} must be the CIDR block of a subnet of the VPC."
    )))
}

pub(super) async fn delete_route(cx: Context, input: DeleteRouteRequest) -> Ec2Result<DeleteRouteResponse> {
    let destination = parse(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    let local = local_blocks(&cx, table.state.public.vpc_id());
    cx.route_tables.ask(&table.id, RouteTableCommand::Remove { destination, local }).await?;
    Ok(DeleteRouteResponse {})
}
