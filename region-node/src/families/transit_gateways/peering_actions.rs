//! The actions on peerings of gateways.

use std::sync::Arc;

use archipelago_proto::cluster::v1::{Agreement, Party, Stage};
use archipelago_proto::ec2::v1::{
    AcceptTransitGatewayPeeringAttachmentRequest, AcceptTransitGatewayPeeringAttachmentResult,
    CreateTransitGatewayPeeringAttachmentRequest, CreateTransitGatewayPeeringAttachmentResult,
    DeleteTransitGatewayPeeringAttachmentRequest, DeleteTransitGatewayPeeringAttachmentResult,
    DescribeTransitGatewayPeeringAttachmentsRequest, DescribeTransitGatewayPeeringAttachmentsResult,
    PeeringAttachmentStatus, PeeringTgwInfo, RejectTransitGatewayPeeringAttachmentRequest,
    RejectTransitGatewayPeeringAttachmentResult, Tag, TransitGatewayPeeringAttachment,
    TransitGatewayPeeringAttachmentOptions, TransitGatewayVpcAttachment,
};
use archipelago_proto::{Ec2Error, Ec2Result, regions};

use super::attachment::AttachmentCommand;
use super::joining::{guest, not_permitted};
use super::life::{AVAILABLE, FAILED, incorrect_state};
use super::peering::{PENDING_ACCEPTANCE, PeeringCommand, REQUESTED};
use super::view::{Seen, find_gateway, seen, shelves, tags};
use super::{AttachmentState, TransitGatewayState};
use crate::Region;
use crate::entity::{Entity as _, Id, Published, Undo, workflow};
use crate::peer::{Handshake, Role, check_heard, listen, reconcile, tell};
use crate::request::{Action, Column, Context, Describe, Table, check_account, tags_for};

/// What the agreement is called between nodes.
pub(crate) const PEERING: &str = "transit-gateway-peering-attachment";

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(accept_transit_gateway_peering_attachment),
        Action::new(create_transit_gateway_peering_attachment),
        Action::new(delete_transit_gateway_peering_attachment),
        Action::new(describe_transit_gateway_peering_attachments),
        Action::new(reject_transit_gateway_peering_attachment),
    ]
}

pub(crate) async fn follow_attachment(region: Arc<Region>, found: Arc<Published<AttachmentState>>) {
    tell(&region, &region.transit_gateway_attachments, &found).await;
}

pub(crate) async fn hear(region: &Arc<Region>, told: Agreement) -> Ec2Result<Agreement> {
    listen(region, &region.transit_gateway_attachments, told, |told| receive(region, told)).await
}

pub(crate) fn reconcile_all(region: &Arc<Region>) {
    reconcile(&region.transit_gateway_attachments);
}

fn side(cx: &Context, id: &Id, gateway: &str, state: &str, side: Handshake, tags: Vec<Tag>) -> AttachmentState {
    let default_table = cx.transit_gateways.index().get(gateway).and_then(|gateway| gateway.state.defaults().0);
    let public = TransitGatewayVpcAttachment {
        transit_gateway_attachment_id: Some(id.to_string()),
        transit_gateway_id: Some(gateway.to_owned()),
        state: Some(state.to_owned()),
        creation_time: Some(cx.shell.clock.now()),
        tags,
        ..TransitGatewayVpcAttachment::default()
    };
    AttachmentState { public, peering: Some(side), default_table, ..AttachmentState::default() }
}

async fn create_transit_gateway_peering_attachment(
    cx: Context,
    input: CreateTransitGatewayPeeringAttachmentRequest,
) -> Ec2Result<CreateTransitGatewayPeeringAttachmentResult> {
    let kind = &AttachmentState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    if input.options.as_ref().is_some_and(|options| options.dynamic_routing() == "enable") {
        return Err(Ec2Error::unsupported("Dynamic routing between peered transit gateways is not supported."));
    }
    check_account(input.peer_account_id(), &[])?;
    let with = input.peer_region();
    let known = regions::find(with).filter(|region| region.partition.id() == cx.facts.partition.id());
    if known.is_none() {
        return Err(Ec2Error::invalid_value("peerRegion", with));
    }
    let gateway = find_gateway(&cx, input.transit_gateway_id())?;
    if gateway.state.public.state() != AVAILABLE {
        return Err(incorrect_state(&gateway.id, gateway.state.public.state()));
    }
    let id = cx.transit_gateway_attachments.fresh_id();
    let party = |region: &str, account: &str, gateway: &str| {
        let (region, account, resource) = (region.to_owned(), account.to_owned(), gateway.to_owned());
        Some(Party { region, account, resource, ..Party::default() })
    };
    let agreement = Agreement {
        kind: PEERING.to_owned(),
        id: id.to_string(),
        requester: party(cx.facts.name, &cx.account, &gateway.id),
        accepter: party(with, input.peer_account_id(), input.peer_transit_gateway_id()),
        stage: Stage::Requested.into(),
        ..Agreement::default()
    };
    let dynamic_routing = input.options.as_ref().and_then(|options| options.dynamic_routing.clone());
    let (shown, state) = if with == cx.facts.name {
        if input.peer_transit_gateway_id.as_deref() == Some(&*gateway.id) {
            return Err(Ec2Error::invalid_parameter(format!("{} cannot be peered with itself.", gateway.id)));
        }
        let handshake = Handshake::received(agreement, cx.facts.name);
        let asked = AttachmentState { dynamic_routing, ..side(&cx, &id, &gateway.id, REQUESTED, handshake, tags) };
        (view(&id, &asked), within_region(&cx, asked))
    } else {
        check_heard(&cx.region, with).await?;
        let handshake = Handshake::proposed(agreement, cx.facts.name);
        let asked = AttachmentState { dynamic_routing, ..side(&cx, &id, &gateway.id, REQUESTED, handshake, tags) };
        (view(&id, &asked), asked)
    };
    let mut batch = cx.batch();
    batch.create(&cx.transit_gateway_attachments, &id, state)?;
    let response = CreateTransitGatewayPeeringAttachmentResult { transit_gateway_peering_attachment: Some(shown) };
    let response = cx.commit(batch, response).await?;
    cx.transit_gateway_attachments.follow_up(&id).await;
    Ok(response)
}

