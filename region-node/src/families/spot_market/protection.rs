//! Price protection: types that match a fleet's requirements, but cost too much (AWS: "Price protection").

use archipelago_proto::ec2::v1::{InstanceRequirements, InstanceTypeInfo};

use crate::capacity::Market;

/// AWS: if nothing is said, types on demand cost at most a fifth more than the cheapest.
const ON_DEMAND: i32 = 20;
/// AWS chooses a limit for Spot Instances that it does not describe, "to consistently select from a wide range of instance
/// types": here there is none unless one is asked for.
const NO_LIMIT: f64 = f64::MAX;

/// A type with its prices, by the instance or by the unit of the target.
pub struct Priced<'a> {
    pub info: &'a InstanceTypeInfo,
    pub on_demand: f64,
    pub spot: f64,
}

/// The most that types may cost in a market.
pub fn limit(market: Market, required: &InstanceRequirements, types: &[Priced<'_>]) -> f64 {
    let on_demand = || identified(types, |priced| priced.on_demand);
    match market {
        Market::OnDemand => {
            over(on_demand(), required.on_demand_max_price_percentage_over_lowest_price.unwrap_or(ON_DEMAND))
        }
        Market::Spot => match (
            required.spot_max_price_percentage_over_lowest_price,
            required.max_spot_price_as_percentage_of_optimal_on_demand_price,
        ) {
            (Some(percentage), _) => over(identified(types, |priced| priced.spot), percentage),
            (None, Some(percentage)) => on_demand().map_or(NO_LIMIT, |price| price * f64::from(percentage) / 100.0),
            (None, None) => NO_LIMIT,
        },
    }
}

fn over(price: Option<f64>, percentage: i32) -> f64 {
    // A price may be a rounding error above its own limit.
    price.map_or(NO_LIMIT, |price| price * (1.0 + f64::from(percentage) / 100.0) + 1e-9)
}

/// The lowest price of C, M and R types of the current generation; failing these, of the current generation; failing
/// this, of all.
fn identified(types: &[Priced<'_>], price: impl Fn(&Priced<'_>) -> f64) -> Option<f64> {
    let usual = |priced: &&Priced<'_>| {
        let mut name = priced.info.instance_type().chars();
        matches!(name.next(), Some('c' | 'm' | 'r')) && name.next().is_some_and(|next| next.is_ascii_digit())
    };
    let current = |priced: &&Priced<'_>| priced.info.current_generation();
    let lowest = |of: &mut dyn Iterator<Item = &Priced<'_>>| of.map(&price).reduce(f64::min);
    lowest(&mut types.iter().filter(current).filter(usual))
        .or_else(|| lowest(&mut types.iter().filter(current)))
        .or_else(|| lowest(&mut types.iter()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::instance_types;

    fn limits(required: &InstanceRequirements) -> (f64, f64) {
        let infos = ["m7i.large", "r7i.large", "x1e.xlarge"].map(|name| instance_types::find(name).unwrap().info());
        let prices = [(0.1, 0.04), (0.2, 0.03), (0.01, 0.01)];
        let types: Vec<_> =
            infos.iter().zip(prices).map(|(info, (on_demand, spot))| Priced { info, on_demand, spot }).collect();
        (limit(Market::OnDemand, required, &types), limit(Market::Spot, required, &types))
    }

    #[test]
    fn limits_are_parts_of_the_lowest_usual_price() {
        let near = |a: f64, b: f64| (a - b).abs() < 1e-6;
        let (on_demand, spot) = limits(&InstanceRequirements::default());
        assert!(near(on_demand, 0.12) && spot > 1e9);
        let over = InstanceRequirements {
            spot_max_price_percentage_over_lowest_price: Some(100),
            on_demand_max_price_percentage_over_lowest_price: Some(0),
            ..InstanceRequirements::default()
        };
        let (on_demand, spot) = limits(&over);
        assert!(near(on_demand, 0.1) && near(spot, 0.06));
        let part = InstanceRequirements {
            max_spot_price_as_percentage_of_optimal_on_demand_price: Some(50),
            ..InstanceRequirements::default()
        };
        assert!(near(limits(&part).1, 0.05));
    }
}
