//! The market of a launch: on demand, or Spot with its terms (AWS: "Spot Instances", RunInstances).

use archipelago_proto::ec2::v1::{
    Image, Instance, InstanceTypeInfo, LaunchSpecification, RunInstancesRequest, SpotInstanceRequest, Tag,
};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::order::Order;
use crate::entity::{Batch, Id};
use crate::families::spot_market::prices::{self, Quote};
use crate::families::spot_market::{
    Behavior, Fulfilment, Private, Product, SpotRequestState, SpotTerms, money, read_price,
};
use crate::request::{Context, recode};
use crate::time::Millis;

/// The terms, where Spot Instances are asked for.
pub(super) fn read(cx: &Context, order: &Order) -> Ec2Result<Option<SpotTerms>> {
    let Some(options) = &order.request.instance_market_options else { return Ok(None) };
    match options.market_type.as_deref() {
        None if options.spot_options.is_none() => return Ok(None),
        None | Some("spot") => {}
        Some(other) => return Err(Ec2Error::unsupported(format!("The market type '{other}' is not supported."))),
    }
    let spot = options.spot_options.clone().unwrap_or_default();
    if spot.block_duration_minutes.is_some() {
        return Err(no_blocks());
    }
    let most = spot.max_price.as_deref().filter(|text| !text.is_empty());
    let most = most.map(|text| read_price("MaxPrice", text)).transpose()?;
    let persistent = spot.spot_instance_type() == "persistent";
    let behavior = Behavior::of(spot.instance_interruption_behavior.as_deref());
    // A fleet brings its instances back itself.
    if order.fleet.is_none() {
        check_behavior(persistent, behavior)?;
    }
    if spot.valid_until.is_some() && !persistent {
        return Err(Ec2Error::invalid_combination(
            "The parameter ValidUntil is not supported for one-time Spot Instance requests of RunInstances",
        ));
    }
    if spot.valid_until.is_some_and(|until| until <= cx.shell.clock.now()) {
        return Err(Ec2Error::invalid_parameter("The parameter ValidUntil must lie in the future."));
    }
    Ok(Some(SpotTerms { most, persistent, behavior, valid_until: spot.valid_until }))
}

/// AWS: Spot Instances with a defined duration are offered no longer.
pub(crate) fn no_blocks() -> Ec2Error {
    Ec2Error::unsupported("Spot Instances with a specified duration (BlockDurationMinutes) are no longer supported.")
}

/// AWS: only what is persistent can stop, since it comes back.
pub(crate) fn check_behavior(persistent: bool, behavior: Behavior) -> Ec2Result<()> {
    if persistent || behavior == Behavior::Terminate {
        return Ok(());
    }
    Err(Ec2Error::invalid_combination(format!(
        "The interruption behavior '{}' requires a persistent Spot Instance request",
        behavior.name()
    )))
}

/// A launch as Spot Instances, after its price has been found to be enough.
pub(super) struct Spot {
    most: String,
    terms: SpotTerms,
    product: Product,
    tags: Vec<Tag>,
}

/// Whether the terms meet the price in that zone.
pub(super) fn spot(
    cx: &Context,
    terms: SpotTerms,
    image: &Image,
    info: &InstanceTypeInfo,
    zone: &Zone,
    tags: Vec<Tag>,
) -> Ec2Result<Spot> {
    let supported = info.supported_usage_classes.iter().any(|class| class == "spot");
    if !supported {
        return Err(Ec2Error::unsupported(format!(
            "The instance type '{}' is not supported for Spot Instances.",
            info.instance_type()
        )));
    }
    let product = Product::of_image(image.platform_details());
    let most = terms.most.unwrap_or_else(|| prices::on_demand(info, product));
    let price = Quote::new(zone.id, info, product).at(cx.shell.clock.now());
    if most < price {
        return Err(Ec2Error::new(
            "SpotMaxPriceTooLow",
            format!(
                "Your Spot request price of {most} is lower than the minimum required Spot request fulfillment price of \
                 {price}."
            ),
        ));
    }
    Ok(Spot { most: money(most), terms, product, tags })
}

/// Marks an instance as a Spot Instance, with a request of its own if nobody has made it.
pub(super) fn add(
    cx: &Context,
    order: &Order,
    spot: &Spot,
    zone: &Zone,
    instance: &mut Instance,
    batch: &mut Batch,
    now: Millis,
) -> Ec2Result<()> {
    instance.instance_lifecycle = Some("spot".to_owned());
    if let Some(request) = &order.spot_request {
        instance.spot_instance_request_id = Some(request.to_string());
        return Ok(());
    }
    let id = cx.spot_requests.fresh_id();
    instance.spot_instance_request_id = Some(id.to_string());
    let mut public = public(&id, &spot.most, &spot.terms, now);
    public.launch_specification = Some(shown(&order.request, instance));
    public.tags.clone_from(&spot.tags);
    let launch = spot.terms.persistent.then(|| RunInstancesRequest {
        tag_specifications: order
            .request
            .tag_specifications
            .iter()
            .filter(|tags| tags.resource_type() != SPOT)
            .cloned()
            .collect(),
        instance_market_options: None,
        min_count: Some(1),
        max_count: Some(1),
        ..order.request.clone()
    });
    let private = Private { launch, marks: order.marks.clone(), ..Private::default() };
    let mut state = SpotRequestState { public, private };
    let fulfilment = Fulfilment {
        instance: Id::new(instance.instance_id()),
        zone: zone.name.to_owned(),
        zone_id: zone.id.to_owned(),
        product: spot.product.name().to_owned(),
    };
    state.fulfil(fulfilment, now);
    batch.create(&cx.spot_requests, &id, state)
}

const SPOT: &str = "spot-instances-request";

/// What every request says, open.
pub(crate) fn public(id: &Id, most: &str, terms: &SpotTerms, now: Millis) -> SpotInstanceRequest {
    SpotInstanceRequest {
        create_time: Some(now),
        spot_instance_request_id: Some(id.to_string()),
        spot_price: Some(most.to_owned()),
        state: Some("open".to_owned()),
        r#type: Some(if terms.persistent { "persistent" } else { "one-time" }.to_owned()),
        valid_until: terms.valid_until,
        instance_interruption_behavior: Some(terms.behavior.name().to_owned()),
        ..SpotInstanceRequest::default()
    }
}

/// The launch specification as requests show it.
fn shown(request: &RunInstancesRequest, instance: &Instance) -> LaunchSpecification {
    let specification: LaunchSpecification = recode(request);
    LaunchSpecification {
        user_data: None,
        instance_type: instance.instance_type.clone(),
        subnet_id: instance.subnet_id.clone(),
        security_groups: instance.security_groups.clone(),
        ..specification
    }
}
