//! DescribeSpotPriceHistory (reference: DescribeSpotPriceHistory). Prices are computed as they are asked for.

use archipelago_proto::ec2::v1::{DescribeSpotPriceHistoryRequest, DescribeSpotPriceHistoryResult, SpotPrice};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::families::instance_types;
use crate::families::spot_market::prices::Quote;
use crate::families::spot_market::{Product, money};
use crate::request::{Column, Context, Describe, Row, Table};
use crate::time::Millis;

/// AWS: the past 90 days are known.
const KNOWN: Millis = 90 * 24 * 3600 * 1000;
const MOST: i32 = 1000;

struct PriceRow {
    key: String,
    price: SpotPrice,
}

impl Row for PriceRow {
    fn id(&self) -> &str {
        &self.key
    }
}

const FILTERS: Table<PriceRow> = &[
    ("availability-zone", Column::Of(|row, probe| probe.text(row.price.availability_zone()))),
    ("availability-zone-id", Column::Of(|row, probe| probe.text(row.price.availability_zone_id()))),
    ("instance-type", Column::Of(|row, probe| probe.text(row.price.instance_type()))),
    (
        "product-description",
        Column::Of(|row, probe| {
            let product = row.price.product_description();
            probe.text(product);
            probe.text(&format!("{product} (Amazon VPC)"));
        }),
    ),
    ("spot-price", Column::Of(|row, probe| probe.text(row.price.spot_price()))),
    ("timestamp", Column::Of(|row, probe| probe.time(row.price.timestamp))),
];

pub(super) async fn describe_spot_price_history(
    cx: Context,
    input: DescribeSpotPriceHistoryRequest,
) -> Ec2Result<DescribeSpotPriceHistoryResult> {
    let now = cx.shell.clock.now();
    let end = input.end_time.unwrap_or(now).min(now);
    let start = input.start_time.unwrap_or(now - KNOWN).max(now - KNOWN);
    if start > end {
        if input.start_time.is_some_and(|start| start > now) {
            // Nothing is known of the future but the prices of now.
            return history(&cx, &input, (now, now));
        }
        return Err(Ec2Error::invalid_parameter("The start time must not be later than the end time."));
    }
    history(&cx, &input, (start, end))
}

fn history(
    cx: &Context,
    input: &DescribeSpotPriceHistoryRequest,
    (start, end): (Millis, Millis),
) -> Ec2Result<DescribeSpotPriceHistoryResult> {
    let zone = match (input.availability_zone.as_deref(), input.availability_zone_id.as_deref()) {
        (Some(_), Some(_)) => {
            return Err(Ec2Error::invalid_combination(
                "The parameters AvailabilityZone and AvailabilityZoneId may not be specified together",
            ));
        }
        (Some(name), None) | (None, Some(name)) => Some(
            cx.facts
                .zone(name)
                .ok_or_else(|| Ec2Error::invalid_parameter(format!("Invalid availability zone: [{name}]")))?,
        ),
        (None, None) => None,
    };
    let products = products(&input.product_descriptions)?;
    if let Some(size) = input.max_results.filter(|size| !(1..=MOST).contains(size)) {
        return Err(Ec2Error::invalid_value("MaxResults", size));
    }
    let types = types(cx, &input.instance_types)?;
    let of = format!("prices/{:?}/{products:?}/{:?}/{start}/{end}", zone.map(|zone| zone.id), input.instance_types);
    // Where no time is given, the pages of one history are told at different times.
    let of = if input.start_time.is_none() || input.end_time.is_none() {
        of.split(&format!("/{start}/")).next().unwrap_or_default().to_owned()
    } else {
        of
    };
    let describe = Describe {
        filters: &input.filters,
        max_results: Some(input.max_results.unwrap_or(MOST)),
        next_token: input.next_token.as_deref(),
        sizes: 1..=MOST,
        ..Describe::default()
    };
    let page = describe.pick(&of, FILTERS, |after| {
        let after = after.map(str::to_owned);
        // Whole types can be passed over, since the types come in the order of their names.
        let first = after.as_deref().and_then(|after| after.split('|').next()).map(str::to_owned);
        let types = types.into_iter().skip_while(move |name| first.as_deref().is_some_and(|first| *name < first));
        let rows = types.flat_map(move |name| {
            let info = instance_types::find(name).map(instance_types::InstanceType::info);
            let info = info.filter(|info| info.supported_usage_classes.iter().any(|class| class == "spot"));
            let zones = instance_types::zones_offering(cx.facts, name);
            let zones: Vec<_> =
                zones.into_iter().filter(|offering| zone.is_none_or(|zone| zone.id == offering.id)).collect();
            let mut rows = Vec::new();
            if let Some(info) = info {
                for zone in &zones {
                    for product in products.iter().filter(|product| product.runs_on(&info)) {
                        let quote = Quote::new(zone.id, &info, *product);
                        rows.extend(quote.changes(start, end).map(|(timestamp, price)| PriceRow {
                            key: format!("{name}|{}|{}|{timestamp}", zone.name, product.name()),
                            price: SpotPrice {
                                availability_zone: Some(zone.name.to_owned()),
                                availability_zone_id: Some(zone.id.to_owned()),
                                instance_type: Some(name.to_owned()),
                                product_description: Some(product.name().to_owned()),
                                spot_price: Some(money(price)),
                                timestamp: Some(timestamp),
                            },
                        }));
                    }
                }
            }
            rows
        });
        let mut passed = after.is_none();
        rows.skip_while(move |row| {
            let wait = !passed;
            passed = passed || after.as_deref() == Some(row.key.as_str());
            wait
        })
    })?;
    Ok(DescribeSpotPriceHistoryResult {
        spot_price_history: page.items.iter().map(|row| row.price.clone()).collect(),
        // AWS ends with an empty token.
        next_token: Some(page.next_token.unwrap_or_default()),
    })
}

fn products(names: &[String]) -> Ec2Result<Vec<Product>> {
    if names.is_empty() {
        return Ok(Product::ALL.to_vec());
    }
    let found = names.iter().map(|name| {
        Product::named(name).ok_or_else(|| Ec2Error::invalid_parameter(format!("Invalid product description: {name}")))
    });
    let mut found = found.collect::<Ec2Result<Vec<_>>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The names of the types, in order.
fn types(cx: &Context, wanted: &[String]) -> Ec2Result<Vec<&'static str>> {
    if wanted.is_empty() {
        return Ok(instance_types::names().filter(|name| instance_types::offered_in(cx.facts, name)).collect());
    }
    let found = wanted.iter().map(|name| {
        let known = instance_types::find(name).map(instance_types::InstanceType::name);
        known.ok_or_else(|| Ec2Error::invalid_parameter(format!("Invalid value '{name}' for InstanceType.")))
    });
    let mut found = found.collect::<Ec2Result<Vec<_>>>()?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}
