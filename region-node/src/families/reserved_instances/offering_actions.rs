//! What can be bought, from AWS and from other accounts, and its purchase.

use std::collections::BTreeMap;

use archipelago_proto::ec2::v1::{
    DescribeReservedInstancesOfferingsRequest, DescribeReservedInstancesOfferingsResult, Filter,
    PurchaseReservedInstancesOfferingRequest, PurchaseReservedInstancesOfferingResult, ReservedInstances,
    ReservedInstancesOffering,
};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::catalogue::{self, Position, Wanted};
use super::filters::{OFFERING_FILTERS, OfferingRow};
use super::marketplace;
use super::plans::Plan;
use super::state::ReservedInstancesState;
use crate::request::{Context, Describe};
use crate::time::Transition;

const LONGEST_PAGE: i32 = 100;
/// A month and three years, in seconds.
const DURATIONS: (i64, i64) = (2_592_000, 94_608_000);
const MOST_INSTANCES: i32 = 20;
/// AWS, "Queue your purchase": up to three years ahead.
const QUEUED_FOR: i64 = 3 * 365 * 86_400_000;

pub(super) async fn describe_reserved_instances_offerings(
    cx: Context,
    input: DescribeReservedInstancesOfferingsRequest,
) -> Ec2Result<DescribeReservedInstancesOfferingsResult> {
    let input = &input;
    let zone = zone(&cx, input)?;
    let describe = Describe {
        filters: &input.filters,
        max_results: Some(input.max_results.unwrap_or(LONGEST_PAGE)),
        next_token: input.next_token.as_deref(),
        sizes: 1..=LONGEST_PAGE,
        ..Describe::default()
    };
    if !input.reserved_instances_offering_ids.is_empty() {
        let named =
            input.reserved_instances_offering_ids.iter().map(|id| offering(&cx, id)).collect::<Ec2Result<Vec<_>>>()?;
        let unpaged = Describe { max_results: None, next_token: None, ..describe };
        let page = unpaged.pick("offerings", OFFERING_FILTERS, |_| named.into_iter().map(OfferingRow))?;
        return Ok(DescribeReservedInstancesOfferingsResult {
            next_token: None,
            reserved_instances_offerings: page.items.into_iter().map(|row| row.0).collect(),
        });
    }
    let durations = input.min_duration.unwrap_or(DURATIONS.0)..=input.max_duration.unwrap_or(DURATIONS.1);
    let tenancy = input.instance_tenancy.as_deref().unwrap_or("default");
    let product = input.product_description.as_deref();
    let fits = &|name: &str, class: &str, duration: i64| {
        input.offering_type.as_deref().is_none_or(|wanted| wanted == name)
            && input.offering_class.as_deref().is_none_or(|wanted| wanted == class)
            && durations.contains(&duration)
    };
    let only_marketplace =
        exactly(&input.filters, "marketplace").is_some_and(|values| !values.contains(&"false".into()));
    let wanted = Wanted {
        instance_type: &|name: &str| {
            !only_marketplace
                && input.instance_type.as_deref().is_none_or(|wanted| wanted == name)
                && may_be(&input.filters, "instance-type", Some(name))
        },
        zone: &|known: Option<&Zone>| {
            zone.is_none_or(|zone| known == Some(zone))
                && may_be(&input.filters, "availability-zone", known.map(|known| known.name))
        },
        product: &|name: &str| {
            product.is_none_or(|wanted| wanted == name) && may_be(&input.filters, "product-description", Some(name))
        },
        tenancy,
        plan: &|plan: &Plan| fits(plan.offering_type, plan.class, plan.duration),
    };
    let others = |after: Option<&str>| {
        let most = input.max_instance_count.unwrap_or(MOST_INSTANCES);
        let groups =
            if input.include_marketplace.unwrap_or(true) { marketplace::groups(&cx) } else { BTreeMap::default() };
        let offered = groups.into_values().map(|group| group.offering).filter(move |offering| {
            fits(offering.offering_type(), offering.offering_class(), offering.duration())
                && input.instance_type.as_deref().is_none_or(|wanted| wanted == offering.instance_type())
                && zone.is_none_or(|zone| offering.availability_zone() == zone.name)
                && product.is_none_or(|wanted| wanted == offering.product_description())
                && offering.instance_tenancy() == tenancy
                && offering.pricing_details.iter().any(|detail| detail.count() <= most)
        });
        let after = after.map(str::to_owned);
        offered.filter(move |offering| {
            after.as_deref().is_none_or(|last| offering.reserved_instances_offering_id() > last)
        })
    };
    let scope = Bound::of(input);
    let page = describe.pick(&scope.0, OFFERING_FILTERS, |after| {
        let position = after.and_then(|after| Position::of_id(after, cx.facts));
        let beyond = after.is_some() && position.is_none();
        let own = (!beyond).then(|| catalogue::offerings(cx.facts, &wanted, position)).into_iter().flatten();
        own.chain(others(after.filter(|_| beyond))).map(OfferingRow)
    })?;
    Ok(DescribeReservedInstancesOfferingsResult {
        next_token: page.next_token,
        reserved_instances_offerings: page.items.into_iter().map(|row| row.0).collect(),
    })
}

/// What a page's token is bound to beside the filters.
struct Bound(String);

