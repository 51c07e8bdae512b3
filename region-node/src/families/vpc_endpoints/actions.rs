//! The actions on VPC endpoints.

use archipelago_proto::ec2::v1::{
    DeleteVpcEndpointsRequest, DeleteVpcEndpointsResult, DescribeVpcEndpointsRequest, DescribeVpcEndpointsResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::VpcEndpointCommand;
use super::connections::{
    accept_vpc_endpoint_connections, describe_vpc_endpoint_connections, reject_vpc_endpoint_connections,
};
use super::creation::create_vpc_endpoint;
use super::filters::FILTERS;
use super::modification::modify_vpc_endpoint;
use super::notifications::{
    create_vpc_endpoint_connection_notification, delete_vpc_endpoint_connection_notifications,
    describe_vpc_endpoint_connection_notifications, modify_vpc_endpoint_connection_notification,
};
use super::view::view;
use crate::request::{Action, Context, Describe, unsuccessful};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_vpc_endpoint),
        Action::new(delete_vpc_endpoints),
        Action::new(describe_vpc_endpoints),
        Action::new(modify_vpc_endpoint),
        Action::new(accept_vpc_endpoint_connections),
        Action::new(describe_vpc_endpoint_connections),
        Action::new(reject_vpc_endpoint_connections),
        Action::new(create_vpc_endpoint_connection_notification),
        Action::new(delete_vpc_endpoint_connection_notifications),
        Action::new(describe_vpc_endpoint_connection_notifications),
        Action::new(modify_vpc_endpoint_connection_notification),
    ]
}

async fn delete_vpc_endpoints(cx: Context, input: DeleteVpcEndpointsRequest) -> Ec2Result<DeleteVpcEndpointsResult> {
    let mut failed = Vec::new();
    for id in &input.vpc_endpoint_ids {
        let outcome = match cx.vpc_endpoints.find(&cx.account, id) {
            Ok(endpoint) => cx.vpc_endpoints.ask(&endpoint.id, VpcEndpointCommand::Delete).await.map(drop),
            // AWS spells it differently where it is one of several.
            Err(error) if error.code.ends_with(".NotFound") => {
                Err(Ec2Error::new("InvalidVpcEndpoint.NotFound", error.message))
            }
            Err(error) => Err(error),
        };
        failed.extend(unsuccessful(id, outcome));
    }
    Ok(DeleteVpcEndpointsResult { unsuccessful: failed })
}

async fn describe_vpc_endpoints(
    cx: Context,
    input: DescribeVpcEndpointsRequest,
) -> Ec2Result<DescribeVpcEndpointsResult> {
    let describe = Describe {
        ids: &input.vpc_endpoint_ids,
        filters: &input.filters,
        max_results: input.max_results.map(|most| most.min(1000)),
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.vpc_endpoints, FILTERS)?;
    let vpc_endpoints = page.map(|endpoint| view(&cx, endpoint));
    Ok(DescribeVpcEndpointsResult { vpc_endpoints, next_token: page.next_token })
}
