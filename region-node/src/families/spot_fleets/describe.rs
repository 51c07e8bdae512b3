//! DescribeSpotFleetRequests, DescribeSpotFleetInstances and DescribeSpotFleetRequestHistory.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    DescribeSpotFleetInstancesRequest, DescribeSpotFleetInstancesResponse, DescribeSpotFleetRequestHistoryRequest,
    DescribeSpotFleetRequestHistoryResponse, DescribeSpotFleetRequestsRequest, DescribeSpotFleetRequestsResponse,
    EventInformation, HistoryRecord, SpotFleetRequestConfig,
};

use crate::entity::Published;
use crate::families::fleets::{FleetState, active_instances, activity, fulfilled, records};
use crate::request::{Context, Describe, FilterTable};

/// AWS has no filters here.
const FILTERS: FilterTable<FleetState<true>> = &[];

pub(super) async fn describe_spot_fleet_requests(
    cx: Context,
    input: DescribeSpotFleetRequestsRequest,
) -> Ec2Result<DescribeSpotFleetRequestsResponse> {
    let describe = Describe {
        ids: &input.spot_fleet_request_ids,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=1000,
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.spot_fleets, FILTERS)?;
    let spot_fleet_request_configs = page.map(|fleet| view(&cx, fleet));
    Ok(DescribeSpotFleetRequestsResponse { next_token: page.next_token, spot_fleet_request_configs })
}

fn view(cx: &Context, published: &Published<FleetState<true>>) -> SpotFleetRequestConfig {
    let fleet = &published.state.0;
    let got = fulfilled(cx, &published.id);
    let mut request = fleet.request.clone().unwrap_or_default();
    request.fulfilled_capacity = Some(got.total());
    request.on_demand_fulfilled_capacity = Some(got.on_demand);
    SpotFleetRequestConfig {
        activity_status: Some(activity(fleet, got.total())),
        create_time: fleet.public.create_time,
        spot_fleet_request_config: Some(request),
        spot_fleet_request_id: Some(published.id.to_string()),
        spot_fleet_request_state: Some(state(fleet.state())),
        tags: fleet.public.tags.clone(),
    }
}

/// What a fleet calls deleted, a Spot Fleet calls cancelled.
pub(super) fn state(of_fleet: &str) -> String {
    of_fleet.replace("deleted", "cancelled")
}

pub(super) async fn describe_spot_fleet_instances(
    cx: Context,
    input: DescribeSpotFleetInstancesRequest,
) -> Ec2Result<DescribeSpotFleetInstancesResponse> {
    let fleet = cx.spot_fleets.find(&cx.account, input.spot_fleet_request_id())?;
    let describe = Describe {
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=1000,
        ..Describe::default()
    };
    let (active_instances, next_token) = active_instances(&cx, &fleet.id, &describe)?;
    let spot_fleet_request_id = input.spot_fleet_request_id;
    Ok(DescribeSpotFleetInstancesResponse { active_instances, next_token, spot_fleet_request_id })
}

pub(super) async fn describe_spot_fleet_request_history(
    cx: Context,
    input: DescribeSpotFleetRequestHistoryRequest,
) -> Ec2Result<DescribeSpotFleetRequestHistoryResponse> {
    let fleet = cx.spot_fleets.find(&cx.account, input.spot_fleet_request_id())?;
    let kind = input.event_type.as_deref().map(|kind| match kind {
        "instanceChange" => "instance-change",
        "fleetRequestChange" => "fleet-change",
        "error" => "service-error",
        other => other,
    });
    let token = input.next_token.as_deref();
    let (page, last) = records(&cx, &fleet.id, &fleet.state.0, kind, input.start_time(), input.max_results, token)?;
    let history_records = page.map(|row| HistoryRecord {
        event_information: Some(EventInformation {
            event_description: Some(row.event.description.clone()),
            event_sub_type: Some(state(&row.event.sub_type)),
            instance_id: row.event.instance.clone(),
        }),
        event_type: Some(
            match row.event.kind.as_str() {
                "instance-change" => "instanceChange",
                "fleet-change" => "fleetRequestChange",
                _ => "error",
            }
            .to_owned(),
        ),
        timestamp: Some(row.event.time),
    });
    Ok(DescribeSpotFleetRequestHistoryResponse {
        history_records,
        last_evaluated_time: Some(last),
        next_token: page.next_token,
        spot_fleet_request_id: input.spot_fleet_request_id,
        start_time: input.start_time,
    })
}
