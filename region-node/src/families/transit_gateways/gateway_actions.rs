//! The actions on gateways themselves.

use std::sync::Arc;

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    CreateTransitGatewayRequest, CreateTransitGatewayResult, DeleteTransitGatewayRequest, DeleteTransitGatewayResult,
    DescribeTransitGatewaysRequest, DescribeTransitGatewaysResult, ModifyTransitGatewayRequest,
    ModifyTransitGatewayResult, TransitGateway,
};

use super::TransitGatewayState;
use super::filters::GATEWAYS;
use super::gateway::GatewayCommand;
use super::gateway_options::{check_change, created};
use super::life::{Life, PENDING};
use super::table::TableCommand;
use super::table_actions::new_table;
use super::view::find_gateway;
use crate::Region;
use crate::entity::{Entity as _, Id, Published};
use crate::request::{Action, Context, Describe, tags_for};
use crate::time::{Millis, Transition};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_transit_gateway),
        Action::new(delete_transit_gateway),
        Action::new(describe_transit_gateways),
        Action::new(modify_transit_gateway),
    ]
}

/// When something that begins now has settled.
pub(super) fn settles(cx: &Context) -> Millis {
    cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::TransitGatewayChange)
}

async fn create_transit_gateway(
    cx: Context,
    input: CreateTransitGatewayRequest,
) -> Ec2Result<CreateTransitGatewayResult> {
    let kind = &TransitGatewayState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let (id, table) = (cx.transit_gateways.fresh_id(), cx.transit_gateway_route_tables.fresh_id());
    let (options, has_table) = created(input.options.unwrap_or_default(), &table)?;
    let public = TransitGateway {
        transit_gateway_arn: Some(cx.arn(kind.resource_type, &id)),
        transit_gateway_id: Some(id.to_string()),
        state: Some(PENDING.to_owned()),
        owner_id: Some(cx.account.to_string()),
        description: input.description,
        creation_time: Some(cx.shell.clock.now()),
        options: Some(options),
        tags,
    };
    let state =
        TransitGatewayState { public: public.clone(), life: Life::beginning(settles(&cx)), tables_left: Vec::new() };
    let mut batch = cx.batch();
    batch.create(&cx.transit_gateways, &id, state)?;
    if has_table {
        batch.create(&cx.transit_gateway_route_tables, &table, new_table(&cx, &table, &id, Vec::new()))?;
    }
    cx.commit(batch, CreateTransitGatewayResult { transit_gateway: Some(public) }).await
}

async fn modify_transit_gateway(
    cx: Context,
    input: ModifyTransitGatewayRequest,
) -> Ec2Result<ModifyTransitGatewayResult> {
    let found = find_gateway(&cx, input.transit_gateway_id())?;
    let options = input.options.unwrap_or_default();
    check_change(&cx, &found.id, &found.state.options(), &options)?;
    let command = GatewayCommand::Modify { description: input.description, options: Box::new(options) };
    let now = cx.transit_gateways.ask(&found.id, command).await?.published;
    Ok(ModifyTransitGatewayResult { transit_gateway: Some(now.state.public.clone()) })
}

async fn delete_transit_gateway(
    cx: Context,
    input: DeleteTransitGatewayRequest,
) -> Ec2Result<DeleteTransitGatewayResult> {
    let found = cx.transit_gateways.find(&cx.account, input.transit_gateway_id())?;
    let now = cx.transit_gateways.ask(&found.id, GatewayCommand::Delete).await?.published;
    Ok(DeleteTransitGatewayResult { transit_gateway: Some(now.state.public.clone()) })
}

/// The default tables of a gateway that is deleted go with it.
pub(crate) async fn follow(region: Arc<Region>, found: Arc<Published<TransitGatewayState>>) {
    for table in &found.state.tables_left {
        // It may have been deleted before.
        let _ = region.transit_gateway_route_tables.ask(&Id::new(table), TableCommand::DeleteWithGateway).await;
    }
    let _ = region.transit_gateways.ask(&found.id, GatewayCommand::TablesDeleted).await;
}

async fn describe_transit_gateways(
    cx: Context,
    input: DescribeTransitGatewaysRequest,
) -> Ec2Result<DescribeTransitGatewaysResult> {
    let describe = Describe {
        ids: &input.transit_gateway_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.transit_gateways, GATEWAYS)?;
    let transit_gateways = page.map(|found| found.state.public.clone());
    Ok(DescribeTransitGatewaysResult { transit_gateways, next_token: page.next_token })
}
