//! The actions on Dedicated Hosts (AWS: "Dedicated Hosts").

use archipelago_proto::ec2::v1::{
    AllocateHostsRequest, AllocateHostsResult, DescribeHostsRequest, DescribeHostsResult, Host, ModifyHostsRequest,
    ModifyHostsResult, ReleaseHostsRequest, ReleaseHostsResult, UnsuccessfulItem, UnsuccessfulItemError,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::FILTERS;
use super::state::{Change, HostCommand, PENDING};
use super::{HostState, capacity};
use crate::entity::Entity as _;
use crate::families::instance_types;
use crate::request::{Action, Context, Describe, tags_for, zone};
use crate::time::Transition;

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(allocate_hosts),
        Action::new(describe_hosts),
        Action::new(modify_hosts),
        Action::new(release_hosts),
    ]
}

/// Hosts that one request allocates.
const MOST: i32 = 1000;

async fn allocate_hosts(cx: Context, input: AllocateHostsRequest) -> Ec2Result<AllocateHostsResult> {
    let kind = &HostState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    if input.outpost_arn.is_some() || !input.asset_ids.is_empty() {
        return Err(Ec2Error::unsupported("There are no Outposts here: OutpostArn and AssetId are not supported."));
    }
    let quantity = input.quantity.unwrap_or(1);
    if quantity < 1 {
        return Err(Ec2Error::invalid_value("Quantity", quantity));
    }
    if quantity > MOST {
        return Err(Ec2Error::new(
            "HostLimitExceeded",
            format!("You have requested {quantity} Dedicated Hosts at one time, and {MOST} are the most."),
        ));
    }
    let zone = zone(&cx, input.availability_zone.as_deref(), input.availability_zone_id.as_deref())?;
    let properties = capacity::properties(input.instance_type.as_deref(), input.instance_family.as_deref())?;
    let family = capacity::family(&properties);
    let mut types =
        instance_types::types().iter().map(|known| known.name()).filter(|name| capacity::of(name) == family);
    if !types.any(|name| instance_types::offered(cx.facts, zone.name, name)) {
        return Err(Ec2Error::new(
            "InsufficientHostCapacity",
            format!("Dedicated Hosts of the family {family} are not available in {}.", zone.name),
        ));
    }
    if cx.dark_zones.has(zone.name) {
        return Err(Ec2Error::new(
            "InsufficientHostCapacity",
            format!("There is not enough capacity in {} to fulfill your Dedicated Host request.", zone.name),
        ));
    }
    let now = cx.shell.clock.now();
    let or = |value: &Option<String>, default: &str| Some(value.clone().unwrap_or_else(|| default.to_owned()));
    let several = if properties.instance_family.is_some() { "on" } else { "off" };
    let mut batch = cx.batch();
    let mut host_ids = Vec::new();
    for _ in 0..quantity {
        let id = cx.hosts.fresh_id();
        let public = Host {
            auto_placement: or(&input.auto_placement, "off"),
            availability_zone: Some(zone.name.to_owned()),
            availability_zone_id: Some(zone.id.to_owned()),
            client_token: input.client_token.clone(),
            host_id: Some(id.to_string()),
            host_properties: Some(properties.clone()),
            state: Some(PENDING.into()),
            allocation_time: Some(now),
            tags: tags.clone(),
            host_recovery: or(&input.host_recovery, "off"),
            host_maintenance: or(&input.host_maintenance, "off"),
            allows_multiple_instance_types: Some(several.into()),
            owner_id: Some(cx.account.to_string()),
            member_of_service_linked_resource_group: Some(false),
            ..Host::default()
        };
        let changes = now + cx.shell.lifecycle.duration(Transition::CapacityChange);
        batch.create(&cx.hosts, &id, HostState::new(public, changes))?;
        host_ids.push(id.to_string());
    }
    cx.commit(batch, AllocateHostsResult { host_ids }).await
}

async fn describe_hosts(cx: Context, input: DescribeHostsRequest) -> Ec2Result<DescribeHostsResult> {
    let describe = Describe {
        ids: &input.host_ids,
        filters: &input.filter,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 5..=500,
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.hosts, FILTERS)?;
    let hosts = page.map(|host| host.state.view());
    Ok(DescribeHostsResult { hosts, next_token: page.next_token })
}

/// Each host by itself: some may be changed and others not.
async fn each(cx: &Context, ids: &[String], command: impl Fn() -> HostCommand) -> (Vec<String>, Vec<UnsuccessfulItem>) {
    let (mut successful, mut unsuccessful) = (Vec::new(), Vec::new());
    for id in ids {
        let outcome = match cx.hosts.find(&cx.account, id) {
            Ok(host) => cx.hosts.ask(&host.id, command()).await.map(drop),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(()) => successful.push(id.clone()),
            Err(error) => unsuccessful.push(UnsuccessfulItem {
                error: Some(UnsuccessfulItemError {
                    code: Some(format!("Client.{}", error.code)),
                    message: Some(error.message),
                }),
                resource_id: Some(id.clone()),
            }),
        }
    }
    (successful, unsuccessful)
}

async fn modify_hosts(cx: Context, input: ModifyHostsRequest) -> Ec2Result<ModifyHostsResult> {
    let wanted = input.instance_type.is_some() || input.instance_family.is_some();
    let properties = wanted
        .then(|| capacity::properties(input.instance_type.as_deref(), input.instance_family.as_deref()))
        .transpose()?;
    let change = Change {
        auto_placement: input.auto_placement.clone(),
        host_recovery: input.host_recovery.clone(),
        host_maintenance: input.host_maintenance.clone(),
        properties,
    };
    let (successful, unsuccessful) = each(&cx, &input.host_ids, || HostCommand::Modify(Box::new(change.clone()))).await;
    Ok(ModifyHostsResult { successful, unsuccessful })
}

async fn release_hosts(cx: Context, input: ReleaseHostsRequest) -> Ec2Result<ReleaseHostsResult> {
    let (successful, unsuccessful) = each(&cx, &input.host_ids, || HostCommand::Release).await;
    Ok(ReleaseHostsResult { successful, unsuccessful })
}