/// What becomes of a request within the region is clear at once.
fn within_region(cx: &Context, mut asked: AttachmentState) -> AttachmentState {
    let Some(side) = &mut asked.peering else { return asked };
    let accepter = side.party(Role::Accepter).clone();
    let peer = peer(&cx.region, &accepter.resource, &accepter.account);
    side.advance(if peer.is_some() { Stage::Pending } else { Stage::Failed }, "");
    match peer {
        Some(peer) => {
            asked.public.state = Some(PENDING_ACCEPTANCE.to_owned());
            asked.peer_default_table = peer.state.defaults().0;
            asked.guest = guest(cx, &peer);
        }
        None => {
            asked.public.state = Some(FAILED.to_owned());
            asked.life.end(cx.shell.clock.now());
        }
    }
    asked
}

/// The gateway of an account that is asked for.
fn peer(region: &Region, id: &str, account: &str) -> Option<Arc<Published<TransitGatewayState>>> {
    let gateway = region.transit_gateways.index().get(id);
    gateway.filter(|found| *found.account == *account && !found.state.is_over())
}

/// A request from another region: it is known from now on, unless it asks for a gateway that is not there.
async fn receive(region: &Arc<Region>, told: Agreement) -> Ec2Result<Agreement> {
    let accepter = told.accepter.clone().unwrap_or_default();
    let Some(gateway) = peer(region, &accepter.resource, &accepter.account) else {
        return Ok(Agreement { stage: Stage::Failed.into(), ..told });
    };
    let agreement = Agreement { stage: Stage::Pending.into(), ..told };
    let cx = Context::internal(region, &gateway.account);
    let id = Id::new(&agreement.id);
    let handshake = Handshake::received(agreement.clone(), region.facts.name);
    let state = side(&cx, &id, &gateway.id, PENDING_ACCEPTANCE, handshake, Vec::new());
    let mut batch = cx.batch();
    batch.create(&cx.transit_gateway_attachments, &id, state)?;
    batch.commit().await?;
    Ok(agreement)
}

fn find(cx: &Context, id: &str) -> Ec2Result<(Arc<Published<AttachmentState>>, Handshake)> {
    let found = seen(cx, id)?;
    let side = found.state.peering.clone().ok_or_else(|| AttachmentState::KIND.not_found(id))?;
    Ok((found, side))
}

async fn ask(cx: &Context, id: &Id, command: PeeringCommand) -> Ec2Result<Option<TransitGatewayPeeringAttachment>> {
    let now = cx.transit_gateway_attachments.ask(id, AttachmentCommand::Agree(command)).await?.published;
    Ok(Some(TransitGatewayPeeringAttachment { tags: tags(cx, &now), ..view(&now.id, &now.state) }))
}

/// Only the accepter decides, in its own region.
fn check_accepter(cx: &Context, found: &Published<AttachmentState>, side: &Handshake) -> Ec2Result<()> {
    if side.roles(&cx.account).any(|role| role == Role::Accepter) {
        return Ok(());
    }
    let Party { region, account, .. } = side.party(Role::Accepter);
    let message = format!("{} can only be accepted or rejected in the region {region} by {account}.", found.id);
    Err(not_permitted(message))
}

