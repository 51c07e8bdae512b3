//! What a request is left to do: to get its instance, or to lose it. Each step bears repetition, since a crash may come
//! between any two.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    Instance, InstanceMarketOptionsRequest, Placement, RunInstancesRequest, SpotMarketOptions, SpotPlacement,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::Region;
use crate::capacity::{Market, Pool};
use crate::entity::{Id, Published};
use crate::families::instances::{self, InstanceCommand, Order, Phase};
use crate::families::spot_market::prices::Quote;
use crate::families::spot_market::{Fulfilment, Product, SpotIntent, SpotRequestCommand, SpotRequestState};
use crate::families::{images, instance_types};
use crate::request::Context;

type Request = Published<SpotRequestState>;

/// Carries out what a request is left to do.
pub(crate) async fn follow(region: Arc<Region>, request: Arc<Request>) {
    let cx = Context::internal(&region, &request.account);
    let command = match request.state.private.intent() {
        SpotIntent::Nothing => return,
        SpotIntent::Evaluate if request.state.state() == "disabled" => resume(&cx, &request).await,
        SpotIntent::Evaluate => fulfil(&cx, &request).await,
        SpotIntent::Interrupt => {
            let interrupt = InstanceCommand::Interrupt(request.state.behavior());
            // An instance that is gone needs no more.
            let _ = cx.instances.ask(&Id::new(request.state.public.instance_id()), interrupt).await;
            SpotRequestCommand::Interrupted
        }
    };
    let _ = cx.spot_requests.ask(&request.id, command).await;
}

async fn fulfil(cx: &Context, request: &Request) -> SpotRequestCommand {
    // It may have been launched before a crash.
    let known = cx.instances.linked_to(&request.id);
    let known = known.values().find(|known| !matches!(known.state.phase(), Phase::ShuttingDown | Phase::Terminated));
    if let Some(known) = known {
        return fulfilled(cx, request, &known.state.public);
    }
    if let Err((code, message)) = constraints(cx, request) {
        return SpotRequestCommand::NotNow(code, message);
    }
    match launch(cx, request).await {
        Ok(instance) => fulfilled(cx, request, &instance),
        Err(error) => refused(error),
    }
}

async fn launch(cx: &Context, request: &Request) -> Ec2Result<Instance> {
    let public = &request.state.public;
    let mut launch = request.state.private.launch.clone().ok_or_else(Ec2Error::internal)?;
    let options = SpotMarketOptions {
        max_price: public.spot_price.clone(),
        spot_instance_type: public.r#type.clone(),
        instance_interruption_behavior: public.instance_interruption_behavior.clone(),
        ..SpotMarketOptions::default()
    };
    launch.instance_market_options =
        Some(InstanceMarketOptionsRequest { market_type: Some("spot".to_owned()), spot_options: Some(options) });
    if let Some(zone) = group_zone(cx, request).or_else(|| best_zone(cx, request, &launch)) {
        let placement = launch.placement.get_or_insert_with(Placement::default);
        placement.availability_zone = Some(zone);
    }
    let order = Order {
        request: launch,
        marks: request.state.private.marks.clone(),
        spot_request: Some(request.id.clone()),
        fleet: None,
    };
    let reservation = instances::run(cx, &order).await?;
    reservation.instances.into_iter().next().ok_or_else(Ec2Error::internal)
}

fn fulfilled(cx: &Context, request: &Request, instance: &Instance) -> SpotRequestCommand {
    let placement = instance.placement.clone().unwrap_or_default();
    let zone = cx.facts.zone(placement.availability_zone());
    SpotRequestCommand::Fulfilled(Fulfilment {
        instance: Id::new(instance.instance_id()),
        zone: placement.availability_zone().to_owned(),
        zone_id: zone.map_or_else(String::new, |zone| zone.id.to_owned()),
        product: request.state.public.product_description().to_owned(),
    })
}

/// What the launch says, in the request's own words.
fn refused(error: Ec2Error) -> SpotRequestCommand {
    match error.code.as_str() {
        "InsufficientInstanceCapacity" => SpotRequestCommand::NotNow(
            "capacity-not-available",
            "There is no Spot capacity available that matches your request.".to_owned(),
        ),
        "SpotMaxPriceTooLow" => SpotRequestCommand::NotNow("price-too-low", error.message),
        "InsufficientFreeAddressesInSubnet" => SpotRequestCommand::NotNow("constraint-not-fulfillable", error.message),
        "InternalError" | "Unavailable" => SpotRequestCommand::NotNow("system-error", error.message),
        _ => SpotRequestCommand::Failed(error.code, error.message),
    }
}

