//! The actions on EC2 Fleets (AWS: "EC2 Fleet"); creation and descriptions have files of their own.

use archipelago_proto::ec2::v1::{
    DeleteFleetError, DeleteFleetErrorItem, DeleteFleetSuccessItem, DeleteFleetsRequest, DeleteFleetsResult,
    ModifyFleetRequest, ModifyFleetResult, TargetCapacitySpecification, TargetCapacitySpecificationRequest,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::create::{create_fleet, replayed, target_of};
use super::describe::{describe_fleet_history, describe_fleet_instances, describe_fleets};
use super::pools;
use super::state::{Change, Fleet, FleetCommand, FleetState};
use crate::entity::Entity as _;
use crate::request::{Action, Context, recode};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_fleet).replayed(replayed),
        Action::new(describe_fleets),
        Action::new(describe_fleet_instances),
        Action::new(describe_fleet_history),
        Action::new(modify_fleet),
        Action::new(delete_fleets),
    ]
}

async fn modify_fleet(cx: Context, input: ModifyFleetRequest) -> Ec2Result<ModifyFleetResult> {
    let fleet = cx.fleets.find(&cx.account, input.fleet_id())?;
    let target =
        input.target_capacity_specification.as_ref().map(|wanted| target_of(&kept(wanted, &fleet.state.0.target())));
    let change = Change {
        target: target.transpose()?,
        configs: input.launch_template_configs.iter().map(recode).collect(),
        excess: input.excess_capacity_termination_policy.clone(),
        context: input.context.clone(),
        request: None,
    };
    if !change.configs.is_empty() {
        let mut public = fleet.state.0.public.clone();
        public.launch_template_configs.clone_from(&change.configs);
        pools::check(&cx, &Fleet { public, ..fleet.state.0.clone() })?;
    }
    cx.fleets.ask(&fleet.id, FleetCommand::Modify(Box::new(change))).await?;
    Ok(ModifyFleetResult { r#return: Some(true) })
}

/// What is not said of the target stays, as far as it fits into the new total.
fn kept(
    wanted: &TargetCapacitySpecificationRequest,
    known: &TargetCapacitySpecification,
) -> TargetCapacitySpecificationRequest {
    let total = wanted.total_target_capacity();
    let on_demand = wanted.on_demand_target_capacity.unwrap_or(known.on_demand_target_capacity().min(total));
    let spot =
        wanted.spot_target_capacity.unwrap_or(known.spot_target_capacity().min(total.saturating_sub(on_demand).max(0)));
    let kind = wanted.default_target_capacity_type.clone();
    TargetCapacitySpecificationRequest {
        total_target_capacity: wanted.total_target_capacity,
        on_demand_target_capacity: Some(on_demand),
        spot_target_capacity: Some(spot),
        default_target_capacity_type: kind.or_else(|| known.default_target_capacity_type.clone()),
        target_capacity_unit_type: wanted
            .target_capacity_unit_type
            .clone()
            .or_else(|| known.target_capacity_unit_type.clone()),
    }
}

/// Each fleet by itself: what fails is told beside what does not.
async fn delete_fleets(cx: Context, input: DeleteFleetsRequest) -> Ec2Result<DeleteFleetsResult> {
    if input.fleet_ids.is_empty() {
        return Err(Ec2Error::missing_parameter("FleetId"));
    }
    let mut result = DeleteFleetsResult::default();
    for id in &input.fleet_ids {
        match delete(&cx, id, input.terminate_instances()).await {
            Ok((previous, current)) => result.successful_fleet_deletions.push(DeleteFleetSuccessItem {
                current_fleet_state: Some(current),
                previous_fleet_state: Some(previous),
                fleet_id: Some(id.clone()),
            }),
            Err((code, message)) => result.unsuccessful_fleet_deletions.push(DeleteFleetErrorItem {
                error: Some(DeleteFleetError { code: Some(code.to_owned()), message: Some(message) }),
                fleet_id: Some(id.clone()),
            }),
        }
    }
    Ok(result)
}

async fn delete(cx: &Context, id: &str, terminate: bool) -> Result<(String, String), (&'static str, String)> {
    FleetState::<false>::KIND.check(id).map_err(|error| ("fleetIdMalformed", error.message))?;
    let fleet = cx.fleets.find(&cx.account, id).map_err(|error| ("fleetIdDoesNotExist", error.message))?;
    let previous = fleet.state.0.state().to_owned();
    if fleet.state.0.is_instant() && !terminate {
        let message = "A fleet of type 'instant' cannot be deleted without terminating its instances.";
        return Err(("fleetNotInDeletableState", message.to_owned()));
    }
    let answer = cx.fleets.ask(&fleet.id, FleetCommand::Delete { terminate }).await;
    match answer {
        Ok(answer) => Ok((previous, answer.published.state.0.state().to_owned())),
        Err(error) if error.code == "fleetNotInDeletableState" => Err(("fleetNotInDeletableState", error.message)),
        Err(error) => Err(("unexpectedError", error.message)),
    }
}
