//! RequestSpotInstances (reference: RequestSpotInstances).

use archipelago_proto::ec2::v1::{
    GroupIdentifier, Image, LaunchSpecification, RequestSpotInstancesRequest, RequestSpotInstancesResult,
    RequestSpotLaunchSpecification, RunInstancesRequest, SpotInstanceRequest,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::entity::Entity as _;
use crate::families::instances::{self, Order, market};
use crate::families::spot_market::{
    Behavior, Private, Product, SpotRequestState, SpotTerms, money, prices, read_price,
};
use crate::families::{images, instance_types, security_groups};
use crate::request::{Context, recode, required, tags_for};
use crate::time::Millis;

/// AWS: how long a request is valid if nothing is said.
const VALID: Millis = 7 * 24 * 3600 * 1000;

/// Requests that are made at one time.
const MOST: i32 = 1000;

pub(super) async fn request_spot_instances(
    cx: Context,
    input: RequestSpotInstancesRequest,
) -> Ec2Result<RequestSpotInstancesResult> {
    let kind = &SpotRequestState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let specification = required("LaunchSpecification", input.launch_specification.as_ref())?;
    if input.block_duration_minutes.is_some() {
        return Err(market::no_blocks());
    }
    let count = input.instance_count.unwrap_or(1);
    if count < 1 {
        return Err(Ec2Error::invalid_value("InstanceCount", count));
    }
    let asked = usize::try_from(count).unwrap_or(0);
    cx.shell.quotas.check_request(&cx.account, "spot-instances-per-request", asked)?;
    if count > MOST {
        return Err(Ec2Error::new("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded"));
    }
    let now = cx.shell.clock.now();
    let terms = terms(&input, now)?;
    let launch = launch(&cx, specification)?;
    let order = Order { request: launch.clone(), ..Order::default() };
    instances::check(&cx, &order)?;
    let image = images::launchable(&cx, launch.image_id())?;
    let public = SpotInstanceRequest {
        tags,
        valid_from: input.valid_from,
        launch_group: input.launch_group.clone(),
        availability_zone_group: input.availability_zone_group.clone(),
        launch_specification: Some(shown(&cx, specification)),
        ..template(&launch, &image.state.public, &terms, now)?
    };
    let private = Private {
        launch: Some(launch),
        evaluation: Some(input.valid_from.unwrap_or(now).max(now)),
        ..Private::default()
    };
    let mut batch = cx.batch();
    let mut requests = Vec::new();
    for _ in 0..count {
        let id = cx.spot_requests.fresh_id();
        let public = SpotInstanceRequest { spot_instance_request_id: Some(id.to_string()), ..public.clone() };
        batch.create(&cx.spot_requests, &id, SpotRequestState { public: public.clone(), private: private.clone() })?;
        requests.push((id, public));
    }
    let (ids, spot_instance_requests): (Vec<_>, Vec<_>) = requests.into_iter().unzip();
    let response = cx.commit(batch, RequestSpotInstancesResult { spot_instance_requests }).await?;
    for id in &ids {
        cx.spot_requests.follow_up(id).await;
    }
    Ok(response)
}

fn terms(input: &RequestSpotInstancesRequest, now: Millis) -> Ec2Result<SpotTerms> {
    let most = input.spot_price.as_deref().filter(|text| !text.is_empty());
    let most = most.map(|text| read_price("SpotPrice", text)).transpose()?;
    let persistent = input.r#type.as_deref() == Some("persistent");
    let behavior = Behavior::of(input.instance_interruption_behavior.as_deref());
    market::check_behavior(persistent, behavior)?;
    let valid_until = input.valid_until.unwrap_or(input.valid_from.unwrap_or(now).max(now) + VALID);
    if valid_until <= now {
        return Err(Ec2Error::invalid_parameter("The parameter ValidUntil must lie in the future."));
    }
    if input.valid_from.is_some_and(|from| from >= valid_until) {
        return Err(Ec2Error::invalid_parameter("The parameter ValidUntil must lie after ValidFrom."));
    }
    Ok(SpotTerms { most, persistent, behavior, valid_until: Some(valid_until) })
}

/// What is launched. Groups may be named in a VPC too, where there are ids for them.
fn launch(cx: &Context, specification: &RequestSpotLaunchSpecification) -> Ec2Result<RunInstancesRequest> {
    if specification.addressing_type.is_some() {
        return Err(Ec2Error::unsupported("The parameter AddressingType is deprecated."));
    }
    // AWS takes several zones, separated by commas: any of them would do.
    let zones = specification.placement.as_ref().map_or("", |placement| placement.availability_zone());
    let mut launch: RunInstancesRequest = recode(specification);
    if let (Some(first), Some(placement)) = (zones.split(',').next(), &mut launch.placement) {
        let names: Vec<_> = zones.split(',').map(str::trim).collect();
        let unknown = names.iter().find(|name| !name.is_empty() && cx.facts.zone(name).is_none());
        if let Some(unknown) = unknown {
            return Err(Ec2Error::invalid_parameter(format!("Invalid availability zone: [{unknown}]")));
        }
        placement.availability_zone = Some(first.trim().to_owned()).filter(|zone| !zone.is_empty());
    }
    (launch.min_count, launch.max_count) = (Some(1), Some(1));
    Ok(launch)
}

fn template(
    launch: &RunInstancesRequest,
    image: &Image,
    terms: &SpotTerms,
    now: Millis,
) -> Ec2Result<SpotInstanceRequest> {
    let product = Product::of_image(image.platform_details());
    let name = launch.instance_type.as_deref().unwrap_or("m1.small");
    let info = instance_types::find(name).ok_or_else(Ec2Error::internal)?.info();
    let most = terms.most.unwrap_or_else(|| prices::on_demand(&info, product));
    let mut public = market::public(&crate::entity::Id::new(""), &money(most), terms, now);
    public.product_description = Some(product.name().to_owned());
    public.status = Some(archipelago_proto::ec2::v1::SpotInstanceStatus {
        code: Some("pending-evaluation".to_owned()),
        message: Some("Your Spot request has been submitted for review, and is pending evaluation.".to_owned()),
        update_time: Some(now),
    });
    Ok(public)
}

/// As it is described: groups with their names, and no user data.
fn shown(cx: &Context, specification: &RequestSpotLaunchSpecification) -> LaunchSpecification {
    let group = |id: &String| {
        let known = cx.security_groups.find(&cx.account, id).ok();
        GroupIdentifier {
            group_id: Some(id.clone()),
            group_name: known.and_then(|known| known.state.public.group_name.clone()),
        }
    };
    let named = |name: &String| {
        let known = security_groups::by_name(cx, name).ok();
        let group_id = known.and_then(|known| known.state.public.group_id.clone());
        GroupIdentifier { group_id, group_name: Some(name.clone()) }
    };
    let mut security_groups: Vec<_> = specification.security_group_ids.iter().map(group).collect();
    security_groups.extend(specification.security_groups.iter().map(named));
    let mut shown = LaunchSpecification { security_groups, user_data: None, ..recode(specification) };
    // What is not said is told as it will be.
    shown.monitoring.get_or_insert_default().enabled.get_or_insert(false);
    shown.ebs_optimized.get_or_insert(false);
    shown
}