/// AWS: the instances of a launch group start together, or not at all.
fn constraints(cx: &Context, request: &Request) -> Result<(), (&'static str, String)> {
    let Some(group) = request.state.public.launch_group.as_deref() else { return Ok(()) };
    let requests = cx.spot_requests.owned_by(&cx.account);
    let waiting = requests.values().filter(|other| other.state.public.launch_group.as_deref() == Some(group));
    let waiting = waiting.filter(|other| other.state.state() == "open").count();
    let launch = request.state.private.launch.clone().unwrap_or_default();
    let zone = launch.placement.as_ref().and_then(|placement| placement.availability_zone.clone());
    let zones = instance_types::zones_offering(cx.facts, launch.instance_type());
    let room = zones.iter().filter(|offering| zone.as_deref().is_none_or(|zone| zone == offering.name)).map(|zone| {
        let pool = Pool::new(zone.name, launch.instance_type(), Market::Spot);
        cx.capacity.room(&pool)
    });
    if room.max().unwrap_or(0) >= waiting {
        return Ok(());
    }
    let message = "You specified a launch group constraint that is not possible at the moment: all Spot Instances in a \
                   launch group must be launched together.";
    Err(("launch-group-constraint", message.to_owned()))
}

/// AWS: the instances of an Availability Zone group are all in the zone of the first.
fn group_zone(cx: &Context, request: &Request) -> Option<String> {
    let group = request.state.public.availability_zone_group.as_deref()?;
    let requests = cx.spot_requests.owned_by(&cx.account);
    let mut others = requests.values().filter(|other| other.state.state() == "active");
    let other = others.find(|other| other.state.public.availability_zone_group.as_deref() == Some(group))?;
    other.state.public.launched_availability_zone.clone()
}

/// Of several zones that would do, the one with room that is cheapest (AWS: "we find the optimal Availability Zone").
fn best_zone(cx: &Context, request: &Request, launch: &RunInstancesRequest) -> Option<String> {
    if launch.subnet_id.is_some() || !launch.network_interfaces.is_empty() {
        return None;
    }
    let given = request.state.public.launch_specification.as_ref().and_then(|given| given.placement.as_ref());
    let given: Vec<_> = given.map_or("", SpotPlacement::availability_zone).split(',').map(str::trim).collect();
    let named = given.iter().any(|zone| !zone.is_empty());
    let info = instance_types::find(launch.instance_type())?.info();
    let product = Product::of_image(images::launchable(cx, launch.image_id()).ok()?.state.public.platform_details());
    let zones = instance_types::zones_offering(cx.facts, launch.instance_type());
    // In a default VPC some zones may have no subnet any more.
    let subnets = cx.subnets.owned_by(&cx.account);
    let has_subnet = |zone: &str| {
        let mut own = subnets.values().map(|subnet| &subnet.state.public);
        own.any(|subnet| subnet.default_for_az() && subnet.availability_zone() == zone)
    };
    let classic = cx.has_classic();
    let mut zones: Vec<_> = zones
        .into_iter()
        .filter(|zone| if named { given.contains(&zone.name) } else { classic || has_subnet(zone.name) })
        .map(|zone| {
            let full = cx.capacity.room(&Pool::new(zone.name, launch.instance_type(), Market::Spot)) == 0;
            (full, Quote::new(zone.id, &info, product).at(cx.shell.clock.now()), zone.name)
        })
        .collect();
    zones.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    zones.first().map(|(_, _, name)| (*name).to_owned())
}

/// An instance that was stopped by an interruption starts again when there is room at its price.
async fn resume(cx: &Context, request: &Request) -> SpotRequestCommand {
    let id = Id::new(request.state.public.instance_id());
    let Some(instance) = cx.instances.index().get(&id) else { return SpotRequestCommand::InstanceTerminated };
    if instance.state.phase() == Phase::Stopped {
        if !request.state.affordable(cx.shell.clock.now()) {
            return SpotRequestCommand::NotNow("price-too-low", String::new());
        }
        if let Err(error) = instances::start(cx, &instance).await {
            return SpotRequestCommand::NotNow("capacity-not-available", error.message);
        }
    }
    SpotRequestCommand::Resumed
}
