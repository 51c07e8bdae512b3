//! Propagations: which attachments' blocks a route table has routes to.

use archipelago_proto::ec2::v1::{
    DisableTransitGatewayRouteTablePropagationRequest, DisableTransitGatewayRouteTablePropagationResult,
    EnableTransitGatewayRouteTablePropagationRequest, EnableTransitGatewayRouteTablePropagationResult,
    GetTransitGatewayAttachmentPropagationsRequest, GetTransitGatewayAttachmentPropagationsResult,
    GetTransitGatewayRouteTablePropagationsRequest, GetTransitGatewayRouteTablePropagationsResult,
    TransitGatewayAttachmentPropagation, TransitGatewayPropagation, TransitGatewayRouteTablePropagation,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::associations::{FILTERS, check_same};
use super::table::TableCommand;
use super::view::{Attached, alive, find_attachment, find_table, seen};
use super::{AttachmentState, TransitGatewayRouteTableState};
use crate::entity::{Id, Published};
use crate::request::{Action, Column, Context, Describe, FilterTable, required};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(disable_transit_gateway_route_table_propagation),
        Action::new(enable_transit_gateway_route_table_propagation),
        Action::new(get_transit_gateway_attachment_propagations),
        Action::new(get_transit_gateway_route_table_propagations),
    ]
}

/// botocore: GetTransitGatewayAttachmentPropagations.
const TABLE_FILTERS: FilterTable<TransitGatewayRouteTableState> = &[("transit-gateway-route-table-id", Column::Id)];

fn propagation(
    table: &Published<TransitGatewayRouteTableState>,
    attachment: &Published<AttachmentState>,
    state: &str,
) -> TransitGatewayPropagation {
    let (resource, resource_type, _) = attachment.state.resource(table.state.gateway());
    TransitGatewayPropagation {
        transit_gateway_attachment_id: Some(attachment.id.to_string()),
        resource_id: Some(resource.to_owned()),
        resource_type: Some(resource_type.to_owned()),
        transit_gateway_route_table_id: Some(table.id.to_string()),
        state: Some(state.to_owned()),
        transit_gateway_route_table_announcement_id: None,
    }
}

/// Announcements come from peered gateways of a core network, of which there is none.
fn refuse_announcement(id: Option<&str>) -> Ec2Result<()> {
    let unknown = |id| {
        let message = format!("The transitGatewayRouteTableAnnouncement ID '{id}' does not exist");
        Err(Ec2Error::new("InvalidTransitGatewayRouteTableAnnouncementID.NotFound", message))
    };
    id.map_or(Ok(()), unknown)
}

async fn enable_transit_gateway_route_table_propagation(
    cx: Context,
    input: EnableTransitGatewayRouteTablePropagationRequest,
) -> Ec2Result<EnableTransitGatewayRouteTablePropagationResult> {
    refuse_announcement(input.transit_gateway_route_table_announcement_id.as_deref())?;
    let attachment = required("transitGatewayAttachmentId", input.transit_gateway_attachment_id.as_deref())?;
    let table = find_table(&cx, input.transit_gateway_route_table_id())?;
    let attachment = find_attachment(&cx, attachment)?;
    check_same(&table, &attachment)?;
    if attachment.state.peering.is_some() {
        return Err(Ec2Error::unsupported(format!(
            "{} is a peering attachment and propagates no routes.",
            attachment.id
        )));
    }
    let command = TableCommand::Propagate(attachment.id.to_string());
    cx.transit_gateway_route_tables.ask(&table.id, command).await?;
    let propagation = Some(propagation(&table, &attachment, "enabled"));
    Ok(EnableTransitGatewayRouteTablePropagationResult { propagation })
}

async fn disable_transit_gateway_route_table_propagation(
    cx: Context,
    input: DisableTransitGatewayRouteTablePropagationRequest,
) -> Ec2Result<DisableTransitGatewayRouteTablePropagationResult> {
    refuse_announcement(input.transit_gateway_route_table_announcement_id.as_deref())?;
    let attachment = required("transitGatewayAttachmentId", input.transit_gateway_attachment_id.as_deref())?;
    let table = find_table(&cx, input.transit_gateway_route_table_id())?;
    let attachment = find_attachment(&cx, attachment)?;
    let command = TableCommand::StopPropagating(attachment.id.to_string());
    cx.transit_gateway_route_tables.ask(&table.id, command).await?;
    let propagation = Some(propagation(&table, &attachment, "disabled"));
    Ok(DisableTransitGatewayRouteTablePropagationResult { propagation })
}

async fn get_transit_gateway_route_table_propagations(
    cx: Context,
    input: GetTransitGatewayRouteTablePropagationsRequest,
) -> Ec2Result<GetTransitGatewayRouteTablePropagationsResult> {
    let table = cx.transit_gateway_route_tables.find(&cx.account, input.transit_gateway_route_table_id())?;
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let attachments = table.state.propagations.iter().filter_map(|id| alive(&cx, id));
    let attachments = Attached::sorted(attachments, table.state.gateway());
    let page = describe.pick_from("transit-gateway-propagation", FILTERS, attachments)?;
    let propagations = page.map(|found| TransitGatewayRouteTablePropagation {
        transit_gateway_attachment_id: Some(found.found.id.to_string()),
        resource_id: Some(found.resource().0.to_owned()),
        resource_type: Some(found.resource().1.to_owned()),
        state: Some("enabled".to_owned()),
        transit_gateway_route_table_announcement_id: None,
    });
    Ok(GetTransitGatewayRouteTablePropagationsResult {
        transit_gateway_route_table_propagations: propagations,
        next_token: page.next_token,
    })
}

async fn get_transit_gateway_attachment_propagations(
    cx: Context,
    input: GetTransitGatewayAttachmentPropagationsRequest,
) -> Ec2Result<GetTransitGatewayAttachmentPropagationsResult> {
    let attachment = seen(&cx, input.transit_gateway_attachment_id())?;
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let tables = cx.transit_gateway_route_tables.linked_to(&Id::new(attachment.state.gateway()));
    let propagates =
        |id: &str| tables.values().filter(|t| t.state.propagations.iter().any(|known| known == id)).cloned().collect();
    let mut tables: Vec<_> = if attachment.state.is_over() { Vec::new() } else { propagates(&attachment.id) };
    tables.sort_by(|one, other| one.id.cmp(&other.id));
    let page = describe.pick("transit-gateway-attachment-propagation", TABLE_FILTERS, |after| {
        let after = after.unwrap_or_default().to_owned();
        tables.into_iter().filter(move |found| *found.id > *after)
    })?;
    let propagations = page.map(|found| TransitGatewayAttachmentPropagation {
        transit_gateway_route_table_id: Some(found.id.to_string()),
        state: Some("enabled".to_owned()),
    });
    Ok(GetTransitGatewayAttachmentPropagationsResult {
        transit_gateway_attachment_propagations: propagations,
        next_token: page.next_token,
    })
}
