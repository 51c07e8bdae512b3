//! What instances cost: a model, since AWS's prices are no part of its API's documents.
//!
//! On demand, an hour costs 0.0333 USD for each vCPU and 0.00367 for each GiB of memory (burstable types 0.0104 for each
//! GiB), and 0.05 for each GiB of accelerators' memory, which is near what general-purpose types cost; licences come on
//! top. A Spot price is a part of that, between a quarter and a half. Each pool (zone, type, product) has its own part,
//! which changes every six hours by up to a tenth, at its own time of day. All of it is computed from the names and the
//! time alone: the same in each process, and the same again after a restart.

use archipelago_proto::ec2::v1::{GpuInfo, InstanceTypeInfo, VCpuInfo};

use super::Product;
use crate::time::Millis;

/// How long a price stays.
const STEP: Millis = 6 * 3600 * 1000;
/// How far ahead prices are looked at: as far as AWS looks back.
const HORIZON: i64 = 90 * 4;

/// USD for an hour on demand.
pub fn on_demand(info: &InstanceTypeInfo, product: Product) -> f64 {
    let vcpus = f64::from(info.v_cpu_info.as_ref().map_or(0, VCpuInfo::default_v_cpus));
    #[allow(clippy::cast_precision_loss)] // Far below 2^52.
    let memory = info.memory_info.map_or(0, |memory| memory.size_in_mi_b()) as f64 / 1024.0;
    let accelerators = info.gpu_info.as_ref().map_or(0, GpuInfo::total_gpu_memory_in_mi_b);
    let machine =
        if info.burstable_performance_supported() { memory * 0.0104 } else { vcpus * 0.0333 + memory * 0.003_67 };
    machine + f64::from(accelerators) / 1024.0 * 0.05 + licence(product, vcpus)
}

fn licence(product: Product, vcpus: f64) -> f64 {
    match product {
        Product::Linux => 0.0,
        Product::RedHat => vcpus * 0.0144,
        Product::Suse => vcpus * 0.01,
        Product::Windows => vcpus * 0.046,
    }
}

/// The Spot price of one pool.
pub struct Quote {
    on_demand: f64,
    seed: u64,
}

impl Quote {
    pub fn new(zone_id: &str, info: &InstanceTypeInfo, product: Product) -> Self {
        let seed = hash(&[zone_id, info.instance_type(), product.name()]);
        Self { on_demand: on_demand(info, product), seed }
    }

    pub fn at(&self, time: Millis) -> f64 {
        let step = (time - self.offset()).div_euclid(STEP);
        let part = 0.28 + 0.17 * unit(self.seed);
        let drift = 0.9 + 0.2 * unit(mix(self.seed ^ step.unsigned_abs()));
        rounded(self.on_demand * part * drift)
    }

    /// Since when the price of that time has been what it is.
    pub fn since(&self, time: Millis) -> Millis {
        (time - self.offset()).div_euclid(STEP) * STEP + self.offset()
    }

    /// The changes within a time, the latest first; the first price is the one that was in force when it began.
    pub fn changes(&self, from: Millis, to: Millis) -> impl Iterator<Item = (Millis, f64)> {
        let (first, last) = (self.since(from), self.since(to));
        (0..=(last - first) / STEP).map(move |back| last - back * STEP).map(|time| (time, self.at(time)))
    }

    /// When the price will next be above a maximum, as far as can be told.
    pub fn exceeds(&self, most: f64, from: Millis) -> Option<Millis> {
        if most >= self.on_demand * 0.5 {
            return None;
        }
        let start = self.since(from);
        (1..=HORIZON).map(|step| start + step * STEP).find(|time| self.at(*time) > most)
    }

    fn offset(&self) -> Millis {
        // A whole minute of the six hours.
        i64::try_from(self.seed % 360).unwrap_or(0) * 60_000
    }
}

/// AWS tells millionths.
fn rounded(price: f64) -> f64 {
    ((price * 10_000.0).round() / 10_000.0).max(0.0001)
}

pub(super) fn hash(parts: &[&str]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.iter().flat_map(|part| part.bytes().chain([0])) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    mix(hash)
}

fn mix(mut bits: u64) -> u64 {
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^ (bits >> 33)
}

#[allow(clippy::cast_precision_loss)] // 53 bits fit.
pub(super) fn unit(bits: u64) -> f64 {
    (mix(bits) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::instance_types;

    const NOW: Millis = 1_767_225_600_000;

    fn of_zone(zone: &str) -> Quote {
        Quote::new(zone, &instance_types::find("m5.large").unwrap().info(), Product::Linux)
    }

    #[test]
    fn prices_are_near_what_is_usual() {
        let cost = |name: &str| on_demand(&instance_types::find(name).unwrap().info(), Product::Linux);
        assert!((cost("m5.large") - 0.096).abs() < 0.001);
        assert!((cost("t3.micro") - 0.0104).abs() < 0.0001);
        let spot = of_zone("use1-az1").at(NOW);
        assert!(spot > 0.096 * 0.25 && spot < 0.096 * 0.5, "{spot}");
    }

    #[test]
    fn a_price_stays_for_six_hours_and_differs_between_zones() {
        let quote = of_zone("use1-az1");
        let since = quote.since(NOW);
        let told = |quote: &Quote, time| format!("{}", quote.at(time));
        assert_eq!(told(&quote, since), told(&quote, since + STEP - 1));
        assert_ne!(told(&quote, since), told(&quote, since + STEP));
        assert_ne!(told(&quote, NOW), told(&of_zone("use1-az2"), NOW));
        let changes: Vec<_> = quote.changes(NOW, NOW + 2 * STEP).collect();
        assert_eq!((changes.len(), changes[2]), (3, (since, quote.at(NOW))));
    }

    #[test]
    fn a_maximum_is_exceeded_sometime_unless_it_is_high() {
        let quote = of_zone("use1-az1");
        let most = quote.at(NOW);
        let then = quote.exceeds(most, NOW).expect("a price that drifts rises again");
        assert!(quote.at(then) > most && then > NOW);
        assert_eq!(quote.exceeds(1.0, NOW), None);
    }
}
