//! Transit gateways: gateways, the VPCs that are attached to them, and their route tables.
//!
//! An attachment owns its association with a route table; a route table owns its static routes and knows which
//! attachments propagate into it. Propagated routes are derived from the attached VPCs where they are shown.

mod associations;
mod attachment;
mod attachment_actions;
mod filters;
mod gateway;
mod gateway_actions;
mod gateway_options;
mod life;
mod lookup;
mod peering;
mod peering_actions;
mod propagations;
mod routes;
mod search;
mod table;
mod table_actions;
mod view;

use crate::request::Action;

pub use attachment::AttachmentState;
pub use gateway::TransitGatewayState;
pub(crate) use gateway_actions::follow;
pub use lookup::{attachment_of, route_to, table_of};
pub(crate) use peering_actions::{PEERING, follow_attachment, hear, rebuild};
pub use table::TransitGatewayRouteTableState;

pub(crate) fn actions() -> Vec<Action> {
    let families = [
        associations::actions(),
        attachment_actions::actions(),
        gateway_actions::actions(),
        peering_actions::actions(),
        propagations::actions(),
        routes::actions(),
        table_actions::actions(),
    ];
    families.into_iter().flatten().collect()
}
