//! Associations: which route table what comes from an attachment is looked up in.

use archipelago_proto::ec2::v1::{
    AssociateTransitGatewayRouteTableRequest, AssociateTransitGatewayRouteTableResult,
    DisassociateTransitGatewayRouteTableRequest, DisassociateTransitGatewayRouteTableResult,
    GetTransitGatewayRouteTableAssociationsRequest, GetTransitGatewayRouteTableAssociationsResult,
    TransitGatewayAssociation, TransitGatewayRouteTableAssociation,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::attachment::AttachmentCommand;
use super::view::{Attached, find_attachment, find_table};
use super::{AttachmentState, TransitGatewayRouteTableState};
use crate::entity::{Published, Undo, workflow};
use crate::request::{Action, Column, Context, Describe, Table};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(associate_transit_gateway_route_table),
        Action::new(disassociate_transit_gateway_route_table),
        Action::new(get_transit_gateway_route_table_associations),
    ]
}

/// botocore: GetTransitGatewayRouteTableAssociations.
pub(super) const FILTERS: Table<Attached> = &[
    ("resource-id", Column::Of(|row, probe| probe.text(row.resource().0))),
    ("resource-type", Column::Of(|row, probe| probe.text(row.resource().1))),
    ("transit-gateway-attachment-id", Column::Id),
];

/// An attachment and a table of one gateway.
pub(super) fn check_same(
    table: &Published<TransitGatewayRouteTableState>,
    attachment: &Published<AttachmentState>,
) -> Ec2Result<()> {
    if attachment.state.is_of(table.state.gateway()) {
        return Ok(());
    }
    Err(Ec2Error::invalid_parameter(format!(
        "{} and {} belong to different transit gateways.",
        attachment.id, table.id
    )))
}

fn association(
    table: &Published<TransitGatewayRouteTableState>,
    attachment: &Published<AttachmentState>,
    state: &str,
) -> TransitGatewayAssociation {
    let (resource, resource_type, _) = attachment.state.resource(table.state.gateway());
    TransitGatewayAssociation {
        transit_gateway_route_table_id: Some(table.id.to_string()),
        transit_gateway_attachment_id: Some(attachment.id.to_string()),
        resource_id: Some(resource.to_owned()),
        resource_type: Some(resource_type.to_owned()),
        state: Some(state.to_owned()),
    }
}

async fn associate_transit_gateway_route_table(
    cx: Context,
    input: AssociateTransitGatewayRouteTableRequest,
) -> Ec2Result<AssociateTransitGatewayRouteTableResult> {
    let table = find_table(&cx, input.transit_gateway_route_table_id())?;
    let attachment = find_attachment(&cx, input.transit_gateway_attachment_id())?;
    check_same(&table, &attachment)?;
    let mut undo = Undo::default();
    cx.hold(&mut undo, &cx.transit_gateway_attachments, &attachment.id, &table.id).await?;
    let (gateway, id) = (table.state.gateway().to_owned(), table.id.to_string());
    let command = AttachmentCommand::Associate { gateway, table: id };
    let outcome = cx.transit_gateway_attachments.ask(&attachment.id, command).await;
    workflow(undo, outcome).await?;
    let association = Some(association(&table, &attachment, "associating"));
    Ok(AssociateTransitGatewayRouteTableResult { association })
}

async fn disassociate_transit_gateway_route_table(
    cx: Context,
    input: DisassociateTransitGatewayRouteTableRequest,
) -> Ec2Result<DisassociateTransitGatewayRouteTableResult> {
    let table = find_table(&cx, input.transit_gateway_route_table_id())?;
    let attachment = find_attachment(&cx, input.transit_gateway_attachment_id())?;
    let (gateway, id) = (table.state.gateway().to_owned(), table.id.to_string());
    let command = AttachmentCommand::Disassociate { gateway, table: id };
    cx.transit_gateway_attachments.ask(&attachment.id, command).await?;
    let association = Some(association(&table, &attachment, "disassociating"));
    Ok(DisassociateTransitGatewayRouteTableResult { association })
}

async fn get_transit_gateway_route_table_associations(
    cx: Context,
    input: GetTransitGatewayRouteTableAssociationsRequest,
) -> Ec2Result<GetTransitGatewayRouteTableAssociationsResult> {
    let table = cx.transit_gateway_route_tables.find(&cx.account, input.transit_gateway_route_table_id())?;
    let scope = [table.id.to_string()];
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        scope: &[&scope],
        ..Describe::default()
    };
    let associated = cx.transit_gateway_attachments.linked_to(&table.id);
    let associated = Attached::sorted(associated.values().cloned(), table.state.gateway());
    let page = describe.pick_from("transit-gateway-association", FILTERS, associated)?;
    let associations = page.map(|found| TransitGatewayRouteTableAssociation {
        transit_gateway_attachment_id: Some(found.found.id.to_string()),
        resource_id: Some(found.resource().0.to_owned()),
        resource_type: Some(found.resource().1.to_owned()),
        state: Some("associated".to_owned()),
    });
    Ok(GetTransitGatewayRouteTableAssociationsResult { associations, next_token: page.next_token })
}
