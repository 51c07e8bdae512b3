//! The actions on peers.

use std::net::Ipv4Addr;

use archipelago_proto::ec2::v1::{
    CreateRouteServerPeerRequest, CreateRouteServerPeerResult, DeleteRouteServerPeerRequest,
    DeleteRouteServerPeerResult, DescribeRouteServerPeersRequest, DescribeRouteServerPeersResult, RouteServerBfdStatus,
    RouteServerBgpOptions, RouteServerBgpStatus, RouteServerPeer,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::PEERS;
use super::peer::{PeerCommand, RouteServerPeerState};
use super::server::incorrect_state;
use super::server_actions::{check_asn, settles};
use crate::entity::Entity as _;
use crate::request::{Action, Context, Describe, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_route_server_peer),
        Action::new(delete_route_server_peer),
        Action::new(describe_route_server_peers),
    ]
}

async fn create_route_server_peer(
    cx: Context,
    input: CreateRouteServerPeerRequest,
) -> Ec2Result<CreateRouteServerPeerResult> {
    let kind = &RouteServerPeerState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let bgp = input.bgp_options.clone().unwrap_or_default();
    check_asn("peerAsn", bgp.peer_asn())?;
    if input.peer_address().parse::<Ipv4Addr>().is_err() {
        return Err(Ec2Error::invalid_value("peerAddress", input.peer_address()));
    }
    let endpoint = cx.route_server_endpoints.find(&cx.account, input.route_server_endpoint_id())?;
    let own = &endpoint.state.public;
    if own.state() == "deleting" {
        return Err(incorrect_state(format!("The route server endpoint {} is deleting.", endpoint.id)));
    }
    if own.eni_address() == input.peer_address() {
        return Err(Ec2Error::invalid_parameter("The peer address is that of the endpoint itself."));
    }
    let peers = cx.route_server_peers.linked_to(&endpoint.id);
    if let Some(peer) = peers.values().find(|peer| peer.state.public.peer_address() == input.peer_address()) {
        let message = format!("The endpoint {} has the peer {} with this address already.", endpoint.id, peer.id);
        return Err(Ec2Error::invalid_parameter(message));
    }
    let liveness = bgp.peer_liveness_detection.clone().unwrap_or_else(|| "bgp-keepalive".into());
    let id = cx.route_server_peers.fresh_id();
    let public = RouteServerPeer {
        route_server_peer_id: Some(id.to_string()),
        route_server_endpoint_id: Some(endpoint.id.to_string()),
        route_server_id: own.route_server_id.clone(),
        vpc_id: own.vpc_id.clone(),
        subnet_id: own.subnet_id.clone(),
        state: Some("pending".into()),
        failure_reason: None,
        endpoint_eni_id: own.eni_id.clone(),
        endpoint_eni_address: own.eni_address.clone(),
        peer_address: input.peer_address,
        bgp_options: Some(RouteServerBgpOptions { peer_asn: bgp.peer_asn, peer_liveness_detection: Some(liveness) }),
        // No device answers.
        bgp_status: Some(RouteServerBgpStatus { status: Some("down".into()) }),
        bfd_status: Some(RouteServerBfdStatus { status: Some("down".into()) }),
        tags,
    };
    let mut batch = cx.batch();
    let state = RouteServerPeerState { public: public.clone(), settles: settles(&cx) };
    batch.create(&cx.route_server_peers, &id, state)?;
    cx.commit(batch, CreateRouteServerPeerResult { route_server_peer: Some(public) }).await
}

async fn delete_route_server_peer(
    cx: Context,
    input: DeleteRouteServerPeerRequest,
) -> Ec2Result<DeleteRouteServerPeerResult> {
    let peer = cx.route_server_peers.find(&cx.account, input.route_server_peer_id())?;
    let gone = cx.route_server_peers.ask(&peer.id, PeerCommand::Delete).await?.published;
    Ok(DeleteRouteServerPeerResult { route_server_peer: Some(gone.state.public.clone()) })
}

async fn describe_route_server_peers(
    cx: Context,
    input: DescribeRouteServerPeersRequest,
) -> Ec2Result<DescribeRouteServerPeersResult> {
    let describe = Describe {
        ids: &input.route_server_peer_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.route_server_peers, PEERS)?;
    let route_server_peers = page.map(|peer| peer.state.public.clone());
    Ok(DescribeRouteServerPeersResult { route_server_peers, next_token: page.next_token })
}