async fn accept_transit_gateway_peering_attachment(
    cx: Context,
    input: AcceptTransitGatewayPeeringAttachmentRequest,
) -> Ec2Result<AcceptTransitGatewayPeeringAttachmentResult> {
    let (found, side) = find(&cx, input.transit_gateway_attachment_id())?;
    check_accepter(&cx, &found, &side)?;
    if let Some(with) = side.elsewhere().filter(|_| side.stage() == Stage::Pending) {
        check_heard(&cx.region, with).await?;
    }
    let mut undo = Undo::default();
    let outcome = async {
        if let Some(peer) = found.state.peer_gateway() {
            cx.hold(&mut undo, &cx.transit_gateway_attachments, &found.id, &Id::new(peer)).await?;
        }
        ask(&cx, &found.id, PeeringCommand::Accept).await
    };
    let outcome = outcome.await;
    let transit_gateway_peering_attachment = workflow(undo, outcome).await?;
    Ok(AcceptTransitGatewayPeeringAttachmentResult { transit_gateway_peering_attachment })
}

async fn reject_transit_gateway_peering_attachment(
    cx: Context,
    input: RejectTransitGatewayPeeringAttachmentRequest,
) -> Ec2Result<RejectTransitGatewayPeeringAttachmentResult> {
    let (found, side) = find(&cx, input.transit_gateway_attachment_id())?;
    check_accepter(&cx, &found, &side)?;
    let transit_gateway_peering_attachment = ask(&cx, &found.id, PeeringCommand::Reject).await?;
    Ok(RejectTransitGatewayPeeringAttachmentResult { transit_gateway_peering_attachment })
}

async fn delete_transit_gateway_peering_attachment(
    cx: Context,
    input: DeleteTransitGatewayPeeringAttachmentRequest,
) -> Ec2Result<DeleteTransitGatewayPeeringAttachmentResult> {
    let (found, _) = find(&cx, input.transit_gateway_attachment_id())?;
    let command = PeeringCommand::Delete { by: cx.account.to_string() };
    let transit_gateway_peering_attachment = ask(&cx, &found.id, command).await?;
    Ok(DeleteTransitGatewayPeeringAttachmentResult { transit_gateway_peering_attachment })
}

fn view(id: &Id, state: &AttachmentState) -> TransitGatewayPeeringAttachment {
    let info = |role| {
        let party = state.peering.as_ref().map(|side| side.party(role).clone()).unwrap_or_default();
        Some(PeeringTgwInfo {
            transit_gateway_id: Some(party.resource),
            owner_id: Some(party.account),
            region: Some(party.region),
            ..PeeringTgwInfo::default()
        })
    };
    let public = &state.public;
    TransitGatewayPeeringAttachment {
        transit_gateway_attachment_id: Some(id.to_string()),
        requester_tgw_info: info(Role::Requester),
        accepter_tgw_info: info(Role::Accepter),
        options: state
            .dynamic_routing
            .clone()
            .map(|routing| TransitGatewayPeeringAttachmentOptions { dynamic_routing: Some(routing) }),
        status: Some(PeeringAttachmentStatus { code: public.state.clone(), message: None }),
        state: public.state.clone(),
        creation_time: public.creation_time,
        tags: public.tags.clone(),
        ..TransitGatewayPeeringAttachment::default()
    }
}

/// botocore: DescribeTransitGatewayPeeringAttachments. The remote owner is the other side's.
const FILTERS: Table<Seen<TransitGatewayPeeringAttachment>> = &[
    ("transit-gateway-attachment-id", Column::Id),
    ("local-owner-id", Column::Of(|row, probe| probe.text(&row.found.account))),
    ("remote-owner-id", Column::Of(|row, probe| probe.text(row.found.state.resource(row.found.state.gateway()).2))),
    ("state", Column::Of(|row, probe| probe.text(row.public.state()))),
    (
        "transit-gateway-id",
        Column::Of(|row, probe| {
            let state = &row.found.state;
            probe.text(state.gateway());
            probe.maybe(state.peer_gateway());
        }),
    ),
];

async fn describe_transit_gateway_peering_attachments(
    cx: Context,
    input: DescribeTransitGatewayPeeringAttachmentsRequest,
) -> Ec2Result<DescribeTransitGatewayPeeringAttachmentsResult> {
    let describe = Describe {
        ids: &input.transit_gateway_attachment_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let peering = |found: &Published<AttachmentState>| {
        found.state.peering.is_some() && found.state.visible_to(&found.account, &cx.account)
    };
    let row = |found| {
        let view = |found: &Published<AttachmentState>, tags| TransitGatewayPeeringAttachment {
            tags,
            ..view(&found.id, &found.state)
        };
        Seen::new(&cx, found, view)
    };
    let page = describe.find_where(&cx.transit_gateway_attachments, FILTERS, &shelves(&cx), peering, row)?;
    let transit_gateway_peering_attachments = page.items.into_iter().map(|row| row.public).collect();
    Ok(DescribeTransitGatewayPeeringAttachmentsResult {
        transit_gateway_peering_attachments,
        next_token: page.next_token,
    })
}
