//! Routes of a transit gateway's table: static ones as they were made, propagated ones as the attachments have them.

use archipelago_proto::ec2::v1::{
    CreateTransitGatewayRouteRequest, CreateTransitGatewayRouteResult, DeleteTransitGatewayRouteRequest,
    DeleteTransitGatewayRouteResult, ExportTransitGatewayRoutesRequest, ExportTransitGatewayRoutesResult, Filter,
    ReplaceTransitGatewayRouteRequest, ReplaceTransitGatewayRouteResult, SearchTransitGatewayRoutesRequest,
    SearchTransitGatewayRoutesResult, TransitGatewayRoute,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;

use super::TransitGatewayRouteTableState;
use super::associations::check_same;
use super::search::{FILTERS, RouteRow, narrow};
use super::table::{StaticRoute, TableCommand};
use super::view::{alive, blocks, blocks_of_list, find_attachment, find_table, route_attachment};
use crate::entity::Published;
use crate::request::{Action, Context, Describe};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_transit_gateway_route),
        Action::new(delete_transit_gateway_route),
        Action::new(export_transit_gateway_routes),
        Action::new(replace_transit_gateway_route),
        Action::new(search_transit_gateway_routes),
    ]
}

const STATIC: &str = "static";
const PROPAGATED: &str = "propagated";

fn destination(text: &str) -> Ec2Result<IpNet> {
    text.parse().map(|block: IpNet| block.trunc()).map_err(|_| {
        Ec2Error::invalid_parameter(format!(
            "Value ({text}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block."
        ))
    })
}

fn shown(cx: &Context, gateway: &str, route: &StaticRoute) -> TransitGatewayRoute {
    let attachment = route.attachment.as_deref().and_then(|id| alive(cx, id));
    let active = attachment.as_ref().is_some_and(|found| found.state.is_available());
    TransitGatewayRoute {
        destination_cidr_block: Some(route.destination.clone()),
        state: Some(if active { "active" } else { "blackhole" }.to_owned()),
        transit_gateway_attachments: attachment.iter().map(|found| route_attachment(found, gateway)).collect(),
        r#type: Some(STATIC.to_owned()),
        ..TransitGatewayRoute::default()
    }
}

/// Every route of a table. A static one goes before those of prefix lists, these before a propagated one, and of two
/// attachments with the same block the first one that propagates.
pub(super) fn routes(cx: &Context, table: &TransitGatewayRouteTableState) -> Vec<RouteRow> {
    let gateway = table.gateway();
    let mut rows: Vec<_> = table.routes.iter().filter_map(|route| RouteRow::new(shown(cx, gateway, route))).collect();
    for reference in &table.references {
        for block in blocks_of_list(cx, &reference.list) {
            if !rows.iter().any(|row| row.destination == block) {
                let route = StaticRoute { destination: block.to_string(), attachment: reference.attachment.clone() };
                rows.extend(RouteRow::new(TransitGatewayRoute {
                    prefix_list_id: Some(reference.list.clone()),
                    ..shown(cx, gateway, &route)
                }));
            }
        }
    }
    for attachment in table.propagations.iter().filter_map(|id| alive(cx, id)) {
        for block in blocks(cx, &attachment.state) {
            if !rows.iter().any(|row| row.destination == block) {
                rows.extend(RouteRow::new(TransitGatewayRoute {
                    destination_cidr_block: Some(block.to_string()),
                    transit_gateway_attachments: vec![route_attachment(&attachment, gateway)],
                    state: Some("active".to_owned()),
                    r#type: Some(PROPAGATED.to_owned()),
                    ..TransitGatewayRoute::default()
                }));
            }
        }
    }
    rows.sort_by(|one, other| one.position.cmp(&other.position));
    rows
}

/// The route that a request describes: to an attachment of the table's gateway, or a black hole.
fn wanted(
    cx: &Context,
    table: &Published<TransitGatewayRouteTableState>,
    block: &str,
    attachment: Option<&str>,
    blackhole: Option<bool>,
) -> Ec2Result<StaticRoute> {
    let destination = destination(block)?.to_string();
    Ok(StaticRoute { destination, attachment: way(cx, table, attachment, blackhole)? })
}

/// The attachment that traffic is to be sent to, which is of the table's gateway; none is a black hole.
pub(super) fn way(
    cx: &Context,
    table: &Published<TransitGatewayRouteTableState>,
    attachment: Option<&str>,
    blackhole: Option<bool>,
) -> Ec2Result<Option<String>> {
    // Terraform's provider sends an empty id with a black hole.
    let attachment = attachment.filter(|id| !id.is_empty());
    match (attachment, blackhole.unwrap_or_default()) {
        (Some(_), true) => Err(Ec2Error::invalid_combination(
            "The parameters Blackhole and TransitGatewayAttachmentId may not be specified together",
        )),
        (None, false) => Err(Ec2Error::missing_parameter("TransitGatewayAttachmentId")),
        (None, true) => Ok(None),
        (Some(id), false) => {
            let attachment = find_attachment(cx, id)?;
            check_same(table, &attachment)?;
            Ok(Some(id.to_owned()))
        }
    }
}

