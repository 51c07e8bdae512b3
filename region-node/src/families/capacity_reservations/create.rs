//! CreateCapacityReservation.

use archipelago_proto::ec2::v1::{
    CapacityReservation, CapacityReservationCommitmentInfo, CreateCapacityReservationRequest, VCpuInfo,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::CapacityReservationState;
use super::state::{ASSESSING, PENDING};
use crate::entity::{Entity as _, Id};
use crate::families::instance_types::{self, InstanceType};
use crate::request::{Context, tags_for, zone};
use crate::time::{Millis, Transition};

const DAY: Millis = 86_400_000;
const COUNTS: std::ops::RangeInclusive<i32> = 1..=1000;
/// AWS, "Future-dated Capacity Reservations": how far ahead, for how long and how much at least.
const AHEAD: std::ops::RangeInclusive<Millis> = 5 * DAY..=120 * DAY;
const COMMITMENT: std::ops::RangeInclusive<i64> = 14 * 86_400..=200 * 86_400;
const LEAST_VCPUS: i32 = 32;
const FUTURE_FAMILIES: [char; 6] = ['c', 'm', 'r', 'i', 't', 'g'];

pub(super) fn state(
    cx: &Context,
    id: &Id,
    input: &CreateCapacityReservationRequest,
) -> Ec2Result<CapacityReservationState> {
    let kind = &CapacityReservationState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    if input.outpost_arn.is_some() {
        return Err(Ec2Error::unsupported("There are no Outposts here: OutpostArn is not supported."));
    }
    if input.placement_group_arn.is_some() {
        return Err(Ec2Error::unsupported("Capacity Reservations in cluster placement groups are not supported."));
    }
    let zone = zone(cx, input.availability_zone.as_deref(), input.availability_zone_id.as_deref())?;
    let name = input.instance_type();
    let known = instance_types::find(name);
    let info = known.map(InstanceType::info).ok_or_else(|| Ec2Error::invalid_value("instanceType", name))?;
    if !instance_types::offered(cx.facts, zone.name, name) {
        return Err(Ec2Error::new(
            "Unsupported",
            format!("The instance type {name} is not supported in the Availability Zone {}.", zone.name),
        ));
    }
    let count = input.instance_count();
    check_count(count)?;
    if input.ephemeral_storage() {
        return Err(Ec2Error::invalid_parameter("The parameter EphemeralStorage is deprecated."));
    }
    let now = cx.shell.clock.now();
    let end = end(input.end_date_type.as_deref(), input.end_date, now)?;
    let vcpus = info.v_cpu_info.as_ref().map_or(1, VCpuInfo::default_v_cpus) * count;
    let future = input.start_date.map(|start| future(input, start, now, vcpus, end)).transpose()?;
    if future.is_none() && (input.commitment_duration.is_some() || input.delivery_preference.is_some()) {
        return Err(Ec2Error::invalid_combination(
            "CommitmentDuration and DeliveryPreference are for future-dated Capacity Reservations: StartDate is missing.",
        ));
    }
    let criteria = input.instance_match_criteria.clone().unwrap_or_else(|| "open".to_owned());
    let state = if future.is_some() { ASSESSING } else { PENDING };
    let public = CapacityReservation {
        capacity_reservation_id: Some(id.to_string()),
        owner_id: Some(cx.account.to_string()),
        capacity_reservation_arn: Some(cx.arn(kind.resource_type, id)),
        availability_zone_id: Some(zone.id.to_owned()),
        instance_type: input.instance_type.clone(),
        instance_platform: input.instance_platform.clone(),
        availability_zone: Some(zone.name.to_owned()),
        tenancy: Some(input.tenancy.clone().unwrap_or_else(|| "default".to_owned())),
        total_instance_count: Some(count),
        ebs_optimized: Some(input.ebs_optimized()),
        ephemeral_storage: Some(false),
        state: Some(state.to_owned()),
        start_date: Some(input.start_date.unwrap_or(now)),
        end_date: end,
        end_date_type: Some(if end.is_some() { "limited" } else { "unlimited" }.to_owned()),
        instance_match_criteria: Some(criteria),
        create_date: Some(now),
        tags,
        reservation_type: Some("default".to_owned()),
        commitment_info: future,
        delivery_preference: input.delivery_preference.clone(),
        ..CapacityReservation::default()
    };
    Ok(CapacityReservationState::new(public, now + cx.shell.lifecycle.duration(Transition::CapacityChange)))
}

pub(super) fn check_count(count: i32) -> Ec2Result<()> {
    if COUNTS.contains(&count) { Ok(()) } else { Err(Ec2Error::invalid_value("InstanceCount", count)) }
}

/// The end of a limited reservation.
pub(super) fn end(kind: Option<&str>, date: Option<Millis>, now: Millis) -> Ec2Result<Option<Millis>> {
    match (kind, date) {
        (Some("limited"), None) => {
            Err(Ec2Error::invalid_combination("An EndDate must be specified if the EndDateType is limited."))
        }
        (Some("unlimited"), Some(_)) => {
            Err(Ec2Error::invalid_combination("An EndDate may not be specified if the EndDateType is unlimited."))
        }
        (None, Some(_)) => {
            Err(Ec2Error::invalid_combination("The EndDateType must be limited if an EndDate is specified."))
        }
        (_, Some(date)) if date <= now => Err(Ec2Error::invalid_parameter("The EndDate must be in the future.")),
        (_, date) => Ok(date),
    }
}

fn future(
    input: &CreateCapacityReservationRequest,
    start: Millis,
    now: Millis,
    vcpus: i32,
    end: Option<Millis>,
) -> Ec2Result<CapacityReservationCommitmentInfo> {
    let invalid = |message: &str| Err(Ec2Error::invalid_parameter(message));
    if !AHEAD.contains(&(start - now)) {
        return invalid("The StartDate must be between 5 and 120 days in advance.");
    }
    let commitment = input.commitment_duration.ok_or_else(|| Ec2Error::missing_parameter("CommitmentDuration"))?;
    if !COMMITMENT.contains(&commitment) {
        return invalid("The CommitmentDuration must be between 14 and 200 days, in seconds.");
    }
    if input.delivery_preference() != "incremental" {
        return invalid("The only supported DeliveryPreference is incremental.");
    }
    if input.instance_match_criteria() != "targeted" {
        return invalid("The InstanceMatchCriteria of a future-dated Capacity Reservation must be targeted.");
    }
    if vcpus < LEAST_VCPUS {
        return invalid("A future-dated Capacity Reservation must be for at least 32 vCPUs.");
    }
    if !input.instance_type().starts_with(FUTURE_FAMILIES) {
        return invalid("Future-dated Capacity Reservations are for the C, M, R, I, T and G instance families.");
    }
    let committed = start + commitment * 1000;
    if end.is_some_and(|end| end < committed) {
        return invalid("The EndDate may not lie within the commitment duration.");
    }
    Ok(CapacityReservationCommitmentInfo {
        committed_instance_count: input.instance_count,
        commitment_end_date: Some(committed),
    })
}
