//! The VPC that a server is associated with, and the route tables that it propagates to.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    AssociateRouteServerRequest, AssociateRouteServerResult, DisableRouteServerPropagationRequest,
    DisableRouteServerPropagationResult, DisassociateRouteServerRequest, DisassociateRouteServerResult,
    EnableRouteServerPropagationRequest, EnableRouteServerPropagationResult, GetRouteServerAssociationsRequest,
    GetRouteServerAssociationsResult, GetRouteServerPropagationsRequest, GetRouteServerPropagationsResult,
    RouteServerAssociation, RouteServerPropagation,
};

use super::server::{RouteServerCommand, RouteServerState};
use crate::entity::{Id, Undo, workflow};
use crate::request::{Action, Context};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(associate_route_server),
        Action::new(disable_route_server_propagation),
        Action::new(disassociate_route_server),
        Action::new(enable_route_server_propagation),
        Action::new(get_route_server_associations),
        Action::new(get_route_server_propagations),
    ]
}

fn association(state: &RouteServerState, vpc: &str) -> Option<RouteServerAssociation> {
    state.associations.iter().find(|known| known.public.vpc_id() == vpc).map(|known| known.public.clone())
}

fn propagation(state: &RouteServerState, table: &str) -> Option<RouteServerPropagation> {
    state.propagations.iter().find(|known| known.public.route_table_id() == table).map(|known| known.public.clone())
}

/// A command that makes a server link to something.
async fn link(cx: &Context, server: &Id, to: &Id, command: RouteServerCommand) -> Ec2Result<RouteServerState> {
    let mut undo = Undo::default();
    let outcome = async {
        cx.hold(&mut undo, &cx.route_servers, server, to).await?;
        let now = cx.route_servers.ask(server, command).await?.published;
        Ok(now.state.clone())
    }
    .await;
    workflow(undo, outcome).await
}

async fn associate_route_server(
    cx: Context,
    input: AssociateRouteServerRequest,
) -> Ec2Result<AssociateRouteServerResult> {
    let server = cx.route_servers.find(&cx.account, input.route_server_id())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let now = link(&cx, &server.id, &vpc.id, RouteServerCommand::Associate(vpc.id.to_string())).await?;
    Ok(AssociateRouteServerResult { route_server_association: association(&now, &vpc.id) })
}

async fn disassociate_route_server(
    cx: Context,
    input: DisassociateRouteServerRequest,
) -> Ec2Result<DisassociateRouteServerResult> {
    let server = cx.route_servers.find(&cx.account, input.route_server_id())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let command = RouteServerCommand::Disassociate(vpc.id.to_string());
    let now = cx.route_servers.ask(&server.id, command).await?.published;
    Ok(DisassociateRouteServerResult { route_server_association: association(&now.state, &vpc.id) })
}

async fn get_route_server_associations(
    cx: Context,
    input: GetRouteServerAssociationsRequest,
) -> Ec2Result<GetRouteServerAssociationsResult> {
    let server = cx.route_servers.find(&cx.account, input.route_server_id())?;
    let route_server_associations = server.state.associations.iter().map(|known| known.public.clone()).collect();
    Ok(GetRouteServerAssociationsResult { route_server_associations })
}

async fn enable_route_server_propagation(
    cx: Context,
    input: EnableRouteServerPropagationRequest,
) -> Ec2Result<EnableRouteServerPropagationResult> {
    let server = cx.route_servers.find(&cx.account, input.route_server_id())?;
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    let vpc = table.state.public.vpc_id().to_owned();
    let command = RouteServerCommand::Propagate { table: table.id.to_string(), vpc };
    let now = link(&cx, &server.id, &table.id, command).await?;
    Ok(EnableRouteServerPropagationResult { route_server_propagation: propagation(&now, &table.id) })
}

async fn disable_route_server_propagation(
    cx: Context,
    input: DisableRouteServerPropagationRequest,
) -> Ec2Result<DisableRouteServerPropagationResult> {
    let server = cx.route_servers.find(&cx.account, input.route_server_id())?;
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    let command = RouteServerCommand::StopPropagating(table.id.to_string());
    let now = cx.route_servers.ask(&server.id, command).await?.published;
    Ok(DisableRouteServerPropagationResult { route_server_propagation: propagation(&now.state, &table.id) })
}

async fn get_route_server_propagations(
    cx: Context,
    input: GetRouteServerPropagationsRequest,
) -> Ec2Result<GetRouteServerPropagationsResult> {
    let server = cx.route_servers.find(&cx.account, input.route_server_id())?;
    if let Some(table) = input.route_table_id.as_deref() {
        cx.route_tables.find(&cx.account, table)?;
    }
    let known = server.state.propagations.iter().map(|known| known.public.clone());
    let wanted = |known: &RouteServerPropagation| {
        input.route_table_id.as_deref().is_none_or(|table| table == known.route_table_id())
    };
    Ok(GetRouteServerPropagationsResult { route_server_propagations: known.filter(wanted).collect() })
}
