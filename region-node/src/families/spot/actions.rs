//! The actions on Spot requests (reference: "Spot Instances"); the longer ones have files of their own.

use archipelago_proto::Ec2Error;
use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    CancelSpotInstanceRequestsRequest, CancelSpotInstanceRequestsResult, CancelledSpotInstanceRequest,
    DescribeSpotInstanceRequestsRequest, DescribeSpotInstanceRequestsResult,
};

use super::datafeed::{
    create_spot_datafeed_subscription, delete_spot_datafeed_subscription, describe_spot_datafeed_subscription,
};
use super::filters::FILTERS;
use super::history::describe_spot_price_history;
use super::placement_scores::get_spot_placement_scores;
use super::request::request_spot_instances;
use crate::families::spot_market::SpotRequestCommand;
use crate::request::{Action, Context, Describe};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(request_spot_instances),
        Action::new(describe_spot_instance_requests),
        Action::new(cancel_spot_instance_requests),
        Action::new(describe_spot_price_history),
        Action::new(create_spot_datafeed_subscription),
        Action::new(describe_spot_datafeed_subscription),
        Action::new(delete_spot_datafeed_subscription),
        Action::new(get_spot_placement_scores),
    ]
}

async fn describe_spot_instance_requests(
    cx: Context,
    input: DescribeSpotInstanceRequestsRequest,
) -> Ec2Result<DescribeSpotInstanceRequestsResult> {
    let describe = Describe {
        ids: &input.spot_instance_request_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.spot_requests, FILTERS)?;
    let spot_instance_requests = page.map(|request| request.state.public.clone());
    Ok(DescribeSpotInstanceRequestsResult { spot_instance_requests, next_token: page.next_token })
}

/// AWS: the instances of cancelled requests go on.
async fn cancel_spot_instance_requests(
    cx: Context,
    input: CancelSpotInstanceRequestsRequest,
) -> Ec2Result<CancelSpotInstanceRequestsResult> {
    if input.spot_instance_request_ids.is_empty() {
        return Err(Ec2Error::missing_parameter("SpotInstanceRequestId"));
    }
    let found = input.spot_instance_request_ids.iter().map(|id| cx.spot_requests.find(&cx.account, id));
    let found = found.collect::<Ec2Result<Vec<_>>>()?;
    let mut cancelled_spot_instance_requests = Vec::new();
    for request in found {
        let answer = cx.spot_requests.ask(&request.id, SpotRequestCommand::Cancel).await?;
        cancelled_spot_instance_requests.push(CancelledSpotInstanceRequest {
            spot_instance_request_id: Some(request.id.to_string()),
            state: answer.published.state.public.state.clone(),
        });
    }
    Ok(CancelSpotInstanceRequestsResult { cancelled_spot_instance_requests })
}
