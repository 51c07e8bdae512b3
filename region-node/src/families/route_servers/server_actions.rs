//! The actions on route servers themselves.

use archipelago_proto::ec2::v1::{
    CreateRouteServerRequest, CreateRouteServerResult, DeleteRouteServerRequest, DeleteRouteServerResult,
    DescribeRouteServersRequest, DescribeRouteServersResult, GetRouteServerRoutingDatabaseRequest,
    GetRouteServerRoutingDatabaseResult, ModifyRouteServerRequest, ModifyRouteServerResult, RouteServer,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::{ROUTES, SERVERS};
use super::server::{RouteServerCommand, RouteServerState};
use crate::entity::Entity as _;
use crate::request::{Action, Context, Describe, tags_for};
use crate::time::{Millis, Transition};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_route_server),
        Action::new(delete_route_server),
        Action::new(describe_route_servers),
        Action::new(get_route_server_routing_database),
        Action::new(modify_route_server),
    ]
}

#[allow(clippy::unnecessary_wraps)] // What is due is an optional field.
pub(super) fn settles(cx: &Context) -> Option<Millis> {
    Some(cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::RouteServerChange))
}

/// Four bytes, and not zero.
pub(super) fn check_asn(parameter: &str, asn: i64) -> Ec2Result<()> {
    if (1..=i64::from(u32::MAX)).contains(&asn) { Ok(()) } else { Err(Ec2Error::invalid_value(parameter, asn)) }
}

/// AWS: "1-5 minutes".
fn check_duration(duration: Option<i64>) -> Ec2Result<()> {
    match duration.filter(|duration| !(1..=5).contains(duration)) {
        Some(duration) => Err(Ec2Error::invalid_value("persistRoutesDuration", duration)),
        None => Ok(()),
    }
}

/// The topic that AWS makes for a server.
fn topic(cx: &Context, server: &str) -> String {
    let partition = cx.facts.partition.id();
    format!("arn:{partition}:sns:{}:{}:aws-route-server-{server}", cx.facts.name, cx.account)
}

async fn create_route_server(cx: Context, input: CreateRouteServerRequest) -> Ec2Result<CreateRouteServerResult> {
    let kind = &RouteServerState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    check_asn("amazonSideAsn", input.amazon_side_asn())?;
    check_duration(input.persist_routes_duration)?;
    let persists = match input.persist_routes.as_deref() {
        Some("reset") => return Err(Ec2Error::invalid_value("persistRoutes", "reset")),
        wanted => wanted == Some("enable"),
    };
    if input.persist_routes_duration.is_some() && !persists {
        return Err(Ec2Error::invalid_combination("The parameter PersistRoutesDuration requires PersistRoutes."));
    }
    let id = cx.route_servers.fresh_id();
    let notify = input.sns_notifications_enabled();
    let public = RouteServer {
        route_server_id: Some(id.to_string()),
        amazon_side_asn: input.amazon_side_asn,
        state: Some("pending".into()),
        tags,
        persist_routes_state: Some(if persists { "enabled" } else { "disabled" }.into()),
        persist_routes_duration: persists.then(|| input.persist_routes_duration.unwrap_or(1)),
        sns_notifications_enabled: Some(notify),
        sns_topic_arn: notify.then(|| topic(&cx, &id)),
    };
    let state = RouteServerState { public: public.clone(), settles: settles(&cx), ..RouteServerState::default() };
    let mut batch = cx.batch();
    batch.create(&cx.route_servers, &id, state)?;
    cx.commit(batch, CreateRouteServerResult { route_server: Some(public) }).await
}

async fn modify_route_server(cx: Context, input: ModifyRouteServerRequest) -> Ec2Result<ModifyRouteServerResult> {
    check_duration(input.persist_routes_duration)?;
    let server = cx.route_servers.find(&cx.account, input.route_server_id())?;
    let command = RouteServerCommand::Modify {
        persist: input.persist_routes,
        duration: input.persist_routes_duration,
        notify: input.sns_notifications_enabled,
        topic: topic(&cx, &server.id),
    };
    let now = cx.route_servers.ask(&server.id, command).await?.published;
    Ok(ModifyRouteServerResult { route_server: Some(now.state.public.clone()) })
}

async fn delete_route_server(cx: Context, input: DeleteRouteServerRequest) -> Ec2Result<DeleteRouteServerResult> {
    let server = cx.route_servers.find(&cx.account, input.route_server_id())?;
    let gone = cx.route_servers.ask(&server.id, RouteServerCommand::Delete).await?.published;
    Ok(DeleteRouteServerResult { route_server: Some(gone.state.public.clone()) })
}

async fn describe_route_servers(
    cx: Context,
    input: DescribeRouteServersRequest,
) -> Ec2Result<DescribeRouteServersResult> {
    let describe = Describe {
        ids: &input.route_server_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.route_servers, SERVERS)?;
    let route_servers = page.map(|server| server.state.public.clone());
    Ok(DescribeRouteServersResult { route_servers, next_token: page.next_token })
}

/// No peer is up, so that there is no route.
async fn get_route_server_routing_database(
    cx: Context,
    input: GetRouteServerRoutingDatabaseRequest,
) -> Ec2Result<GetRouteServerRoutingDatabaseResult> {
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let server = cx.route_servers.find(&cx.account, input.route_server_id())?;
    let page = describe.pick_from(&server.id, ROUTES, Vec::new())?;
    Ok(GetRouteServerRoutingDatabaseResult {
        are_routes_persisted: Some(server.state.public.persist_routes_state() == "enabled"),
        routes: page.items,
        next_token: page.next_token,
    })
}