impl Bound {
    fn of(input: &DescribeReservedInstancesOfferingsRequest) -> Self {
        let first = DescribeReservedInstancesOfferingsRequest { next_token: None, max_results: None, ..input.clone() };
        Self(format!("offerings {first:?}"))
    }
}

fn zone(cx: &Context, input: &DescribeReservedInstancesOfferingsRequest) -> Ec2Result<Option<&'static Zone>> {
    let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let (name, id) = (given(&input.availability_zone), given(&input.availability_zone_id));
    if name.is_none() && id.is_none() {
        return Ok(None);
    }
    crate::request::zone(cx, name.as_deref(), id.as_deref()).map(Some)
}

/// The values of a filter that have no wildcards.
fn exactly<'a>(filters: &'a [Filter], name: &str) -> Option<&'a [String]> {
    let filter = filters.iter().find(|filter| filter.name() == name)?;
    let plain = filter.values.iter().all(|value| !value.contains(['*', '?', '\\']));
    (plain && !filter.values.is_empty()).then_some(filter.values.as_slice())
}

/// False only where a filter rules the value out, so that most of the catalogue need not be made.
fn may_be(filters: &[Filter], name: &str, value: Option<&str>) -> bool {
    exactly(filters, name).is_none_or(|values| value.is_some_and(|value| values.iter().any(|wanted| wanted == value)))
}

fn offering(cx: &Context, id: &str) -> Ec2Result<ReservedInstancesOffering> {
    if let Some(offering) = Position::of_id(id, cx.facts).and_then(|position| position.offering(cx.facts)) {
        return Ok(offering);
    }
    let group = marketplace::groups(cx).remove(id);
    group.map(|group| group.offering).ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Ec2Error {
    Ec2Error::new(
        "InvalidReservedInstancesOfferingId",
        format!("The Reserved Instances offering ID '{id}' does not exist"),
    )
}

pub(super) async fn purchase_reserved_instances_offering(
    cx: Context,
    input: PurchaseReservedInstancesOfferingRequest,
) -> Ec2Result<PurchaseReservedInstancesOfferingResult> {
    let count = input.instance_count();
    if count < 1 {
        return Err(Ec2Error::invalid_value("InstanceCount", count));
    }
    let limit = input.limit_price.as_ref().and_then(|limit| limit.amount);
    let id = input.reserved_instances_offering_id();
    let own = Position::of_id(id, cx.facts).and_then(|position| position.offering(cx.facts));
    let Some(offering) = own else {
        let group = marketplace::groups(&cx).remove(id).ok_or_else(|| unknown(id))?;
        if input.purchase_time.is_some() {
            return Err(Ec2Error::invalid_combination("Purchases from the Marketplace cannot be queued."));
        }
        let bought = marketplace::buy(&cx, &group, count, limit).await?;
        return Ok(PurchaseReservedInstancesOfferingResult { reserved_instances_id: Some(bought) });
    };
    if limit.is_some() {
        return Err(Ec2Error::invalid_combination(
            "The parameter LimitPrice is supported only for Reserved Instance Marketplace offerings.",
        ));
    }
    let now = cx.shell.clock.now();
    let start = input.purchase_time.unwrap_or(now);
    check_time(&offering, start, now, input.purchase_time.is_some())?;

    let id = cx.reserved_instances.fresh_id();
    let pays_for = cx.shell.lifecycle.duration(Transition::ReservedInstancesPayment);
    let state = ReservedInstancesState::purchased(bought(&offering, id.to_string(), count, start), now, pays_for);
    let mut batch = cx.batch();
    batch.create(&cx.reserved_instances, &id, ReservedInstancesState { bought: true, ..state })?;
    cx.commit(batch, PurchaseReservedInstancesOfferingResult { reserved_instances_id: Some(id.to_string()) }).await
}

fn check_time(offering: &ReservedInstancesOffering, start: i64, now: i64, queued: bool) -> Ec2Result<()> {
    if start < now || start > now + QUEUED_FOR {
        return Err(Ec2Error::invalid_parameter("The parameter PurchaseTime must be a time of the next three years."));
    }
    if queued && start > now && offering.scope() != "Region" {
        return Err(Ec2Error::unsupported("Only purchases of regional Reserved Instances can be queued."));
    }
    Ok(())
}

fn bought(offering: &ReservedInstancesOffering, id: String, count: i32, start: i64) -> ReservedInstances {
    ReservedInstances {
        currency_code: offering.currency_code.clone(),
        instance_tenancy: offering.instance_tenancy.clone(),
        offering_class: offering.offering_class.clone(),
        offering_type: offering.offering_type.clone(),
        recurring_charges: offering.recurring_charges.clone(),
        scope: offering.scope.clone(),
        availability_zone: offering.availability_zone.clone(),
        availability_zone_id: offering.availability_zone_id.clone(),
        reserved_instances_id: Some(id),
        instance_type: offering.instance_type.clone(),
        start: Some(start),
        end: Some(start + offering.duration() * 1000),
        duration: offering.duration,
        usage_price: offering.usage_price,
        fixed_price: offering.fixed_price,
        instance_count: Some(count),
        product_description: offering.product_description.clone(),
        ..ReservedInstances::default()
    }
}
