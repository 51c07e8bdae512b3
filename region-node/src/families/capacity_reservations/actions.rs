//! The actions on Capacity Reservations (AWS: "On-Demand Capacity Reservations").

use archipelago_proto::ec2::v1::{
    CancelCapacityReservationRequest, CancelCapacityReservationResult, CreateCapacityReservationRequest,
    CreateCapacityReservationResult, DescribeCapacityReservationsRequest, DescribeCapacityReservationsResult,
    GetCapacityReservationUsageRequest, GetCapacityReservationUsageResult, InstanceUsage,
    ModifyCapacityReservationRequest, ModifyCapacityReservationResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::FILTERS;
use super::state::{CapacityReservationCommand, Change, End};
use super::{create, places};
use crate::entity::{Undo, workflow};
use crate::request::{Action, Context, Describe};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_capacity_reservation),
        Action::new(describe_capacity_reservations),
        Action::new(modify_capacity_reservation),
        Action::new(cancel_capacity_reservation),
        Action::new(get_capacity_reservation_usage),
    ]
}

async fn create_capacity_reservation(
    cx: Context,
    input: CreateCapacityReservationRequest,
) -> Ec2Result<CreateCapacityReservationResult> {
    let id = cx.capacity_reservations.fresh_id();
    let state = create::state(&cx, &id, &input)?;
    let mut undo = Undo::default();
    places::reserve(&cx, &mut undo, &id, &state, 0..state.places())?;
    let mut batch = cx.batch();
    let answer = CreateCapacityReservationResult { capacity_reservation: Some(state.view()) };
    let outcome = match batch.create(&cx.capacity_reservations, &id, state) {
        Ok(()) => cx.commit(batch, answer).await,
        Err(error) => Err(error),
    };
    let mut answer = workflow(undo, outcome).await?;
    cx.capacity_reservations.follow_up(&id).await;
    // AWS answers with the reservation as it is then: active, unless it is for later.
    if let Some(now) = cx.capacity_reservations.index().get(&id) {
        answer.capacity_reservation = Some(now.state.view());
    }
    Ok(answer)
}

async fn describe_capacity_reservations(
    cx: Context,
    input: DescribeCapacityReservationsRequest,
) -> Ec2Result<DescribeCapacityReservationsResult> {
    let describe = Describe {
        ids: &input.capacity_reservation_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=1000,
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.capacity_reservations, FILTERS)?;
    let capacity_reservations = page.map(|item| item.state.view());
    Ok(DescribeCapacityReservationsResult { next_token: page.next_token, capacity_reservations })
}

async fn modify_capacity_reservation(
    cx: Context,
    input: ModifyCapacityReservationRequest,
) -> Ec2Result<ModifyCapacityReservationResult> {
    if input.additional_info.is_some() {
        return Err(Ec2Error::unsupported("The parameter AdditionalInfo is reserved."));
    }
    let reservation = cx.capacity_reservations.find(&cx.account, input.capacity_reservation_id())?;
    if let Some(count) = input.instance_count {
        create::check_count(count)?;
    }
    let dated = input.end_date_type.is_some() || input.end_date.is_some();
    let end = if dated {
        let end = create::end(input.end_date_type.as_deref(), input.end_date, cx.shell.clock.now())?;
        end.map_or(End::Never, End::At)
    } else {
        End::AsBefore
    };
    let change = Change { instance_count: input.instance_count, end, match_criteria: input.instance_match_criteria };
    let mut undo = Undo::default();
    let places = reservation.state.places();
    if let Some(more) = input.instance_count.and_then(|count| u32::try_from(count).ok()).filter(|_| places > 0) {
        places::reserve(&cx, &mut undo, &reservation.id, &reservation.state, places..more)?;
    }
    let modify = CapacityReservationCommand::Modify(Box::new(change));
    let outcome = cx.capacity_reservations.ask(&reservation.id, modify).await;
    workflow(undo, outcome).await?;
    Ok(ModifyCapacityReservationResult { r#return: Some(true) })
}

async fn cancel_capacity_reservation(
    cx: Context,
    input: CancelCapacityReservationRequest,
) -> Ec2Result<CancelCapacityReservationResult> {
    let reservation = cx.capacity_reservations.find(&cx.account, input.capacity_reservation_id())?;
    cx.capacity_reservations.ask(&reservation.id, CapacityReservationCommand::Cancel).await?;
    Ok(CancelCapacityReservationResult { r#return: Some(true) })
}

async fn get_capacity_reservation_usage(
    cx: Context,
    input: GetCapacityReservationUsageRequest,
) -> Ec2Result<GetCapacityReservationUsageResult> {
    if input.max_results.is_some_and(|size| !(1..=1000).contains(&size)) {
        return Err(Ec2Error::invalid_value("MaxResults", input.max_results()));
    }
    let reservation = cx.capacity_reservations.find(&cx.account, input.capacity_reservation_id())?;
    let view = reservation.state.view();
    let usage = InstanceUsage {
        account_id: Some(cx.account.to_string()),
        used_instance_count: i32::try_from(reservation.state.used().count()).ok(),
    };
    Ok(GetCapacityReservationUsageResult {
        capacity_reservation_id: view.capacity_reservation_id,
        instance_type: view.instance_type,
        total_instance_count: view.total_instance_count,
        available_instance_count: view.available_instance_count,
        state: view.state,
        instance_usages: vec![usage],
        ..GetCapacityReservationUsageResult::default()
    })
}
