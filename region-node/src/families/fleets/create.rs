//! CreateFleet (AWS: CreateFleet).

use std::time::Duration;

use archipelago_proto::ec2::v1::{
    CreateFleetError, CreateFleetInstance, CreateFleetRequest, CreateFleetResult, FleetData, OnDemandOptions,
    SpotOptions, TagSpecification, TargetCapacitySpecification, TargetCapacitySpecificationRequest,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::pools;
use super::state::{Fleet, FleetState, Of};
use crate::entity::{Entity as _, Id};
use crate::families::spot_market::read_price;
use crate::request::{Context, recode, required, tags_for};

/// AWS: at most 10,000 units for a fleet.
pub(crate) const MOST: i32 = 10_000;

pub(super) async fn create_fleet(cx: Context, input: CreateFleetRequest) -> Ec2Result<CreateFleetResult> {
    let fleet = read(&cx, input)?;
    pools::check(&cx, &fleet)?;
    let response = |id: &Id| CreateFleetResult { fleet_id: Some(id.to_string()), ..CreateFleetResult::default() };
    let id = put::<FleetState<false>, _>(&cx, fleet, response).await?;
    Ok(launched(&cx, response(&id)))
}

/// What an instant fleet answers is known only when it has launched: its client's token is remembered when the fleet comes
/// to be, and what has been launched is told from the fleet.
fn launched(cx: &Context, mut result: CreateFleetResult) -> CreateFleetResult {
    let fleet = cx.fleets.index().get(result.fleet_id());
    if let Some(fleet) = fleet.filter(|fleet| fleet.state.0.is_instant()) {
        let public = &fleet.state.0.public;
        result.errors = public.errors.iter().map(recode::<_, CreateFleetError>).collect();
        result.instances = public.instances.iter().map(recode::<_, CreateFleetInstance>).collect();
    }
    result
}

/// The fleet of a client's token; one that was interrupted by a crash is waited for, as it goes on by itself.
pub(super) async fn replayed(cx: Context, result: CreateFleetResult) -> Ec2Result<CreateFleetResult> {
    const PAUSE: Duration = Duration::from_millis(20);
    const LOOKS: u32 = 500;
    for _ in 0..LOOKS {
        let under_way = cx.fleets.index().get(result.fleet_id()).is_some_and(|fleet| fleet.state.intent());
        if !under_way {
            break;
        }
        tokio::time::sleep(PAUSE).await;
    }
    Ok(launched(&cx, result))
}

/// Makes a fleet, and has it filled before this returns. `response` is what the client's token is to remember of it.
pub(crate) async fn put<F: Of, R: Message>(
    cx: &Context,
    mut fleet: Fleet,
    response: impl FnOnce(&Id) -> R,
) -> Ec2Result<Id> {
    let host = F::host(&cx.region);
    let id = host.fresh_id();
    let now = cx.shell.clock.now();
    fleet.public.fleet_id = Some(id.to_string());
    fleet.public.create_time = Some(now);
    fleet.public.fleet_state = Some("submitted".to_owned());
    fleet.public.activity_status = Some("pending_fulfillment".to_owned());
    fleet.tell(now, "fleet-change", "submitted", String::new(), None);
    let mut batch = cx.batch();
    batch.create(host, &id, F::new(fleet))?;
    cx.commit(batch, response(&id)).await?;
    host.follow_up(&id).await;
    Ok(id)
}

fn read(cx: &Context, input: CreateFleetRequest) -> Ec2Result<Fleet> {
    let kind = &FleetState::<false>::KIND;
    let (own, others): (Vec<TagSpecification>, Vec<_>) =
        input.tag_specifications.iter().cloned().partition(|tags| tags.resource_type() == kind.resource_type);
    let tags = tags_for(kind, &[kind], &own)?;
    let fleet_type = input.r#type.clone().unwrap_or_else(|| "maintain".to_owned());
    if let Some(other) = others.first().filter(|_| fleet_type != "instant") {
        return Err(Ec2Error::invalid_parameter(format!(
            "'{}' is not a valid taggable resource type for a fleet of type '{fleet_type}'. To tag what it launches, use \
             the launch template.",
            other.resource_type()
        )));
    }
    if input.reserved_capacity_options.is_some() {
        return Err(Ec2Error::unsupported("Reserved capacity options are not supported."));
    }
    if input.launch_template_configs.is_empty() {
        return Err(Ec2Error::missing_parameter("LaunchTemplateConfigs"));
    }
    for config in &input.launch_template_configs {
        required("LaunchTemplateConfigs.LaunchTemplateSpecification", config.launch_template_specification.as_ref())?;
        for given in &config.overrides {
            if given.weighted_capacity.is_some_and(|weight| weight <= 0.0) {
                return Err(Ec2Error::invalid_value("WeightedCapacity", given.weighted_capacity()));
            }
            if given.instance_type.is_some() && given.instance_requirements.is_some() {
                return Err(Ec2Error::invalid_combination(
                    "The parameters InstanceType and InstanceRequirements may not be specified together",
                ));
            }
            given.max_price.as_deref().map(|text| read_price("MaxPrice", text)).transpose()?;
        }
    }
    let target = required("TargetCapacitySpecification", input.target_capacity_specification.as_ref())?;
    let target = target_of(target)?;
    window(cx, input.valid_from, input.valid_until)?;
    let instant = fleet_type == "instant";
    if instant && (input.valid_from.is_some() || input.valid_until.is_some()) {
        return Err(Ec2Error::invalid_combination("A fleet of type 'instant' has neither ValidFrom nor ValidUntil"));
    }
    let spot_options = spot_options(&input, instant)?;
    let on_demand_options = on_demand_options(&input, instant)?;
    let public = FleetData {
        client_token: input.client_token.clone(),
        excess_capacity_termination_policy: Some(
            input.excess_capacity_termination_policy.clone().unwrap_or_else(|| "termination".to_owned()),
        )
        .filter(|_| !instant),
        launch_template_configs: input.launch_template_configs.iter().map(recode).collect(),
        target_capacity_specification: Some(target),
        terminate_instances_with_expiration: Some(input.terminate_instances_with_expiration()),
        r#type: Some(fleet_type),
        valid_from: input.valid_from,
        valid_until: input.valid_until,
        replace_unhealthy_instances: Some(input.replace_unhealthy_instances()),
        spot_options: Some(spot_options),
        on_demand_options: Some(on_demand_options),
        tags,
        context: input.context.clone(),
        ..FleetData::default()
    };
    Ok(Fleet { public, tag_specifications: others, ..Fleet::default() })
}

/// Fleets are described with this spelling, however they were created.
const LOWEST_PRICE: &str = "lowestPrice";

fn strategy(wanted: Option<String>) -> String {
    wanted.filter(|wanted| wanted != "lowest-price").unwrap_or_else(|| LOWEST_PRICE.to_owned())
}

fn spot_options(input: &CreateFleetRequest, instant: bool) -> Ec2Result<SpotOptions> {
    let mut options: SpotOptions = input.spot_options.as_ref().map(recode).unwrap_or_default();
    options.allocation_strategy = Some(strategy(options.allocation_strategy));
    options.instance_interruption_behavior.get_or_insert_with(|| "terminate".to_owned());
    if options.instance_pools_to_use_count.is_some() && options.allocation_strategy() != LOWEST_PRICE {
        return Err(Ec2Error::invalid_combination(
            "InstancePoolsToUseCount can be specified only with the allocation strategy 'lowest-price'",
        ));
    }
    if options.instance_pools_to_use_count.is_some_and(|count| count < 1) {
        return Err(Ec2Error::invalid_value("InstancePoolsToUseCount", options.instance_pools_to_use_count()));
    }
    if options.allocation_strategy() == LOWEST_PRICE {
        options.instance_pools_to_use_count.get_or_insert(1);
    }
    options.max_total_price.as_deref().map(|text| read_price("MaxTotalPrice", text)).transpose()?;
    if instant && options.instance_interruption_behavior() != "terminate" {
        return Err(Ec2Error::invalid_combination(
            "A fleet of type 'instant' supports only the interruption behavior 'terminate'",
        ));
    }
    if options.maintenance_strategies.is_some() && input.r#type.as_deref().is_some_and(|name| name != "maintain") {
        return Err(Ec2Error::invalid_combination("Capacity rebalancing requires a fleet of type 'maintain'"));
    }
    only_instant(
        instant,
        options.single_instance_type() || options.single_availability_zone() || options.min_target_capacity.is_some(),
    )?;
    Ok(options)
}

