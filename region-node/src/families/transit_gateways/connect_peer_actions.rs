//! The actions on Connect peers (AWS: "Connect attachments and Connect peers").

use std::net::IpAddr;

use archipelago_proto::ec2::v1::{
    CreateTransitGatewayConnectPeerRequest, CreateTransitGatewayConnectPeerResult,
    DeleteTransitGatewayConnectPeerRequest, DeleteTransitGatewayConnectPeerResult,
    DescribeTransitGatewayConnectPeersRequest, DescribeTransitGatewayConnectPeersResult,
    TransitGatewayAttachmentBgpConfiguration, TransitGatewayConnectPeer, TransitGatewayConnectPeerConfiguration,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{IpNet, Ipv4Net};

use super::connect_peer::{ConnectPeerCommand, ConnectPeerState};
use super::gateway_actions::settles;
use super::life::{Life, PENDING, incorrect_state};
use super::view::find_attachment;
use super::{AttachmentState, TransitGatewayState};
use crate::entity::{Entity as _, Published};
use crate::request::{Action, Column, Context, Describe, FilterTable, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_transit_gateway_connect_peer),
        Action::new(delete_transit_gateway_connect_peer),
        Action::new(describe_transit_gateway_connect_peers),
    ]
}

/// botocore: DescribeTransitGatewayConnectPeers.
const FILTERS: FilterTable<ConnectPeerState> = &[
    ("state", Column::Of(|row, probe| probe.text(row.state.public.state()))),
    (
        "transit-gateway-attachment-id",
        Column::Of(|row, probe| probe.text(row.state.public.transit_gateway_attachment_id())),
    ),
    ("transit-gateway-connect-peer-id", Column::Id),
];

/// One /29 of 169.254.0.0/16, and one /125 of fd00::/8 if there is to be IPv6; the addresses of either side in them.
fn inside(blocks: &[String]) -> Ec2Result<Vec<IpNet>> {
    let invalid = |block: &str| Ec2Error::invalid_value("insideCidrBlocks", block);
    let mut parsed = Vec::new();
    for block in blocks {
        let net: IpNet = block.parse().map_err(|_| invalid(block))?;
        let fits = match net {
            IpNet::V4(net) => {
                let link_local = Ipv4Net::new_assert([169, 254, 0, 0].into(), 16);
                net.prefix_len() == 29 && link_local.contains(&net) && !parsed.iter().any(is_ipv4)
            }
            IpNet::V6(net) => {
                net.prefix_len() == 125
                    && net.network().octets()[0] == 0xfd
                    && !parsed.iter().any(|known| !is_ipv4(known))
            }
        };
        if !fits || net.trunc() != net {
            return Err(invalid(block));
        }
        parsed.push(net);
    }
    if parsed.iter().any(is_ipv4) { Ok(parsed) } else { Err(invalid(&blocks.join(", "))) }
}

fn is_ipv4(net: &IpNet) -> bool {
    matches!(net, IpNet::V4(_))
}

/// The address of the gateway's side: as it is wanted, or the first that is free, out of the gateway's blocks.
fn address(gateway: &TransitGatewayState, wanted: Option<&str>, used: &[String]) -> Ec2Result<String> {
    let options = gateway.options();
    let blocks: Vec<IpNet> =
        options.transit_gateway_cidr_blocks.iter().filter_map(|block| block.parse().ok()).collect();
    if blocks.is_empty() {
        return Err(Ec2Error::invalid_parameter("The transit gateway has no CIDR block."));
    }
    match wanted {
        Some(text) => {
            let address: IpAddr = text.parse().map_err(|_| Ec2Error::invalid_value("transitGatewayAddress", text))?;
            if !blocks.iter().any(|block| block.contains(&address)) || used.contains(&address.to_string()) {
                return Err(Ec2Error::invalid_value("transitGatewayAddress", text));
            }
            Ok(address.to_string())
        }
        None => {
            let mut free = blocks.iter().flat_map(IpNet::hosts).map(|address| address.to_string());
            let free = free.find(|address| !used.contains(address));
            free.ok_or_else(|| Ec2Error::invalid_parameter("The transit gateway has no free address."))
        }
    }
}

/// In each block the first address is the appliance's, the next two are the gateway's.
fn configurations(blocks: &[IpNet], own: Option<i64>, peer: i64) -> Vec<TransitGatewayAttachmentBgpConfiguration> {
    let sessions = blocks.iter().flat_map(|block| {
        let mut hosts = block.hosts().filter(|host| *host != block.network());
        let appliance = hosts.next();
        hosts.take(2).map(move |host| (appliance, host)).collect::<Vec<_>>()
    });
    let session = |(appliance, host): (Option<IpAddr>, IpAddr)| TransitGatewayAttachmentBgpConfiguration {
        transit_gateway_asn: own,
        peer_asn: Some(peer),
        transit_gateway_address: Some(host.to_string()),
        peer_address: appliance.map(|address| address.to_string()),
        // No appliance is at the other end.
        bgp_status: Some("down".to_owned()),
    };
    sessions.map(session).collect()
}

