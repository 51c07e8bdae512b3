//! What is attached to a gateway that may be another account's.
//!
//! On AWS the owner shares a gateway by Resource Access Manager. Here whoever knows its id may ask to be attached to it:
//! the owner accepts or rejects, unless the gateway accepts by itself (docs/adr/0011).

use std::sync::Arc;

use archipelago_proto::ec2::v1::{Tag, TransitGatewayVpcAttachment};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::attachment::Guest;
use super::gateway_actions::settles;
use super::life::{AVAILABLE, Life, PENDING, incorrect_state};
use super::table::TableCommand;
use super::{AttachmentCommand, AttachmentState, TransitGatewayState};
use crate::entity::{Batch, Entity as _, Id, Published, Undo};
use crate::request::Context;

pub(super) fn not_permitted(message: String) -> Ec2Error {
    Ec2Error::new("OperationNotPermitted", message)
}

/// A gateway of anybody's that can be attached to.
pub(super) fn gateway_to_join(cx: &Context, id: &str) -> Ec2Result<Arc<Published<TransitGatewayState>>> {
    let kind = &TransitGatewayState::KIND;
    kind.check(id)?;
    let found = cx.transit_gateways.index().get(id).ok_or_else(|| kind.not_found(id))?;
    match found.state.public.state() {
        AVAILABLE => Ok(found),
        state => Err(incorrect_state(id, state)),
    }
}

/// The owner of the gateway, if it is not the caller.
pub(super) fn guest(cx: &Context, gateway: &Published<TransitGatewayState>) -> Option<Guest> {
    let other = gateway.account != cx.account;
    other.then(|| Guest { account: gateway.account.to_string(), tags: Vec::new() })
}

/// Has an attachment propagate into a table, if there is one.
pub(super) async fn propagate(cx: &Context, undo: &mut Undo, table: Option<String>, id: &Id) -> Ec2Result<()> {
    let Some(table) = table.map(|table| Id::new(&table)) else { return Ok(()) };
    let command = TableCommand::Propagate(id.to_string());
    cx.transit_gateway_route_tables.ask(&table, command).await?;
    let (region, attachment) = (cx.region.clone(), id.to_string());
    undo.push(async move {
        let command = TableCommand::StopPropagating(attachment);
        let _ = region.transit_gateway_route_tables.ask(&table, command).await;
    });
    Ok(())
}

/// An attachment that is accepted already, of what is no VPC.
pub(super) fn new_attachment(cx: &Context, id: &Id, gateway: &Id, tags: Vec<Tag>) -> AttachmentState {
    let public = TransitGatewayVpcAttachment {
        transit_gateway_attachment_id: Some(id.to_string()),
        transit_gateway_id: Some(gateway.to_string()),
        vpc_owner_id: Some(cx.account.to_string()),
        state: Some(PENDING.to_owned()),
        creation_time: Some(cx.shell.clock.now()),
        tags,
        ..TransitGatewayVpcAttachment::default()
    };
    AttachmentState { public, life: Life::beginning(settles(cx)), ..AttachmentState::default() }
}

/// Adds the attachment of a VPN connection to the batch that makes the connection.
pub(crate) async fn attach_vpn(
    cx: &Context,
    undo: &mut Undo,
    batch: &mut Batch,
    gateway: &str,
    vpn: &Id,
) -> Ec2Result<()> {
    let gateway = gateway_of_vpn(cx, gateway)?;
    let (association, propagation) = gateway.state.defaults();
    let id = cx.transit_gateway_attachments.fresh_id();
    let new = new_attachment(cx, &id, &gateway.id, Vec::new());
    let state = AttachmentState { association, vpn: Some(vpn.to_string()), ..new };
    propagate(cx, undo, propagation, &id).await?;
    batch.create(&cx.transit_gateway_attachments, &id, state)
}

/// A VPN connection ends at a gateway of its own account.
pub(crate) fn gateway_of_vpn(cx: &Context, id: &str) -> Ec2Result<Arc<Published<TransitGatewayState>>> {
    cx.transit_gateways.find(&cx.account, id)?;
    gateway_to_join(cx, id)
}

/// Takes a VPN connection off its gateway.
pub(crate) async fn detach_vpn(cx: &Context, vpn: &Id) -> Ec2Result<()> {
    for found in cx.transit_gateway_attachments.linked_to(vpn).values() {
        cx.transit_gateway_attachments.ask(&found.id, AttachmentCommand::Delete).await?;
    }
    Ok(())
}
