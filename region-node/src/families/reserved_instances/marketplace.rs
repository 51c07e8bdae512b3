//! What other accounts offer: their active listings, those that differ only in price as one offering.

use std::collections::BTreeMap;
use std::sync::Arc;

use archipelago_proto::ec2::v1::{PricingDetail, ReservedInstances, ReservedInstancesOffering};
use archipelago_proto::{Ec2Error, Ec2Result};
use sha2::{Digest as _, Sha256};

use super::listing::{ListingCommand, ListingState, MONTH, Sale};
use crate::entity::{Published, Shelf, uuid};
use crate::request::Context;

/// The digit that tells marketplace offerings from other UUIDs.
const VARIANT: char = 'b';

/// Listings that are one offering, the cheapest first.
pub(super) struct Group {
    pub(super) offering: ReservedInstancesOffering,
    listings: Vec<Arc<Published<ListingState>>>,
}

/// The offerings of others, in the order of their ids.
pub(super) fn groups(cx: &Context) -> BTreeMap<String, Group> {
    let now = cx.shell.clock.now();
    let listings = cx.reserved_listings.index().shelf(&Shelf::Everyone);
    let others = listings.values().filter(|listing| *listing.account != *cx.account && listing.state.is_active());
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for listing in others {
        let Some(of) = cx.reserved_instances.index().get(listing.state.public.reserved_instances_id()) else {
            continue;
        };
        let id = id(&of.state.public, listing.state.ends);
        let group = groups.entry(id.clone()).or_insert_with(|| {
            let months = listing.state.months_left(now);
            Group { offering: offering(id, &of.state.public, months * MONTH / 1000), listings: Vec::new() }
        });
        group.listings.push(Arc::clone(listing));
    }
    for group in groups.values_mut() {
        group
            .listings
            .sort_by(|a, b| a.state.price(now).total_cmp(&b.state.price(now)).then(a.sequence.cmp(&b.sequence)));
        let mut details: Vec<PricingDetail> = Vec::new();
        for listing in &group.listings {
            let (price, count) = (listing.state.price(now), listing.state.available);
            match details.last_mut().filter(|last| last.price().total_cmp(&price).is_eq()) {
                Some(last) => last.count = Some(last.count() + count),
                None => details.push(PricingDetail { price: Some(price), count: Some(count) }),
            }
        }
        group.offering.fixed_price = details.first().and_then(|cheapest| cheapest.price);
        group.offering.pricing_details = details;
    }
    groups
}

/// The same for all that is alike, for as long as it is on offer.
fn id(public: &ReservedInstances, ends: i64) -> String {
    let key = format!(
        "{:?}",
        (
            public.instance_type(),
            public.availability_zone(),
            public.product_description(),
            public.instance_tenancy(),
            public.offering_type(),
            public.usage_price.map(f64::to_bits),
            public.recurring_charges.first().and_then(|charge| charge.amount).map(f64::to_bits),
            ends / MONTH,
        )
    );
    let hash = Sha256::digest(key);
    let digits = hash.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    uuid(&digits, VARIANT)
}

fn offering(id: String, of: &ReservedInstances, duration: i64) -> ReservedInstancesOffering {
    ReservedInstancesOffering {
        currency_code: of.currency_code.clone(),
        instance_tenancy: of.instance_tenancy.clone(),
        marketplace: Some(true),
        offering_class: of.offering_class.clone(),
        offering_type: of.offering_type.clone(),
        recurring_charges: of.recurring_charges.clone(),
        scope: of.scope.clone(),
        availability_zone: of.availability_zone.clone(),
        availability_zone_id: of.availability_zone_id.clone(),
        reserved_instances_offering_id: Some(id),
        instance_type: of.instance_type.clone(),
        duration: Some(duration),
        usage_price: of.usage_price,
        product_description: of.product_description.clone(),
        ..ReservedInstancesOffering::default()
    }
}

/// Buys from the cheapest listings; returns the ids of what was bought, one for each listing.
pub(super) async fn buy(cx: &Context, group: &Group, count: i32, limit: Option<f64>) -> Ec2Result<String> {
    let now = cx.shell.clock.now();
    let (mut left, mut total, mut parts) = (count, 0.0, Vec::new());
    for listing in &group.listings {
        let take = left.min(listing.state.available);
        if take > 0 {
            let price = listing.state.price(now);
            total += price * f64::from(take);
            left -= take;
            parts.push((listing, take, price));
        }
    }
    if left > 0 {
        return Err(Ec2Error::new(
            "InsufficientReservedInstanceCapacity",
            "Not enough available Reserved Instances to satisfy your minimum request. Reduce the number of Reserved \
             Instances in your request or wait for additional capacity to become available.",
        ));
    }
    if limit.is_some_and(|limit| total > limit) {
        return Err(Ec2Error::invalid_parameter(format!(
            "The total price of the order, {total} USD, is more than the limit price."
        )));
    }
    let mut bought = Vec::new();
    for (listing, count, price) in parts {
        let id = cx.reserved_instances.fresh_id().to_string();
        let sale = Sale { id: id.clone(), buyer: cx.account.to_string(), count, price, at: now, settled: false };
        match cx.reserved_listings.ask(&listing.id, ListingCommand::Sell(sale)).await {
            Ok(_) => bought.push(id),
            // Others were quicker: what is bought already stays bought.
            Err(error) if bought.is_empty() => return Err(error),
            Err(_) => break,
        }
    }
    Ok(bought.join(","))
}
