//! Transit gateways: gateways, what is attached to them, their route and policy tables, and multicast.
//!
//! An attachment owns its association with a route table; a route table owns its static routes and knows which
//! attachments propagate into it. Propagated routes are derived from the attached VPCs where they are shown.

mod associations;
mod attachment;
mod attachment_actions;
mod connect_peer;
mod connect_peer_actions;
mod connects;
mod filters;
mod gateway;
mod gateway_actions;
mod gateway_options;
mod joining;
mod life;
mod lookup;
mod multicast_associations;
mod multicast_domain;
mod multicast_domain_actions;
mod multicast_groups;
mod peering;
mod peering_actions;
mod policy_tables;
mod prefix_list_references;
mod propagations;
mod routes;
mod search;
mod table;
mod table_actions;
mod view;

use crate::request::Action;

pub use attachment::{AttachmentCommand, AttachmentState};
pub use connect_peer::ConnectPeerState;
pub use gateway::TransitGatewayState;
pub(crate) use gateway_actions::follow;
pub(crate) use joining::{attach_vpn, detach_vpn, gateway_of_vpn};
pub use lookup::{attachment_of, route_to, table_of};
pub use multicast_domain::MulticastDomainState;
pub(crate) use peering_actions::{PEERING, follow_attachment, hear, reconcile_all};
pub use policy_tables::PolicyTableState;
pub use table::TransitGatewayRouteTableState;

pub(crate) fn actions() -> Vec<Action> {
    let families = [
        associations::actions(),
        attachment_actions::actions(),
        connect_peer_actions::actions(),
        connects::actions(),
        gateway_actions::actions(),
        multicast_associations::actions(),
        multicast_domain_actions::actions(),
        multicast_groups::actions(),
        peering_actions::actions(),
        policy_tables::actions(),
        prefix_list_references::actions(),
        propagations::actions(),
        routes::actions(),
        table_actions::actions(),
    ];
    families.into_iter().flatten().collect()
}
