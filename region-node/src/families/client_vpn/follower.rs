//! The interfaces in subnets that an endpoint no longer leads to go.

use std::sync::Arc;

use super::ClientVpnState;
use super::state::ClientVpnCommand;
use crate::Region;
use crate::entity::{Id, Published};
use crate::families::network_interfaces::service;
use crate::request::Context;

pub(crate) async fn follow(region: Arc<Region>, endpoint: Arc<Published<ClientVpnState>>) {
    let cx = Context::internal(&region, &endpoint.account);
    let mut gone = Vec::new();
    for interface in &endpoint.state.left {
        match service::remove_one(&cx, &Id::new(interface)).await {
            Ok(()) => gone.push(interface.clone()),
            Err(error) => tracing::warn!(endpoint = %endpoint.id, %error, "an endpoint keeps its interface"),
        }
    }
    if let Err(error) = cx.client_vpn_endpoints.ask(&endpoint.id, ClientVpnCommand::Left(gone)).await {
        tracing::warn!(endpoint = %endpoint.id, %error, "an endpoint does not know that its interface is gone");
    }
}
