//! Client VPN endpoints: the subnets that they lead to, their routes, and who may use them.
//!
//! An endpoint owns all of these. Nobody connects here, so there are no connections to describe or to end.

mod association_actions;
mod configuration;
mod creation;
mod endpoint_actions;
mod filters;
mod follower;
mod options;
mod route_actions;
mod rule_actions;
mod state;
mod transitions;

use crate::request::Action;

pub(crate) use follower::follow;
pub use state::ClientVpnState;

pub(crate) fn actions() -> Vec<Action> {
    [
        association_actions::actions(),
        configuration::actions(),
        endpoint_actions::actions(),
        route_actions::actions(),
        rule_actions::actions(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
