//! The actions on sessions.

use archipelago_proto::ec2::v1::{
    CreateTrafficMirrorSessionRequest, CreateTrafficMirrorSessionResult, DeleteTrafficMirrorSessionRequest,
    DeleteTrafficMirrorSessionResult, DescribeTrafficMirrorSessionsRequest, DescribeTrafficMirrorSessionsResult,
    ModifyTrafficMirrorSessionRequest, ModifyTrafficMirrorSessionResult, TrafficMirrorSession,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::MirrorSessionState;
use super::filters::SESSIONS;
use super::session::MirrorSessionCommand;
use crate::entity::{Entity as _, Undo, workflow};
use crate::request::{Context, Describe, tags_for};

/// AWS: session numbers are 1 to 32766, virtual network ids have 24 bits.
fn check(cx: &Context, session: &TrafficMirrorSession) -> Ec2Result<()> {
    if !(1..=32_766).contains(&session.session_number()) {
        return Err(Ec2Error::invalid_value("sessionNumber", session.session_number()));
    }
    if let Some(length) = session.packet_length.filter(|length| *length < 1) {
        return Err(Ec2Error::invalid_value("packetLength", length));
    }
    if !(0..1 << 24).contains(&session.virtual_network_id()) {
        return Err(Ec2Error::invalid_value("virtualNetworkId", session.virtual_network_id()));
    }
    cx.traffic_mirror_targets.find(&cx.account, session.traffic_mirror_target_id())?;
    cx.traffic_mirror_filters.find(&cx.account, session.traffic_mirror_filter_id())?;
    Ok(())
}

pub(super) async fn create_traffic_mirror_session(
    cx: Context,
    input: CreateTrafficMirrorSessionRequest,
) -> Ec2Result<CreateTrafficMirrorSessionResult> {
    let kind = &MirrorSessionState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    cx.network_interfaces.find(&cx.account, input.network_interface_id())?;
    let id = cx.traffic_mirror_sessions.fresh_id();
    let random = i32::try_from(cx.shell.ids.number() % (1 << 24)).unwrap_or_default();
    let public = TrafficMirrorSession {
        traffic_mirror_session_id: Some(id.to_string()),
        traffic_mirror_target_id: input.traffic_mirror_target_id,
        traffic_mirror_filter_id: input.traffic_mirror_filter_id,
        network_interface_id: input.network_interface_id,
        owner_id: Some(cx.account.to_string()),
        packet_length: input.packet_length,
        session_number: input.session_number,
        virtual_network_id: Some(input.virtual_network_id.unwrap_or(random)),
        description: input.description,
        tags,
    };
    check(&cx, &public)?;
    let mut batch = cx.batch();
    batch.create(&cx.traffic_mirror_sessions, &id, MirrorSessionState { public: public.clone() })?;
    let response =
        CreateTrafficMirrorSessionResult { traffic_mirror_session: Some(public), client_token: input.client_token };
    cx.commit(batch, response).await
}

pub(super) async fn modify_traffic_mirror_session(
    cx: Context,
    input: ModifyTrafficMirrorSessionRequest,
) -> Ec2Result<ModifyTrafficMirrorSessionResult> {
    let session = cx.traffic_mirror_sessions.find(&cx.account, input.traffic_mirror_session_id())?;
    let mut new = session.state.public.clone();
    for field in &input.remove_fields {
        match field.as_str() {
            "packet-length" => new.packet_length = None,
            "description" => new.description = None,
            _ => new.virtual_network_id = None,
        }
    }
    new.traffic_mirror_target_id = input.traffic_mirror_target_id.or(new.traffic_mirror_target_id);
    new.traffic_mirror_filter_id = input.traffic_mirror_filter_id.or(new.traffic_mirror_filter_id);
    new.packet_length = input.packet_length.or(new.packet_length);
    new.session_number = input.session_number.or(new.session_number);
    new.virtual_network_id = input.virtual_network_id.or(new.virtual_network_id);
    new.description = input.description.or(new.description);
    check(&cx, &new)?;
    let mut undo = Undo::default();
    for id in [new.traffic_mirror_target_id(), new.traffic_mirror_filter_id()] {
        cx.hold(&mut undo, &cx.traffic_mirror_sessions, &session.id, &id.into()).await?;
    }
    let replace = MirrorSessionCommand::Replace(Box::new(new));
    let outcome = cx.traffic_mirror_sessions.ask(&session.id, replace).await;
    let changed = workflow(undo, outcome).await?.published;
    Ok(ModifyTrafficMirrorSessionResult { traffic_mirror_session: Some(changed.state.public.clone()) })
}

pub(super) async fn delete_traffic_mirror_session(
    cx: Context,
    input: DeleteTrafficMirrorSessionRequest,
) -> Ec2Result<DeleteTrafficMirrorSessionResult> {
    let session = cx.traffic_mirror_sessions.find(&cx.account, input.traffic_mirror_session_id())?;
    cx.traffic_mirror_sessions.ask(&session.id, MirrorSessionCommand::Delete).await?;
    Ok(DeleteTrafficMirrorSessionResult { traffic_mirror_session_id: input.traffic_mirror_session_id })
}

pub(super) async fn describe_traffic_mirror_sessions(
    cx: Context,
    input: DescribeTrafficMirrorSessionsRequest,
) -> Ec2Result<DescribeTrafficMirrorSessionsResult> {
    let describe = Describe {
        ids: &input.traffic_mirror_session_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.traffic_mirror_sessions, SESSIONS)?;
    let traffic_mirror_sessions = page.map(|session| session.state.public.clone());
    Ok(DescribeTrafficMirrorSessionsResult { traffic_mirror_sessions, next_token: page.next_token })
}
