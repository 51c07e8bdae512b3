//! The actions on Spot Fleet requests.

use archipelago_proto::ec2::v1::{
    CancelSpotFleetRequestsError, CancelSpotFleetRequestsErrorItem, CancelSpotFleetRequestsRequest,
    CancelSpotFleetRequestsResponse, CancelSpotFleetRequestsSuccessItem, ModifySpotFleetRequestRequest,
    ModifySpotFleetRequestResponse,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::describe::{
    describe_spot_fleet_instances, describe_spot_fleet_request_history, describe_spot_fleet_requests, state,
};
use super::request::{config_of, excess, request_spot_fleet, target};
use crate::entity::Entity as _;
use crate::families::fleets::{Change, Fleet, FleetCommand, FleetState, MOST, launchable};
use crate::request::{Action, Context};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(request_spot_fleet),
        Action::new(describe_spot_fleet_requests),
        Action::new(describe_spot_fleet_instances),
        Action::new(describe_spot_fleet_request_history),
        Action::new(modify_spot_fleet_request),
        Action::new(cancel_spot_fleet_requests),
    ]
}

async fn modify_spot_fleet_request(
    cx: Context,
    input: ModifySpotFleetRequestRequest,
) -> Ec2Result<ModifySpotFleetRequestResponse> {
    let fleet = cx.spot_fleets.find(&cx.account, input.spot_fleet_request_id())?;
    let mut request = fleet.state.0.request.clone().unwrap_or_default();
    if request.r#type() != "maintain" {
        return Err(Ec2Error::new(
            "InvalidSpotFleetRequestConfig",
            "Only requests of type 'maintain' can be modified.",
        ));
    }
    if !input.launch_template_configs.is_empty() && request.launch_template_configs.is_empty() {
        return Err(Ec2Error::invalid_combination(
            "The Spot Fleet request has launch specifications, not launch templates",
        ));
    }
    request.target_capacity = input.target_capacity.or(request.target_capacity);
    request.on_demand_target_capacity = input.on_demand_target_capacity.or(request.on_demand_target_capacity);
    let total = request.target_capacity();
    if !(0..=MOST).contains(&total) || !(0..=total).contains(&request.on_demand_target_capacity()) {
        return Err(Ec2Error::invalid_value("TargetCapacity", total));
    }
    if !input.launch_template_configs.is_empty() {
        request.launch_template_configs.clone_from(&input.launch_template_configs);
    }
    if input.excess_capacity_termination_policy.is_some() {
        request.excess_capacity_termination_policy.clone_from(&input.excess_capacity_termination_policy);
    }
    request.context = input.context.clone().or(request.context);
    let configs = input.launch_template_configs.iter().map(|config| config_of(config, &request)).collect();
    let change = Change {
        target: Some(target(&request)),
        configs,
        excess: Some(excess(request.excess_capacity_termination_policy.as_deref())),
        context: input.context,
        request: Some(request),
    };
    if !change.configs.is_empty() {
        let mut public = fleet.state.0.public.clone();
        public.launch_template_configs.clone_from(&change.configs);
        launchable(&cx, &Fleet { public, ..fleet.state.0.clone() })?;
    }
    cx.spot_fleets.ask(&fleet.id, FleetCommand::Modify(Box::new(change))).await?;
    Ok(ModifySpotFleetRequestResponse { r#return: Some(true) })
}

/// Each request by itself: what fails is told beside what does not.
async fn cancel_spot_fleet_requests(
    cx: Context,
    input: CancelSpotFleetRequestsRequest,
) -> Ec2Result<CancelSpotFleetRequestsResponse> {
    if input.spot_fleet_request_ids.is_empty() {
        return Err(Ec2Error::missing_parameter("SpotFleetRequestId"));
    }
    let mut result = CancelSpotFleetRequestsResponse::default();
    for id in &input.spot_fleet_request_ids {
        match cancel(&cx, id, input.terminate_instances()).await {
            Ok((previous, current)) => result.successful_fleet_requests.push(CancelSpotFleetRequestsSuccessItem {
                current_spot_fleet_request_state: Some(current),
                previous_spot_fleet_request_state: Some(previous),
                spot_fleet_request_id: Some(id.clone()),
            }),
            Err((code, message)) => result.unsuccessful_fleet_requests.push(CancelSpotFleetRequestsErrorItem {
                error: Some(CancelSpotFleetRequestsError { code: Some(code.to_owned()), message: Some(message) }),
                spot_fleet_request_id: Some(id.clone()),
            }),
        }
    }
    Ok(result)
}

async fn cancel(cx: &Context, id: &str, terminate: bool) -> Result<(String, String), (&'static str, String)> {
    FleetState::<true>::KIND.check(id).map_err(|error| ("fleetRequestIdMalformed", error.message))?;
    let fleet = cx.spot_fleets.find(&cx.account, id);
    let fleet = fleet.map_err(|error| ("fleetRequestIdDoesNotExist", error.message))?;
    let previous = state(fleet.state.0.state());
    match cx.spot_fleets.ask(&fleet.id, FleetCommand::Delete { terminate }).await {
        Ok(answer) => Ok((previous, state(answer.published.state.0.state()))),
        Err(error) if error.code == "fleetNotInDeletableState" => {
            Err(("fleetRequestNotInCancellableState", "The fleet request is not in a cancellable state.".to_owned()))
        }
        Err(error) => Err(("unexpectedError", error.message)),
    }
}
