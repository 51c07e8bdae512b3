//! References to prefix lists: a route table has a route to each entry that a list has at the time.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    CreateTransitGatewayPrefixListReferenceRequest, CreateTransitGatewayPrefixListReferenceResult,
    DeleteTransitGatewayPrefixListReferenceRequest, DeleteTransitGatewayPrefixListReferenceResult,
    GetTransitGatewayPrefixListReferencesRequest, GetTransitGatewayPrefixListReferencesResult,
    ModifyTransitGatewayPrefixListReferenceRequest, ModifyTransitGatewayPrefixListReferenceResult,
    TransitGatewayPrefixListAttachment, TransitGatewayPrefixListReference,
};

use super::TransitGatewayRouteTableState;
use super::routes::way;
use super::table::{ListReference, TableCommand};
use super::view::{alive, find_table};
use crate::entity::{Published, Undo, workflow};
use crate::families::prefix_lists;
use crate::request::{Action, Column, Context, Describe, Row, Table};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_transit_gateway_prefix_list_reference),
        Action::new(delete_transit_gateway_prefix_list_reference),
        Action::new(get_transit_gateway_prefix_list_references),
        Action::new(modify_transit_gateway_prefix_list_reference),
    ]
}

impl Row for TransitGatewayPrefixListReference {
    fn id(&self) -> &str {
        self.prefix_list_id()
    }
}

type Reference = TransitGatewayPrefixListReference;

macro_rules! attachment {
    ($name:literal, $get:ident) => {
        (
            concat!("attachment.", $name),
            Column::Of(|row: &Reference, probe| {
                probe.maybe(row.transit_gateway_attachment.as_ref().map(TransitGatewayPrefixListAttachment::$get));
            }),
        )
    };
}

/// botocore: GetTransitGatewayPrefixListReferences.
const FILTERS: Table<Reference> = &[
    attachment!("resource-id", resource_id),
    attachment!("resource-type", resource_type),
    attachment!("transit-gateway-attachment-id", transit_gateway_attachment_id),
    ("is-blackhole", Column::Of(|row, probe| probe.flag(row.blackhole))),
    ("prefix-list-id", Column::Of(|row, probe| probe.text(row.prefix_list_id()))),
    ("prefix-list-owner-id", Column::Of(|row, probe| probe.maybe(row.prefix_list_owner_id.as_deref()))),
    ("state", Column::Of(|row, probe| probe.text(row.state()))),
];

fn shown(
    cx: &Context,
    table: &Published<TransitGatewayRouteTableState>,
    reference: &ListReference,
    state: &str,
) -> Reference {
    let list = cx.prefix_lists.index().get(&reference.list);
    let attachment = reference.attachment.as_deref().and_then(|id| alive(cx, id));
    TransitGatewayPrefixListReference {
        transit_gateway_route_table_id: Some(table.id.to_string()),
        prefix_list_id: Some(reference.list.clone()),
        prefix_list_owner_id: list.and_then(|list| list.state.public.owner_id.clone()),
        state: Some(state.to_owned()),
        blackhole: Some(reference.attachment.is_none()),
        transit_gateway_attachment: attachment.map(|found| {
            let (resource, resource_type, _) = found.state.resource(table.state.gateway());
            TransitGatewayPrefixListAttachment {
                transit_gateway_attachment_id: Some(found.id.to_string()),
                resource_type: Some(resource_type.to_owned()),
                resource_id: Some(resource.to_owned()),
            }
        }),
    }
}

async fn create_transit_gateway_prefix_list_reference(
    cx: Context,
    input: CreateTransitGatewayPrefixListReferenceRequest,
) -> Ec2Result<CreateTransitGatewayPrefixListReferenceResult> {
    let table = find_table(&cx, input.transit_gateway_route_table_id())?;
    let list = prefix_lists::find(&cx, input.prefix_list_id())?;
    let attachment = way(&cx, &table, input.transit_gateway_attachment_id.as_deref(), input.blackhole)?;
    let reference = ListReference { list: list.id.to_string(), attachment };
    let mut undo = Undo::default();
    let outcome = async {
        cx.hold(&mut undo, &cx.transit_gateway_route_tables, &table.id, &list.id).await?;
        cx.transit_gateway_route_tables.ask(&table.id, TableCommand::Refer(reference.clone())).await
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await?;
    let transit_gateway_prefix_list_reference = Some(shown(&cx, &table, &reference, "pending"));
    Ok(CreateTransitGatewayPrefixListReferenceResult { transit_gateway_prefix_list_reference })
}

async fn modify_transit_gateway_prefix_list_reference(
    cx: Context,
    input: ModifyTransitGatewayPrefixListReferenceRequest,
) -> Ec2Result<ModifyTransitGatewayPrefixListReferenceResult> {
    let table = find_table(&cx, input.transit_gateway_route_table_id())?;
    let list = prefix_lists::find(&cx, input.prefix_list_id())?;
    let attachment = way(&cx, &table, input.transit_gateway_attachment_id.as_deref(), input.blackhole)?;
    let reference = ListReference { list: list.id.to_string(), attachment };
    cx.transit_gateway_route_tables.ask(&table.id, TableCommand::ChangeReference(reference.clone())).await?;
    let transit_gateway_prefix_list_reference = Some(shown(&cx, &table, &reference, "modifying"));
    Ok(ModifyTransitGatewayPrefixListReferenceResult { transit_gateway_prefix_list_reference })
}

async fn delete_transit_gateway_prefix_list_reference(
    cx: Context,
    input: DeleteTransitGatewayPrefixListReferenceRequest,
) -> Ec2Result<DeleteTransitGatewayPrefixListReferenceResult> {
    let table = find_table(&cx, input.transit_gateway_route_table_id())?;
    let list = prefix_lists::find(&cx, input.prefix_list_id())?;
    let known = table.state.references.iter().find(|reference| *reference.list == *list.id);
    let transit_gateway_prefix_list_reference = known.map(|reference| shown(&cx, &table, reference, "deleting"));
    cx.transit_gateway_route_tables.ask(&table.id, TableCommand::StopReferring(list.id.to_string())).await?;
    Ok(DeleteTransitGatewayPrefixListReferenceResult { transit_gateway_prefix_list_reference })
}

async fn get_transit_gateway_prefix_list_references(
    cx: Context,
    input: GetTransitGatewayPrefixListReferencesRequest,
) -> Ec2Result<GetTransitGatewayPrefixListReferencesResult> {
    let table = cx.transit_gateway_route_tables.find(&cx.account, input.transit_gateway_route_table_id())?;
    let scope = [table.id.to_string()];
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        scope: &[&scope],
        ..Describe::default()
    };
    let mut rows: Vec<_> =
        table.state.references.iter().map(|reference| shown(&cx, &table, reference, "available")).collect();
    rows.sort_by(|one, other| one.prefix_list_id.cmp(&other.prefix_list_id));
    let page = describe.pick_from("transit-gateway-prefix-list-reference", FILTERS, rows)?;
    Ok(GetTransitGatewayPrefixListReferencesResult {
        transit_gateway_prefix_list_references: page.items,
        next_token: page.next_token,
    })
}
