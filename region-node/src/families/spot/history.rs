//! DescribeSpotPriceHistory (reference: DescribeSpotPriceHistory). Prices are computed as they are asked for.

use std::sync::OnceLock;

use archipelago_proto::ec2::v1::{DescribeSpotPriceHistoryRequest, DescribeSpotPriceHistoryResult, Filter, SpotPrice};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::families::instance_types;
use crate::families::spot_market::prices::Quote;
use crate::families::spot_market::{Product, money};
use crate::request::{Column, Context, Describe, Row, Table};
use crate::time::Millis;

/// AWS: the past 90 days are known.
const KNOWN: Millis = 90 * 24 * 3600 * 1000;
const MOST: i32 = 1000;

/// A price, which is put in words only if it is shown: there are millions.
struct PriceRow {
    name: &'static str,
    zone: &'static Zone,
    product: Product,
    timestamp: Millis,
    price: f64,
    key: OnceLock<String>,
}

impl Row for PriceRow {
    fn id(&self) -> &str {
        self.key.get_or_init(|| format!("{}|{}|{}|{}", self.name, self.zone.name, self.product.name(), self.timestamp))
    }
}

impl PriceRow {
    fn view(&self) -> SpotPrice {
        SpotPrice {
            availability_zone: Some(self.zone.name.to_owned()),
            availability_zone_id: Some(self.zone.id.to_owned()),
            instance_type: Some(self.name.to_owned()),
            product_description: Some(self.product.name().to_owned()),
            spot_price: Some(money(self.price)),
            timestamp: Some(self.timestamp),
        }
    }
}

const FILTERS: Table<PriceRow> = &[
    ("availability-zone", Column::Of(|row, probe| probe.text(row.zone.name))),
    ("availability-zone-id", Column::Of(|row, probe| probe.text(row.zone.id))),
    ("instance-type", Column::Of(|row, probe| probe.text(row.name))),
    (
        "product-description",
        Column::Of(|row, probe| {
            let product = row.product.name();
            probe.text(product);
            probe.text(&format!("{product} (Amazon VPC)"));
        }),
    ),
    ("spot-price", Column::Of(|row, probe| probe.text(&money(row.price)))),
    ("timestamp", Column::Of(|row, probe| probe.time(Some(row.timestamp)))),
];

/// Whether a time can be in the past that is asked for and pass the filters: `2014-12-01*` is none of the last 90 days.
fn may_match(filters: &[Filter], start: Millis, end: Millis) -> bool {
    let text =
        |time: Millis| jiff::Timestamp::from_millisecond(time).map(|time| format!("{time:.3}")).unwrap_or_default();
    // The price that is in force when the time begins is older.
    let (first, last) = (text(start - 6 * 3600 * 1000), text(end));
    let within = |value: &String| {
        let literal = value.split(['*', '?', '\\']).next().unwrap_or_default();
        let cut = |bound: &String| bound.get(..literal.len()).map(str::to_owned);
        cut(&first).is_none_or(|first| *literal >= *first) && cut(&last).is_none_or(|last| *literal <= *last)
    };
    let mut times = filters.iter().filter(|filter| filter.name() == "timestamp");
    times.all(|filter| filter.values.iter().any(within))
}

pub(super) async fn describe_spot_price_history(
    cx: Context,
    input: DescribeSpotPriceHistoryRequest,
) -> Ec2Result<DescribeSpotPriceHistoryResult> {
    let now = cx.shell.clock.now();
    let end = input.end_time.unwrap_or(now).min(now);
    let start = input.start_time.unwrap_or(now - KNOWN).max(now - KNOWN);
    if end < now - KNOWN && input.start_time.is_none_or(|start| start <= end) {
        // What was so long ago is not known any more.
        return Ok(DescribeSpotPriceHistoryResult { next_token: Some(String::new()), ..Default::default() });
    }
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
    let mut types = types(cx, &input.instance_types)?;
    if !may_match(&input.filters, start, end) {
        types.clear();
    }
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
                for zone in zones.iter().copied() {
                    for product in products.iter().filter(|product| product.runs_on(&info)) {
                        let quote = Quote::new(zone.id, &info, *product);
                        rows.extend(quote.changes(start, end).map(|(timestamp, price)| PriceRow {
                            name,
                            zone,
                            product: *product,
                            timestamp,
                            price,
                            key: OnceLock::new(),
                        }));
                    }
                }
            }
            rows
        });
        let mut passed = after.is_none();
        rows.skip_while(move |row| {
            let wait = !passed;
            passed = passed || after.as_deref() == Some(row.id());
            wait
        })
    })?;
    Ok(DescribeSpotPriceHistoryResult {
        spot_price_history: page.map(PriceRow::view),
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