async fn create_transit_gateway_connect_peer(
    cx: Context,
    input: CreateTransitGatewayConnectPeerRequest,
) -> Ec2Result<CreateTransitGatewayConnectPeerResult> {
    let kind = &ConnectPeerState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let connect = find_attachment(&cx, input.transit_gateway_attachment_id())?;
    if connect.state.transport.is_none() || connect.account != cx.account {
        return Err(AttachmentState::KIND.not_found(&connect.id));
    }
    if !connect.state.is_available() {
        return Err(incorrect_state(&connect.id, connect.state.public.state()));
    }
    let peer_address = input.peer_address();
    let peer: IpAddr = peer_address.parse().map_err(|_| Ec2Error::invalid_value("peerAddress", peer_address))?;
    let blocks = inside(&input.inside_cidr_blocks)?;
    let gateway = cx.transit_gateways.index().get(connect.state.gateway());
    let gateway = gateway.ok_or_else(|| TransitGatewayState::KIND.not_found(connect.state.gateway()))?;
    let asn = gateway.state.options().amazon_side_asn;
    let peer_asn = input.bgp_options.as_ref().and_then(|options| options.peer_asn).or(asn).unwrap_or_default();
    if !(1..=4_294_967_295).contains(&peer_asn) {
        return Err(Ec2Error::invalid_value("peerAsn", peer_asn));
    }
    // One at a time, so that no two peers of a gateway have the same address.
    let _one = cx.settling.lock().await;
    let peers = peers(&cx, &gateway);
    let used: Vec<_> = peers.iter().map(|known| known.state.address().to_owned()).collect();
    let own = address(&gateway.state, input.transit_gateway_address.as_deref(), &used)?;
    let taken = peers.iter().filter(|known| known.state.public.transit_gateway_attachment_id() == &*connect.id);
    let mut taken = taken.filter_map(|known| known.state.public.connect_peer_configuration.as_ref());
    if taken.any(|known| known.inside_cidr_blocks.iter().any(|block| input.inside_cidr_blocks.contains(block))) {
        return Err(Ec2Error::invalid_value("insideCidrBlocks", input.inside_cidr_blocks.join(", ")));
    }
    let id = cx.transit_gateway_connect_peers.fresh_id();
    let public = TransitGatewayConnectPeer {
        transit_gateway_attachment_id: Some(connect.id.to_string()),
        transit_gateway_connect_peer_id: Some(id.to_string()),
        state: Some(PENDING.to_owned()),
        creation_time: Some(cx.shell.clock.now()),
        connect_peer_configuration: Some(TransitGatewayConnectPeerConfiguration {
            transit_gateway_address: Some(own),
            peer_address: Some(peer.to_string()),
            inside_cidr_blocks: input.inside_cidr_blocks.clone(),
            protocol: Some("gre".to_owned()),
            bgp_configurations: configurations(&blocks, asn, peer_asn),
        }),
        tags,
    };
    let state = ConnectPeerState { public: public.clone(), life: Life::beginning(settles(&cx)) };
    let mut batch = cx.batch();
    batch.create(&cx.transit_gateway_connect_peers, &id, state)?;
    cx.commit(batch, CreateTransitGatewayConnectPeerResult { transit_gateway_connect_peer: Some(public) }).await
}

/// All peers of a gateway's Connect attachments.
fn peers(cx: &Context, gateway: &Published<TransitGatewayState>) -> Vec<std::sync::Arc<Published<ConnectPeerState>>> {
    let attachments = cx.transit_gateway_attachments.linked_to(&gateway.id);
    let peers = attachments.values().flat_map(|found| {
        let peers = cx.transit_gateway_connect_peers.linked_to(&found.id);
        peers.values().cloned().collect::<Vec<_>>()
    });
    peers.collect()
}

async fn delete_transit_gateway_connect_peer(
    cx: Context,
    input: DeleteTransitGatewayConnectPeerRequest,
) -> Ec2Result<DeleteTransitGatewayConnectPeerResult> {
    let found = cx.transit_gateway_connect_peers.find(&cx.account, input.transit_gateway_connect_peer_id())?;
    let now = cx.transit_gateway_connect_peers.ask(&found.id, ConnectPeerCommand::Delete).await?.published;
    Ok(DeleteTransitGatewayConnectPeerResult { transit_gateway_connect_peer: Some(now.state.public.clone()) })
}

async fn describe_transit_gateway_connect_peers(
    cx: Context,
    input: DescribeTransitGatewayConnectPeersRequest,
) -> Ec2Result<DescribeTransitGatewayConnectPeersResult> {
    let describe = Describe {
        ids: &input.transit_gateway_connect_peer_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.transit_gateway_connect_peers, FILTERS)?;
    let transit_gateway_connect_peers = page.map(|found| found.state.public.clone());
    Ok(DescribeTransitGatewayConnectPeersResult { transit_gateway_connect_peers, next_token: page.next_token })
}
