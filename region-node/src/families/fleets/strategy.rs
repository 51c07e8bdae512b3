//! In which order pools are launched from (AWS: "Allocation strategies for EC2 Fleet and Spot Fleet").

use super::pools::Candidate;
use super::state::Fleet;
use crate::capacity::Market;
use crate::request::Context;

/// How the capacity is spread over the ordered pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    /// All from the first, as long as there is room.
    First,
    /// Evenly over so many of the first.
    Over(usize),
}

pub(super) fn name(fleet: &Fleet, market: Market) -> &str {
    let (on_demand, spot) = (&fleet.public.on_demand_options, &fleet.public.spot_options);
    let name = match market {
        Market::OnDemand => on_demand.as_ref().and_then(|options| options.allocation_strategy.as_deref()),
        Market::Spot => spot.as_ref().and_then(|options| options.allocation_strategy.as_deref()),
    };
    name.filter(|name| *name != "lowestPrice").unwrap_or("lowest-price")
}

/// The pools in the order of the fleet's strategy, and how it spreads over them.
pub(super) fn ordered<'a>(
    cx: &Context,
    fleet: &Fleet,
    market: Market,
    candidates: &'a [Candidate],
) -> (Vec<&'a Candidate>, Spread) {
    let mut pools: Vec<_> = candidates.iter().filter(|pool| pool.affordable(market)).collect();
    let strategy = name(fleet, market);
    let price = |pool: &&Candidate| pool.price(market);
    match strategy {
        "prioritized" => pools.sort_by(|a, b| a.priority.total_cmp(&b.priority)),
        // Pools that are bounded have less room than those that are not.
        "capacity-optimized" => pools.sort_by_key(|pool| std::cmp::Reverse(pool.room(cx, market))),
        "capacity-optimized-prioritized" => pools.sort_by(|a, b| {
            let room = |pool: &Candidate| pool.room(cx, market) == 0;
            room(a).cmp(&room(b)).then(a.priority.total_cmp(&b.priority))
        }),
        "price-capacity-optimized" => pools.sort_by(|a, b| {
            let room = |pool: &Candidate| pool.room(cx, market) == 0;
            room(a).cmp(&room(b)).then(price(a).total_cmp(&price(b)))
        }),
        _ => pools.sort_by(|a, b| price(a).total_cmp(&price(b))),
    }
    let pools_to_use = fleet.public.spot_options.as_ref().and_then(|options| options.instance_pools_to_use_count);
    let spread = match (market, strategy) {
        (Market::Spot, "diversified") => Spread::Over(pools.len()),
        (Market::Spot, "lowest-price") => match usize::try_from(pools_to_use.unwrap_or(1)) {
            Ok(count) if count > 1 => Spread::Over(count),
            _ => Spread::First,
        },
        _ => Spread::First,
    };
    (pools, spread)
}
