//! RequestSpotFleet (reference: later than 2014-10-01; AWS: RequestSpotFleet): the request put in the words of a fleet.

use archipelago_proto::ec2::v1::{
    FleetData, FleetLaunchTemplateConfig, FleetLaunchTemplateOverrides, FleetSpotCapacityRebalance,
    FleetSpotMaintenanceStrategies, LaunchTemplateConfig, OnDemandOptions, RequestSpotFleetRequest,
    RequestSpotFleetResponse, RunInstancesRequest, SpotFleetLaunchSpecification, SpotFleetRequestConfigData,
    SpotOptions, TargetCapacitySpecification,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::entity::{Entity as _, Id};
use crate::families::fleets::{Fleet, FleetState, MOST, launchable, put};
use crate::families::spot_market::read_price;
use crate::request::{Context, recode, required, tags_for};

pub(super) async fn request_spot_fleet(
    cx: Context,
    input: RequestSpotFleetRequest,
) -> Ec2Result<RequestSpotFleetResponse> {
    let request = input.spot_fleet_request_config.unwrap_or_default();
    let fleet = read(request)?;
    launchable(&cx, &fleet)?;
    let response = |id: &Id| RequestSpotFleetResponse { spot_fleet_request_id: Some(id.to_string()) };
    let id = put::<FleetState<true>, _>(&cx, fleet, response).await?;
    Ok(response(&id))
}

fn read(mut request: SpotFleetRequestConfigData) -> Ec2Result<Fleet> {
    let kind = &FleetState::<true>::KIND;
    let tags = tags_for(kind, &[kind], &request.tag_specifications)?;
    required("SpotFleetRequestConfig.IamFleetRole", request.iam_fleet_role.as_deref())?;
    if !request.iam_fleet_role().starts_with("arn:") {
        return Err(Ec2Error::new(
            "InvalidSpotFleetRequestConfig",
            format!("Parameter: SpotFleetRequestConfig.IamFleetRole is invalid: {}.", request.iam_fleet_role()),
        ));
    }
    if request.launch_specifications.is_empty() == request.launch_template_configs.is_empty() {
        return Err(Ec2Error::new(
            "InvalidSpotFleetRequestConfig",
            "Either launch specifications or launch template configurations must be specified, and not both.",
        ));
    }
    let total = *required("SpotFleetRequestConfig.TargetCapacity", request.target_capacity.as_ref())?;
    if !(0..=MOST).contains(&total) || !(0..=total).contains(&request.on_demand_target_capacity()) {
        return Err(Ec2Error::invalid_value("TargetCapacity", total));
    }
    if request.load_balancers_config.is_some() {
        return Err(Ec2Error::unsupported("Load balancers are not supported."));
    }
    for text in [&request.spot_price, &request.spot_max_total_price, &request.on_demand_max_total_price] {
        text.as_deref().filter(|text| !text.is_empty()).map(|text| read_price("SpotPrice", text)).transpose()?;
    }
    // What AWS fills in.
    request.allocation_strategy.get_or_insert_with(|| "lowestPrice".to_owned());
    request.on_demand_allocation_strategy.get_or_insert_with(|| "lowestPrice".to_owned());
    request.excess_capacity_termination_policy.get_or_insert_with(|| "default".to_owned());
    request.r#type.get_or_insert_with(|| "maintain".to_owned());
    request.instance_interruption_behavior.get_or_insert_with(|| "terminate".to_owned());
    request.on_demand_target_capacity.get_or_insert(0);
    request.replace_unhealthy_instances.get_or_insert(false);
    request.terminate_instances_with_expiration.get_or_insert(false);
    if request.allocation_strategy() == "lowestPrice" {
        request.instance_pools_to_use_count.get_or_insert(1);
    }
    if request.r#type() == "instant" {
        return Err(Ec2Error::new(
            "InvalidSpotFleetRequestConfig",
            "The type 'instant' is listed but not used by Spot Fleet.",
        ));
    }
    let launches: Vec<_> = request.launch_specifications.iter().map(launch).collect();
    let configs = if launches.is_empty() {
        request.launch_template_configs.iter().map(|config| config_of(config, &request)).collect()
    } else {
        request.launch_specifications.iter().map(|launch| of_launch(launch, &request)).collect()
    };
    let public = FleetData {
        launch_template_configs: configs,
        target_capacity_specification: Some(target(&request)),
        excess_capacity_termination_policy: Some(excess(request.excess_capacity_termination_policy.as_deref())),
        terminate_instances_with_expiration: request.terminate_instances_with_expiration,
        r#type: request.r#type.clone(),
        valid_from: request.valid_from,
        valid_until: request.valid_until,
        replace_unhealthy_instances: request.replace_unhealthy_instances,
        spot_options: Some(spot_options(&request)),
        on_demand_options: Some(OnDemandOptions {
            allocation_strategy: request.on_demand_allocation_strategy.as_deref().map(dashed),
            max_total_price: request.on_demand_max_total_price.clone(),
            ..OnDemandOptions::default()
        }),
        tags,
        ..FleetData::default()
    };
    Ok(Fleet { public, request: Some(request), launches, ..Fleet::default() })
}

