//! The filters of the describe actions. Their names are those of the attributes: AWS lists none.

use archipelago_proto::ec2::v1::RouteServerRoute;

use super::endpoint::RouteServerEndpointState;
use super::peer::RouteServerPeerState;
use super::server::RouteServerState;
use crate::request::{Column, FilterTable, Row, Table};

pub(super) const SERVERS: FilterTable<RouteServerState> = &[
    ("amazon-side-asn", Column::Of(|server, probe| probe.number(server.state.public.amazon_side_asn))),
    ("persist-routes-state", Column::Of(|server, probe| probe.text(server.state.public.persist_routes_state()))),
    ("route-server-id", Column::Id),
    (
        "sns-notifications-enabled",
        Column::Of(|server, probe| probe.flag(server.state.public.sns_notifications_enabled)),
    ),
    ("state", Column::Of(|server, probe| probe.text(server.state.public.state()))),
];

pub(super) const ENDPOINTS: FilterTable<RouteServerEndpointState> = &[
    ("eni-address", Column::Of(|endpoint, probe| probe.text(endpoint.state.public.eni_address()))),
    ("eni-id", Column::Of(|endpoint, probe| probe.text(endpoint.state.public.eni_id()))),
    ("route-server-endpoint-id", Column::Id),
    ("route-server-id", Column::Link(|endpoint, probe| probe.text(endpoint.state.public.route_server_id()))),
    ("state", Column::Of(|endpoint, probe| probe.text(endpoint.state.public.state()))),
    ("subnet-id", Column::Link(|endpoint, probe| probe.text(endpoint.state.public.subnet_id()))),
    ("vpc-id", Column::Link(|endpoint, probe| probe.text(endpoint.state.public.vpc_id()))),
];

pub(super) const PEERS: FilterTable<RouteServerPeerState> = &[
    ("endpoint-eni-address", Column::Of(|peer, probe| probe.text(peer.state.public.endpoint_eni_address()))),
    ("endpoint-eni-id", Column::Of(|peer, probe| probe.text(peer.state.public.endpoint_eni_id()))),
    ("peer-address", Column::Of(|peer, probe| probe.text(peer.state.public.peer_address()))),
    ("route-server-endpoint-id", Column::Link(|peer, probe| probe.text(peer.state.public.route_server_endpoint_id()))),
    ("route-server-id", Column::Of(|peer, probe| probe.text(peer.state.public.route_server_id()))),
    ("route-server-peer-id", Column::Id),
    ("state", Column::Of(|peer, probe| probe.text(peer.state.public.state()))),
    ("subnet-id", Column::Of(|peer, probe| probe.text(peer.state.public.subnet_id()))),
    ("vpc-id", Column::Of(|peer, probe| probe.text(peer.state.public.vpc_id()))),
];

impl Row for RouteServerRoute {
    fn id(&self) -> &str {
        self.prefix()
    }
}

pub(super) const ROUTES: Table<RouteServerRoute> = &[
    ("next-hop-ip", Column::Of(|route, probe| probe.text(route.next_hop_ip()))),
    ("prefix", Column::Id),
    ("route-server-endpoint-id", Column::Of(|route, probe| probe.text(route.route_server_endpoint_id()))),
    ("route-server-peer-id", Column::Of(|route, probe| probe.text(route.route_server_peer_id()))),
    ("route-status", Column::Of(|route, probe| probe.text(route.route_status()))),
];
