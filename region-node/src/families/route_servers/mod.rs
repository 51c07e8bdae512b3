//! VPC Route Servers: the VPC that one is associated with, its endpoints in subnets, the devices that they peer with,
//! and the route tables that it propagates to.
//!
//! No device speaks BGP here: peers stay down, and a server learns no routes.

mod association_actions;
mod endpoint;
mod endpoint_actions;
mod filters;
mod peer;
mod peer_actions;
mod server;
mod server_actions;

use crate::request::Action;

pub use endpoint::RouteServerEndpointState;
pub(crate) use endpoint_actions::follow;
pub use peer::RouteServerPeerState;
pub use server::RouteServerState;

pub(crate) fn actions() -> Vec<Action> {
    [association_actions::actions(), endpoint_actions::actions(), peer_actions::actions(), server_actions::actions()]
        .into_iter()
        .flatten()
        .collect()
}