pub(super) fn target(request: &SpotFleetRequestConfigData) -> TargetCapacitySpecification {
    let (total, on_demand) = (request.target_capacity(), request.on_demand_target_capacity());
    TargetCapacitySpecification {
        total_target_capacity: Some(total),
        on_demand_target_capacity: Some(on_demand),
        spot_target_capacity: Some(total - on_demand),
        default_target_capacity_type: Some("spot".to_owned()),
        target_capacity_unit_type: request.target_capacity_unit_type.clone(),
    }
}

pub(super) fn excess(policy: Option<&str>) -> String {
    let kept = policy.is_some_and(|policy| policy.eq_ignore_ascii_case("noTermination"));
    if kept { "no-termination" } else { "termination" }.to_owned()
}

fn spot_options(request: &SpotFleetRequestConfigData) -> SpotOptions {
    let rebalance = request.spot_maintenance_strategies.as_ref().and_then(|known| known.capacity_rebalance.as_ref());
    SpotOptions {
        allocation_strategy: request.allocation_strategy.as_deref().map(dashed),
        instance_interruption_behavior: request.instance_interruption_behavior.clone(),
        instance_pools_to_use_count: request.instance_pools_to_use_count,
        max_total_price: request.spot_max_total_price.clone(),
        maintenance_strategies: rebalance.map(|rebalance| FleetSpotMaintenanceStrategies {
            capacity_rebalance: Some(FleetSpotCapacityRebalance {
                replacement_strategy: rebalance.replacement_strategy.clone(),
                termination_delay: rebalance.termination_delay,
            }),
        }),
        ..SpotOptions::default()
    }
}

/// `lowestPrice` as `lowest-price`.
fn dashed(name: &str) -> String {
    let mut dashed = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() {
            dashed.push('-');
        }
        dashed.push(letter.to_ascii_lowercase());
    }
    dashed
}

pub(super) fn config_of(
    config: &LaunchTemplateConfig,
    request: &SpotFleetRequestConfigData,
) -> FleetLaunchTemplateConfig {
    let overrides = config.overrides.iter().map(|given| {
        let own: FleetLaunchTemplateOverrides = recode(given);
        FleetLaunchTemplateOverrides { max_price: given.spot_price.clone().or_else(|| price(request)), ..own }
    });
    let mut overrides: Vec<_> = overrides.collect();
    if overrides.is_empty() {
        overrides.push(FleetLaunchTemplateOverrides { max_price: price(request), ..Default::default() });
    }
    FleetLaunchTemplateConfig { launch_template_specification: config.launch_template_specification.clone(), overrides }
}

fn price(request: &SpotFleetRequestConfigData) -> Option<String> {
    request.spot_price.clone().filter(|price| !price.is_empty())
}

/// What a launch specification says of its instances.
fn launch(specification: &SpotFleetLaunchSpecification) -> RunInstancesRequest {
    let mut launch: RunInstancesRequest = recode(specification);
    let groups = &specification.security_groups;
    launch.security_group_ids = groups.iter().filter_map(|group| group.group_id.clone()).collect();
    launch.security_groups =
        groups.iter().filter(|group| group.group_id.is_none()).filter_map(|group| group.group_name.clone()).collect();
    launch
}

fn of_launch(
    specification: &SpotFleetLaunchSpecification,
    request: &SpotFleetRequestConfigData,
) -> FleetLaunchTemplateConfig {
    let given = FleetLaunchTemplateOverrides {
        instance_type: specification.instance_type.clone(),
        max_price: specification.spot_price.clone().or_else(|| price(request)),
        weighted_capacity: specification.weighted_capacity,
        instance_requirements: specification.instance_requirements.clone(),
        subnet_id: specification.subnet_id.clone(),
        ..FleetLaunchTemplateOverrides::default()
    };
    FleetLaunchTemplateConfig { launch_template_specification: None, overrides: vec![given] }
}