fn on_demand_options(input: &CreateFleetRequest, instant: bool) -> Ec2Result<OnDemandOptions> {
    let mut options: OnDemandOptions = input.on_demand_options.as_ref().map(recode).unwrap_or_default();
    options.allocation_strategy = Some(strategy(options.allocation_strategy));
    options.max_total_price.as_deref().map(|text| read_price("MaxTotalPrice", text)).transpose()?;
    only_instant(
        instant,
        options.single_instance_type() || options.single_availability_zone() || options.min_target_capacity.is_some(),
    )?;
    if options.capacity_reservation_options.is_some() && !instant {
        return Err(Ec2Error::invalid_combination("CapacityReservationOptions require a fleet of type 'instant'"));
    }
    Ok(options)
}

fn only_instant(instant: bool, given: bool) -> Ec2Result<()> {
    if given && !instant {
        return Err(Ec2Error::invalid_combination(
            "SingleInstanceType, SingleAvailabilityZone and MinTargetCapacity require a fleet of type 'instant'",
        ));
    }
    Ok(())
}

pub(super) fn target_of(wanted: &TargetCapacitySpecificationRequest) -> Ec2Result<TargetCapacitySpecification> {
    let mut target: TargetCapacitySpecification = recode(wanted);
    let total = target.total_target_capacity();
    if !(0..=MOST).contains(&total) {
        return Err(Ec2Error::invalid_value("TotalTargetCapacity", total));
    }
    let (on_demand, spot) = (target.on_demand_target_capacity(), target.spot_target_capacity());
    if on_demand < 0 || spot < 0 || on_demand.saturating_add(spot) > total {
        return Err(Ec2Error::invalid_parameter(format!(
            "The On-Demand target capacity {on_demand} and the Spot target capacity {spot} must not be more than the \
             total target capacity {total}."
        )));
    }
    if matches!(target.default_target_capacity_type(), "capacity-block" | "reserved-capacity") {
        return Err(Ec2Error::unsupported("Capacity Blocks and reserved capacity are not supported."));
    }
    (target.on_demand_target_capacity, target.spot_target_capacity) = (Some(on_demand), Some(spot));
    target.default_target_capacity_type.get_or_insert_with(|| "on-demand".to_owned());
    Ok(target)
}

fn window(cx: &Context, from: Option<i64>, until: Option<i64>) -> Ec2Result<()> {
    let now = cx.shell.clock.now();
    if until.is_some_and(|until| until <= from.unwrap_or(now).max(now)) {
        return Err(Ec2Error::invalid_parameter(
            "The parameter ValidUntil must lie in the future, and after ValidFrom.",
        ));
    }
    Ok(())
}

/// Whether what a fleet names is there.
pub(crate) fn launchable(cx: &Context, fleet: &Fleet) -> Ec2Result<()> {
    window(cx, fleet.public.valid_from, fleet.public.valid_until)?;
    pools::check(cx, fleet)
}
