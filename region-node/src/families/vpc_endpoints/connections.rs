//! Endpoints as the owners of their services see them: asked for, accepted, rejected.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AcceptVpcEndpointConnectionsRequest, AcceptVpcEndpointConnectionsResult, DescribeVpcEndpointConnectionsRequest,
    DescribeVpcEndpointConnectionsResult, RejectVpcEndpointConnectionsRequest, RejectVpcEndpointConnectionsResult,
    UnsuccessfulItem, VpcEndpointConnection,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::{CONNECTIONS, ConnectionRow};
use super::view::view;
use super::{VpcEndpointCommand, VpcEndpointState};
use crate::entity::{Published, Shelf};
use crate::request::{Context, Describe, unsuccessful};

pub(super) async fn accept_vpc_endpoint_connections(
    cx: Context,
    input: AcceptVpcEndpointConnectionsRequest,
) -> Ec2Result<AcceptVpcEndpointConnectionsResult> {
    let unsuccessful = each(&cx, input.service_id(), &input.vpc_endpoint_ids, || VpcEndpointCommand::Accept).await?;
    Ok(AcceptVpcEndpointConnectionsResult { unsuccessful })
}

pub(super) async fn reject_vpc_endpoint_connections(
    cx: Context,
    input: RejectVpcEndpointConnectionsRequest,
) -> Ec2Result<RejectVpcEndpointConnectionsResult> {
    let unsuccessful = each(&cx, input.service_id(), &input.vpc_endpoint_ids, || VpcEndpointCommand::Reject).await?;
    Ok(RejectVpcEndpointConnectionsResult { unsuccessful })
}

async fn each(
    cx: &Context,
    service: &str,
    endpoints: &[String],
    command: impl Fn() -> VpcEndpointCommand,
) -> Ec2Result<Vec<UnsuccessfulItem>> {
    let service = cx.vpc_endpoint_services.find(&cx.account, service)?;
    let mut failed = Vec::new();
    for id in endpoints {
        let endpoint = cx.vpc_endpoints.index().get(id);
        let outcome = match endpoint.filter(|endpoint| endpoint.state.service.as_deref() == Some(&*service.id)) {
            Some(endpoint) => cx.vpc_endpoints.ask(&endpoint.id, command()).await.map(drop),
            None => {
                let message = format!("The Vpc Endpoint Id '{id}' does not exist");
                Err(Ec2Error::new("InvalidVpcEndpoint.NotFound", message))
            }
        };
        failed.extend(unsuccessful(id, outcome));
    }
    Ok(failed)
}

pub(super) async fn describe_vpc_endpoint_connections(
    cx: Context,
    input: DescribeVpcEndpointConnectionsRequest,
) -> Ec2Result<DescribeVpcEndpointConnectionsResult> {
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results.map(|most| most.min(1000)),
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let shelves = [Shelf::SharedWith(cx.account.clone())];
    let visible = |endpoint: &Published<VpcEndpointState>| endpoint.state.service_owner == *cx.account;
    let row = |endpoint: Arc<_>| ConnectionRow { shown: connection(&cx, &endpoint), endpoint };
    let page = describe.find_where(&cx.vpc_endpoints, CONNECTIONS, &shelves, visible, row)?;
    let vpc_endpoint_connections = page.items.into_iter().map(|row| row.shown).collect();
    Ok(DescribeVpcEndpointConnectionsResult { vpc_endpoint_connections, next_token: page.next_token })
}

fn connection(cx: &Context, endpoint: &Published<VpcEndpointState>) -> VpcEndpointConnection {
    let shown = view(cx, endpoint);
    let service = endpoint.state.service.as_deref().and_then(|id| cx.vpc_endpoint_services.index().get(id));
    let service = service.map(|service| service.state.public.clone()).unwrap_or_default();
    VpcEndpointConnection {
        service_id: endpoint.state.service.clone(),
        vpc_endpoint_id: shown.vpc_endpoint_id,
        vpc_endpoint_owner: Some(endpoint.account.to_string()),
        vpc_endpoint_state: shown.state,
        creation_timestamp: shown.creation_timestamp,
        dns_entries: shown.dns_entries,
        network_load_balancer_arns: service.network_load_balancer_arns,
        gateway_load_balancer_arns: service.gateway_load_balancer_arns,
        ip_address_type: shown.ip_address_type,
        vpc_endpoint_connection_id: Some(endpoint.id.replace("vpce-", "vpce-con-")),
        tags: Vec::new(),
        vpc_endpoint_region: Some(cx.facts.name.to_owned()),
    }
}