async fn create_transit_gateway_route(
    cx: Context,
    input: CreateTransitGatewayRouteRequest,
) -> Ec2Result<CreateTransitGatewayRouteResult> {
    let table = find_table(&cx, input.transit_gateway_route_table_id())?;
    let attachment = input.transit_gateway_attachment_id.as_deref();
    let route = wanted(&cx, &table, input.destination_cidr_block(), attachment, input.blackhole)?;
    cx.transit_gateway_route_tables.ask(&table.id, TableCommand::Add(route.clone())).await?;
    Ok(CreateTransitGatewayRouteResult { route: Some(shown(&cx, table.state.gateway(), &route)) })
}

async fn replace_transit_gateway_route(
    cx: Context,
    input: ReplaceTransitGatewayRouteRequest,
) -> Ec2Result<ReplaceTransitGatewayRouteResult> {
    let table = find_table(&cx, input.transit_gateway_route_table_id())?;
    let attachment = input.transit_gateway_attachment_id.as_deref();
    let route = wanted(&cx, &table, input.destination_cidr_block(), attachment, input.blackhole)?;
    let known = routes(&cx, &table.state);
    let propagated = known.iter().any(|row| row.public.destination_cidr_block() == route.destination);
    let command = TableCommand::Replace { route: route.clone(), propagated };
    cx.transit_gateway_route_tables.ask(&table.id, command).await?;
    Ok(ReplaceTransitGatewayRouteResult { route: Some(shown(&cx, table.state.gateway(), &route)) })
}

async fn delete_transit_gateway_route(
    cx: Context,
    input: DeleteTransitGatewayRouteRequest,
) -> Ec2Result<DeleteTransitGatewayRouteResult> {
    let table = find_table(&cx, input.transit_gateway_route_table_id())?;
    let destination = destination(input.destination_cidr_block())?;
    let text = destination.to_string();
    let route = table
        .state
        .routes
        .iter()
        .find(|route| route.destination == text)
        .map(|route| shown(&cx, table.state.gateway(), route));
    cx.transit_gateway_route_tables.ask(&table.id, TableCommand::Remove(destination)).await?;
    let route = route.map(|route| TransitGatewayRoute { state: Some("deleted".to_owned()), ..route });
    Ok(DeleteTransitGatewayRouteResult { route })
}

async fn search_transit_gateway_routes(
    cx: Context,
    input: SearchTransitGatewayRoutesRequest,
) -> Ec2Result<SearchTransitGatewayRoutesResult> {
    let table = cx.transit_gateway_route_tables.find(&cx.account, input.transit_gateway_route_table_id())?;
    let (rows, filters) = narrow(routes(&cx, &table.state), &input.filters)?;
    let describe = Describe {
        filters: &filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.pick("transit-gateway-route", FILTERS, |after| {
        let after = after.unwrap_or_default().to_owned();
        rows.into_iter().filter(move |row| row.position > after)
    })?;
    Ok(SearchTransitGatewayRoutesResult {
        routes: page.map(|row| row.public.clone()),
        additional_routes_available: Some(page.next_token.is_some()),
        next_token: page.next_token,
    })
}

/// Where AWS would put the routes; there is no object store to put them into.
async fn export_transit_gateway_routes(
    cx: Context,
    input: ExportTransitGatewayRoutesRequest,
) -> Ec2Result<ExportTransitGatewayRoutesResult> {
    let table = find_table(&cx, input.transit_gateway_route_table_id())?;
    let bucket = input.s3_bucket.as_deref().filter(|bucket| !bucket.is_empty());
    let bucket = bucket.ok_or_else(|| Ec2Error::missing_parameter("S3Bucket"))?;
    // botocore has one name more than a search.
    let renamed = |filter: &Filter| match filter.name() {
        "transit-gateway-route-destination-cidr-block" => {
            Filter { name: Some("route-search.exact-match".to_owned()), values: filter.values.clone() }
        }
        _ => filter.clone(),
    };
    let filters: Vec<_> = input.filters.iter().map(renamed).collect();
    let (rows, filters) = narrow(routes(&cx, &table.state), &filters)?;
    let describe = Describe { filters: &filters, ..Describe::default() };
    describe.pick_from("transit-gateway-route", FILTERS, rows)?;
    let key = format!("VPCTransitGateway/TransitGatewayRouteTables/{}_{}.json", table.id, cx.shell.clock.now());
    Ok(ExportTransitGatewayRoutesResult { s3_location: Some(format!("s3://{bucket}/{key}")) })
}
