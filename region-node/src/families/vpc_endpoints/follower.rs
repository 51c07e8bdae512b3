//! A deleted endpoint's interfaces go, and then the endpoint.

use std::sync::Arc;

use super::{VpcEndpointCommand, VpcEndpointState};
use crate::Region;
use crate::entity::Published;
use crate::families::network_interfaces::service;
use crate::request::Context;

pub(crate) async fn follow(region: Arc<Region>, endpoint: Arc<Published<VpcEndpointState>>) {
    let cx = Context::internal(&region, &endpoint.account);
    let outcome = match service::remove(&cx, &endpoint.id).await {
        Ok(()) => cx.vpc_endpoints.ask(&endpoint.id, VpcEndpointCommand::Left).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = outcome {
        tracing::warn!(endpoint = %endpoint.id, %error, "an endpoint keeps its interfaces");
    }
}
