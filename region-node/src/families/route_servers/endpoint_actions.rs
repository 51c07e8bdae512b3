//! The actions on endpoints; each has an interface in its subnet, which goes with it.

use std::sync::Arc;

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    CreateRouteServerEndpointRequest, CreateRouteServerEndpointResult, DeleteRouteServerEndpointRequest,
    DeleteRouteServerEndpointResult, DescribeRouteServerEndpointsRequest, DescribeRouteServerEndpointsResult,
    RouteServerEndpoint,
};

use super::endpoint::{EndpointCommand, RouteServerEndpointState};
use super::filters::ENDPOINTS;
use super::server::not_associated;
use super::server_actions::settles;
use crate::Region;
use crate::entity::{Entity as _, Published, Undo, workflow};
use crate::families::network_interfaces::launch::NewInterface;
use crate::families::network_interfaces::service;
use crate::request::{Action, Context, Describe, tags_for};

pub(super) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_route_server_endpoint),
        Action::new(delete_route_server_endpoint),
        Action::new(describe_route_server_endpoints),
    ]
}

async fn create_route_server_endpoint(
    cx: Context,
    input: CreateRouteServerEndpointRequest,
) -> Ec2Result<CreateRouteServerEndpointResult> {
    let kind = &RouteServerEndpointState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let server = cx.route_servers.find(&cx.account, input.route_server_id())?;
    let subnet = cx.subnets.find(&cx.account, input.subnet_id())?;
    let vpc = subnet.state.public.vpc_id().to_owned();
    if !server.state.serves(&vpc) {
        return Err(not_associated(&server.id, &vpc));
    }
    let group = cx.vpcs.find(&cx.account, &vpc)?.state.default_group.to_string();
    let id = cx.route_server_endpoints.fresh_id();
    let mut undo = Undo::default();
    let outcome = async {
        let new = NewInterface {
            groups: vec![group],
            description: Some(format!("VPC Route Server Endpoint {id}")),
            ..NewInterface::in_subnet(subnet.clone())
        };
        let (interface_id, interface) = service::prepare(&cx, &mut undo, &new, &id).await?;
        let public = RouteServerEndpoint {
            route_server_id: Some(server.id.to_string()),
            route_server_endpoint_id: Some(id.to_string()),
            vpc_id: Some(vpc),
            subnet_id: Some(subnet.id.to_string()),
            eni_id: Some(interface_id.to_string()),
            eni_address: interface.public.private_ip_address.clone(),
            state: Some("pending".into()),
            tags,
            failure_reason: None,
        };
        let state = RouteServerEndpointState { public: public.clone(), settles: settles(&cx), leaving: false };
        let mut batch = cx.batch();
        batch.create(&cx.network_interfaces, &interface_id, interface)?;
        batch.create(&cx.route_server_endpoints, &id, state)?;
        cx.commit(batch, CreateRouteServerEndpointResult { route_server_endpoint: Some(public) }).await
    }
    .await;
    workflow(undo, outcome).await
}

async fn delete_route_server_endpoint(
    cx: Context,
    input: DeleteRouteServerEndpointRequest,
) -> Ec2Result<DeleteRouteServerEndpointResult> {
    let endpoint = cx.route_server_endpoints.find(&cx.account, input.route_server_endpoint_id())?;
    let gone = cx.route_server_endpoints.ask(&endpoint.id, EndpointCommand::Delete).await?.published;
    Ok(DeleteRouteServerEndpointResult { route_server_endpoint: Some(gone.state.public.clone()) })
}

/// A deleted endpoint's interface goes, and then the endpoint.
pub(crate) async fn follow(region: Arc<Region>, endpoint: Arc<Published<RouteServerEndpointState>>) {
    let cx = Context::internal(&region, &endpoint.account);
    let outcome = match service::remove(&cx, &endpoint.id).await {
        Ok(()) => cx.route_server_endpoints.ask(&endpoint.id, EndpointCommand::Left).await.map(drop),
        Err(error) => Err(error),
    };
    if let Err(error) = outcome {
        tracing::warn!(endpoint = %endpoint.id, %error, "an endpoint keeps its interface");
    }
}

async fn describe_route_server_endpoints(
    cx: Context,
    input: DescribeRouteServerEndpointsRequest,
) -> Ec2Result<DescribeRouteServerEndpointsResult> {
    let describe = Describe {
        ids: &input.route_server_endpoint_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.route_server_endpoints, ENDPOINTS)?;
    let route_server_endpoints = page.map(|endpoint| endpoint.state.public.clone());
    Ok(DescribeRouteServerEndpointsResult { route_server_endpoints, next_token: page.next_token })
}
