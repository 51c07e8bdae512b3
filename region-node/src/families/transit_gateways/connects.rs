//! Connect attachments: tunnels to appliances, which another attachment carries.

use archipelago_proto::ec2::v1::{
    CreateTransitGatewayConnectRequest, CreateTransitGatewayConnectResult, DeleteTransitGatewayConnectRequest,
    DeleteTransitGatewayConnectResult, DescribeTransitGatewayConnectsRequest, DescribeTransitGatewayConnectsResult,
    Tag, TransitGatewayConnect, TransitGatewayConnectOptions,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::AttachmentState;
use super::attachment::AttachmentCommand;
use super::joining::{gateway_to_join, guest, new_attachment, propagate};
use super::life::incorrect_state;
use super::view::{Seen, find_attachment, seen, shelves, tags};
use crate::entity::{Entity as _, Published, Undo, workflow};
use crate::request::{Action, Column, Context, Describe, Table, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_transit_gateway_connect),
        Action::new(delete_transit_gateway_connect),
        Action::new(describe_transit_gateway_connects),
    ]
}

/// The only protocol there is.
const GRE: &str = "gre";

/// botocore: DescribeTransitGatewayConnects.
const FILTERS: Table<Seen<TransitGatewayConnect>> = &[
    ("options.protocol", Column::Of(|_, probe| probe.text(GRE))),
    ("state", Column::Of(|row, probe| probe.text(row.public.state()))),
    ("transit-gateway-attachment-id", Column::Id),
    ("transit-gateway-id", Column::Of(|row, probe| probe.text(row.public.transit_gateway_id()))),
    (
        "transport-transit-gateway-attachment-id",
        Column::Of(|row, probe| probe.text(row.public.transport_transit_gateway_attachment_id())),
    ),
];

fn view(state: &AttachmentState, tags: Vec<Tag>) -> TransitGatewayConnect {
    let public = &state.public;
    TransitGatewayConnect {
        transit_gateway_attachment_id: public.transit_gateway_attachment_id.clone(),
        transport_transit_gateway_attachment_id: state.transport.clone(),
        transit_gateway_id: public.transit_gateway_id.clone(),
        state: public.state.clone(),
        creation_time: public.creation_time,
        options: Some(TransitGatewayConnectOptions { protocol: Some(GRE.to_owned()) }),
        tags,
    }
}

async fn create_transit_gateway_connect(
    cx: Context,
    input: CreateTransitGatewayConnectRequest,
) -> Ec2Result<CreateTransitGatewayConnectResult> {
    let kind = &AttachmentState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let transport = find_attachment(&cx, input.transport_transit_gateway_attachment_id())?;
    if !transport.state.is_available() {
        return Err(incorrect_state(&transport.id, transport.state.public.state()));
    }
    if !transport.state.is_vpc() {
        return Err(Ec2Error::invalid_parameter(format!(
            "{} is not a VPC attachment, and carries no Connect attachment.",
            transport.id
        )));
    }
    let gateway = gateway_to_join(&cx, transport.state.gateway())?;
    let (association, propagation) = gateway.state.defaults();
    let id = cx.transit_gateway_attachments.fresh_id();
    let state = AttachmentState {
        association,
        transport: Some(transport.id.to_string()),
        guest: guest(&cx, &gateway),
        ..new_attachment(&cx, &id, &gateway.id, tags)
    };
    let shown = view(&state, state.public.tags.clone());
    let mut undo = Undo::default();
    let outcome = async {
        propagate(&cx, &mut undo, propagation, &id).await?;
        let mut batch = cx.batch();
        batch.create(&cx.transit_gateway_attachments, &id, state)?;
        cx.commit(batch, CreateTransitGatewayConnectResult { transit_gateway_connect: Some(shown) }).await
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await
}

async fn delete_transit_gateway_connect(
    cx: Context,
    input: DeleteTransitGatewayConnectRequest,
) -> Ec2Result<DeleteTransitGatewayConnectResult> {
    let found = seen(&cx, input.transit_gateway_attachment_id())?;
    if found.state.transport.is_none() {
        return Err(AttachmentState::KIND.not_found(&found.id));
    }
    let now = cx.transit_gateway_attachments.ask(&found.id, AttachmentCommand::Delete).await?.published;
    Ok(DeleteTransitGatewayConnectResult { transit_gateway_connect: Some(view(&now.state, tags(&cx, &now))) })
}

async fn describe_transit_gateway_connects(
    cx: Context,
    input: DescribeTransitGatewayConnectsRequest,
) -> Ec2Result<DescribeTransitGatewayConnectsResult> {
    let describe = Describe {
        ids: &input.transit_gateway_attachment_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let connect = |found: &Published<AttachmentState>| {
        found.state.transport.is_some() && found.state.visible_to(&found.account, &cx.account)
    };
    let row = |found| Seen::new(&cx, found, |found, tags| view(&found.state, tags));
    let page = describe.find_where(&cx.transit_gateway_attachments, FILTERS, &shelves(&cx), connect, row)?;
    let transit_gateway_connects = page.items.into_iter().map(|row| row.public).collect();
    Ok(DescribeTransitGatewayConnectsResult { transit_gateway_connects, next_token: page.next_token })
}
