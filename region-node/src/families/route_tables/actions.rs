//! The actions on route tables (reference: "Route Tables").

use archipelago_proto::ec2::v1::{
    AssociateRouteTableRequest, AssociateRouteTableResult, CreateRouteTableRequest, CreateRouteTableResult,
    DeleteRouteTableRequest, DeleteRouteTableResponse, DescribeRouteTablesRequest, DescribeRouteTablesResult,
    DisassociateRouteTableRequest, DisassociateRouteTableResponse, ReplaceRouteTableAssociationRequest,
    ReplaceRouteTableAssociationResult, RouteTable,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::association::Owner;
use super::filters::FILTERS;
use super::propagation::{disable_vgw_route_propagation, enable_vgw_route_propagation};
use super::routes::{create_route, delete_route, replace_route};
use super::view::{associated, routes, view};
use super::{RouteTableCommand, RouteTableState};
use crate::entity::{Entity as _, Id};
use crate::request::{Action, Context, Describe, one_of, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(associate_route_table),
        Action::new(create_route),
        Action::new(create_route_table),
        Action::new(delete_route),
        Action::new(delete_route_table),
        Action::new(describe_route_tables),
        Action::new(disassociate_route_table),
        Action::new(replace_route),
        Action::new(enable_vgw_route_propagation),
        Action::new(disable_vgw_route_propagation),
        Action::new(replace_route_table_association),
    ]
}

async fn create_route_table(cx: Context, input: CreateRouteTableRequest) -> Ec2Result<CreateRouteTableResult> {
    let kind = &RouteTableState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let id = cx.route_tables.fresh_id();
    let table = RouteTableState::new(&cx.account, &id, &vpc.id, Vec::new(), tags);
    let public = RouteTable { routes: routes(&cx, &table.public), ..table.public.clone() };
    let mut batch = cx.batch();
    batch.create(&cx.route_tables, &id, table)?;
    let response = CreateRouteTableResult { route_table: Some(public), client_token: input.client_token };
    cx.commit(batch, response).await
}

async fn delete_route_table(cx: Context, input: DeleteRouteTableRequest) -> Ec2Result<DeleteRouteTableResponse> {
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    cx.route_tables.ask(&table.id, RouteTableCommand::Delete).await?;
    Ok(DeleteRouteTableResponse {})
}

async fn describe_route_tables(cx: Context, input: DescribeRouteTablesRequest) -> Ec2Result<DescribeRouteTablesResult> {
    let describe = Describe {
        ids: &input.route_table_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 5..=100,
        ..Describe::default()
    };
    let page = describe.find_rows(&cx, &cx.route_tables, FILTERS, |table| view(&cx, &table))?;
    let route_tables = page.items.into_iter().map(|view| view.table).collect();
    Ok(DescribeRouteTablesResult { route_tables, next_token: page.next_token })
}

async fn associate_route_table(cx: Context, input: AssociateRouteTableRequest) -> Ec2Result<AssociateRouteTableResult> {
    if let Some(pool) = &input.public_ipv4_pool {
        return Err(Ec2Error::new("InvalidPoolID.NotFound", format!("The pool ID '{pool}' does not exist")));
    }
    one_of(("subnetId", input.subnet_id.as_deref()), ("gatewayId", input.gateway_id.as_deref()))?;
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    let owner = match (&input.subnet_id, &input.gateway_id) {
        (Some(subnet), _) => Owner::Subnet(cx.subnets.find(&cx.account, subnet)?),
        (None, gateway) => {
            let id = gateway.as_deref().unwrap_or_default();
            let unknown =
                |_| Ec2Error::new("InvalidGatewayID.NotFound", format!("The gateway ID '{id}' does not exist"));
            if id.starts_with("vgw-") {
                Owner::VpnGateway(cx.vpn_gateways.find(&cx.account, id).map_err(unknown)?)
            } else {
                Owner::Gateway(cx.internet_gateways.find(&cx.account, id).map_err(unknown)?)
            }
        }
    };
    owner.check_vpc(&table.id, table.state.public.vpc_id())?;
    owner.check_routes(&cx, &table)?;
    let association = owner.associate(&cx, &table.id).await?;
    Ok(AssociateRouteTableResult { association_id: Some(association.into()), association_state: Some(associated()) })
}

async fn disassociate_route_table(
    cx: Context,
    input: DisassociateRouteTableRequest,
) -> Ec2Result<DisassociateRouteTableResponse> {
    let association = Id::new(input.association_id());
    Owner::of(&cx, &association)?.disassociate(&cx, association).await?;
    Ok(DisassociateRouteTableResponse {})
}

async fn replace_route_table_association(
    cx: Context,
    input: ReplaceRouteTableAssociationRequest,
) -> Ec2Result<ReplaceRouteTableAssociationResult> {
    let association = Id::new(input.association_id());
    let owner = Owner::of(&cx, &association)?;
    let table = cx.route_tables.find(&cx.account, input.route_table_id())?;
    owner.check_vpc(&table.id, table.state.public.vpc_id())?;
    owner.check_routes(&cx, &table)?;
    let new = owner.replace(&cx, association, &table.id).await?;
    Ok(ReplaceRouteTableAssociationResult {
        new_association_id: Some(new.into()),
        association_state: Some(associated()),
    })
}
