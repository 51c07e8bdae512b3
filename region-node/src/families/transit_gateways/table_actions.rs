//! The actions on route tables themselves.

use archipelago_proto::Ec2Error;
use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    CreateTransitGatewayRouteTableRequest, CreateTransitGatewayRouteTableResult, DeleteTransitGatewayRouteTableRequest,
    DeleteTransitGatewayRouteTableResult, DescribeTransitGatewayRouteTablesRequest,
    DescribeTransitGatewayRouteTablesResult, Tag, TransitGatewayRouteTable,
};

use super::TransitGatewayRouteTableState;
use super::filters::TABLES;
use super::gateway_actions::settles;
use super::life::{AVAILABLE, Life, PENDING, incorrect_state};
use super::table::TableCommand;
use super::view::{find_gateway, table_view};
use crate::entity::{Entity as _, Id};
use crate::request::{Action, Context, Describe, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_transit_gateway_route_table),
        Action::new(delete_transit_gateway_route_table),
        Action::new(describe_transit_gateway_route_tables),
    ]
}

pub(super) fn new_table(cx: &Context, id: &Id, gateway: &Id, tags: Vec<Tag>) -> TransitGatewayRouteTableState {
    let public = TransitGatewayRouteTable {
        transit_gateway_route_table_id: Some(id.to_string()),
        transit_gateway_id: Some(gateway.to_string()),
        state: Some(PENDING.to_owned()),
        creation_time: Some(cx.shell.clock.now()),
        tags,
        ..TransitGatewayRouteTable::default()
    };
    TransitGatewayRouteTableState { public, life: Life::beginning(settles(cx)), ..Default::default() }
}

async fn create_transit_gateway_route_table(
    cx: Context,
    input: CreateTransitGatewayRouteTableRequest,
) -> Ec2Result<CreateTransitGatewayRouteTableResult> {
    let kind = &TransitGatewayRouteTableState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let gateway = find_gateway(&cx, input.transit_gateway_id())?;
    if gateway.state.public.state() != AVAILABLE {
        return Err(incorrect_state(&gateway.id, gateway.state.public.state()));
    }
    let id = cx.transit_gateway_route_tables.fresh_id();
    let table = new_table(&cx, &id, &gateway.id, tags);
    let public = TransitGatewayRouteTable {
        default_association_route_table: Some(false),
        default_propagation_route_table: Some(false),
        ..table.public.clone()
    };
    let mut batch = cx.batch();
    batch.create(&cx.transit_gateway_route_tables, &id, table)?;
    cx.commit(batch, CreateTransitGatewayRouteTableResult { transit_gateway_route_table: Some(public) }).await
}

async fn delete_transit_gateway_route_table(
    cx: Context,
    input: DeleteTransitGatewayRouteTableRequest,
) -> Ec2Result<DeleteTransitGatewayRouteTableResult> {
    let found = cx.transit_gateway_route_tables.find(&cx.account, input.transit_gateway_route_table_id())?;
    let gateway = cx.transit_gateways.index().get(found.state.gateway());
    let (association, propagation) = gateway.map(|gateway| gateway.state.defaults()).unwrap_or_default();
    if [association, propagation].iter().flatten().any(|default| **default == *found.id) {
        let message =
            format!("{} is a default route table of {} and cannot be deleted.", found.id, found.state.gateway());
        return Err(Ec2Error::new("IncorrectState", message));
    }
    let now = cx.transit_gateway_route_tables.ask(&found.id, TableCommand::Delete).await?.published;
    Ok(DeleteTransitGatewayRouteTableResult { transit_gateway_route_table: Some(table_view(&cx, &now).public) })
}

async fn describe_transit_gateway_route_tables(
    cx: Context,
    input: DescribeTransitGatewayRouteTablesRequest,
) -> Ec2Result<DescribeTransitGatewayRouteTablesResult> {
    let describe = Describe {
        ids: &input.transit_gateway_route_table_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find_rows(&cx, &cx.transit_gateway_route_tables, TABLES, |found| table_view(&cx, &found))?;
    let transit_gateway_route_tables = page.items.into_iter().map(|view| view.public).collect();
    Ok(DescribeTransitGatewayRouteTablesResult { transit_gateway_route_tables, next_token: page.next_token })
}
