//! The actions on regions, zones and account attributes (reference: DescribeRegions,
//! DescribeAvailabilityZones, DescribeAccountAttributes).

use archipelago_proto::ec2::v1::{
    AccountAttribute, AccountAttributeValue, AvailabilityZone, AvailabilityZoneMessage,
    DescribeAccountAttributesRequest, DescribeAccountAttributesResult, DescribeAvailabilityZonesRequest,
    DescribeAvailabilityZonesResult, DescribeRegionsRequest, DescribeRegionsResult, Region,
};
use archipelago_proto::regions::{self, OptIn, Zone, ZoneKind};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::{REGIONS, ZONES};
use super::zone_groups::{self, modify_availability_zone_group};
use crate::request::{Action, Context, Describe};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(describe_regions),
        Action::new(describe_availability_zones),
        Action::new(describe_account_attributes),
        Action::new(modify_availability_zone_group),
    ]
}

async fn describe_regions(cx: Context, input: DescribeRegionsRequest) -> Ec2Result<DescribeRegionsResult> {
    let known = |name: &String| regions::find(name).is_some_and(|region| region.partition == cx.facts.partition);
    if let Some(unknown) = input.region_names.iter().find(|name| !known(name)) {
        return Err(Ec2Error::invalid_parameter(format!("Invalid region name: [{unknown}]")));
    }
    // A region that is named is shown whether it is enabled or not.
    let all = input.all_regions() || !input.region_names.is_empty();
    let shown = regions::all().iter().filter(|region| {
        region.partition == cx.facts.partition
            && (all || opt_in(&cx, region) != OptIn::NotOptedIn)
            && (input.region_names.is_empty() || input.region_names.iter().any(|name| name == region.name))
    });
    let rows = shown.map(|region| Region {
        opt_in_status: Some(opt_in(&cx, region).id().to_owned()),
        region_name: Some(region.name.to_owned()),
        endpoint: Some(region.endpoint()),
        ..Region::default()
    });
    let page = Describe { filters: &input.filters, ..Describe::default() }.pick("region", REGIONS, |_| rows)?;
    Ok(DescribeRegionsResult { regions: page.items })
}

/// Whoever reaches this region has opted into it.
fn opt_in(cx: &Context, region: &regions::Region) -> OptIn {
    match region.opt_in {
        OptIn::NotOptedIn if region.name == cx.facts.name => OptIn::OptedIn,
        status => status,
    }
}

async fn describe_availability_zones(
    cx: Context,
    input: DescribeAvailabilityZonesRequest,
) -> Ec2Result<DescribeAvailabilityZonesResult> {
    let zones = cx.facts.zones;
    for name in &input.zone_names {
        if !zones.iter().any(|zone| zone.name == name) {
            return Err(Ec2Error::invalid_parameter(format!("Invalid availability zone: [{name}]")));
        }
    }
    for id in &input.zone_ids {
        if !zones.iter().any(|zone| zone.id == id) {
            return Err(Ec2Error::invalid_parameter(format!("Invalid availability zone-id: [{id}]")));
        }
    }
    let named = |zone: &Zone| {
        (input.zone_names.is_empty() || input.zone_names.iter().any(|name| name == zone.name))
            && (input.zone_ids.is_empty() || input.zone_ids.iter().any(|id| id == zone.id))
    };
    let all = input.all_availability_zones() || !input.zone_names.is_empty() || !input.zone_ids.is_empty();
    let shown = zones.iter().filter(|zone| named(zone) && (all || zone_groups::opt_in(&cx, zone) != OptIn::NotOptedIn));
    let describe = Describe { filters: &input.filters, ..Describe::default() };
    let page = describe.pick("availability-zone", ZONES, |_| shown.map(|zone| zone_view(&cx, zone)))?;
    Ok(DescribeAvailabilityZonesResult { availability_zones: page.items })
}

fn zone_view(cx: &Context, zone: &Zone) -> AvailabilityZone {
    let parent = match zone.kind {
        ZoneKind::Availability => None,
        ZoneKind::Local { parent_name, parent_id } | ZoneKind::Wavelength { parent_name, parent_id } => {
            Some((parent_name, parent_id))
        }
    };
    let dark = cx.dark_zones.has(zone.name);
    let message = dark.then(|| AvailabilityZoneMessage { message: Some(format!("{} has no power.", zone.name)) });
    AvailabilityZone {
        state: Some(if dark { "unavailable" } else { "available" }.to_owned()),
        messages: message.into_iter().collect(),
        opt_in_status: Some(zone_groups::opt_in(cx, zone).id().to_owned()),
        region_name: Some(cx.facts.name.to_owned()),
        zone_name: Some(zone.name.to_owned()),
        zone_id: Some(zone.id.to_owned()),
        group_name: Some(zone.group.to_owned()),
        group_long_name: Some(zone.group_long_name.to_owned()),
        network_border_group: Some(zone.network_border_group.to_owned()),
        zone_type: Some(zone.kind.id().to_owned()),
        parent_zone_name: parent.map(|(name, _)| name.to_owned()),
        parent_zone_id: parent.map(|(_, id)| id.to_owned()),
        ..AvailabilityZone::default()
    }
}

async fn describe_account_attributes(
    cx: Context,
    input: DescribeAccountAttributesRequest,
) -> Ec2Result<DescribeAccountAttributesResult> {
    let default_vpc = default_vpc(&cx);
    // Where nothing is enforced, what a new account has.
    let figure = |quota: &str, new: u64| cx.shell.quotas.limit(&cx.account, quota).unwrap_or(new).to_string();
    let groups = figure("security-groups-per-interface", 5);
    let (classic, instances, addresses) =
        (figure("classic-addresses", 5), figure("instances", 20), figure("addresses", 5));
    let known = [
        ("supported-platforms", if cx.has_classic() { "EC2,VPC" } else { "VPC" }),
        ("vpc-max-security-groups-per-interface", groups.as_str()),
        ("max-elastic-ips", classic.as_str()),
        ("max-instances", instances.as_str()),
        ("vpc-max-elastic-ips", addresses.as_str()),
        ("default-vpc", default_vpc.as_str()),
    ];
    let names = &input.attribute_names;
    if let Some(unknown) = names.iter().find(|name| known.iter().all(|(known, _)| known != name)) {
        return Err(Ec2Error::invalid_value("attributeName", unknown));
    }
    let wanted = known.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|wanted| wanted == name));
    let account_attributes = wanted.map(|(name, value)| AccountAttribute {
        attribute_name: Some((*name).to_owned()),
        attribute_values: value
            .split(',')
            .map(|value| AccountAttributeValue { attribute_value: Some(value.to_owned()) })
            .collect(),
    });
    Ok(DescribeAccountAttributesResult { account_attributes: account_attributes.collect() })
}

/// The id of the account's default VPC, or `none`.
fn default_vpc(cx: &Context) -> String {
    let vpcs = cx.vpcs.owned_by(&cx.account);
    let default = vpcs.values().find(|vpc| vpc.state.public.is_default());
    default.map_or_else(|| "none".to_owned(), |vpc| vpc.id.to_string())
}
