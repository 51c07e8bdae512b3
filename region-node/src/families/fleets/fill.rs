//! Launching what a fleet is missing, through the launch that RunInstances uses.

use archipelago_proto::Ec2Error;
use archipelago_proto::ec2::v1::{DescribeFleetError, DescribeFleetsInstances, Instance};

use super::members::{Fulfilled, fulfilled, members};
use super::pools::{self, Candidate};
use super::state::{Fleet, Of};
use super::strategy::{self, Spread};
use crate::capacity::Market;
use crate::entity::{Id, Published};
use crate::families::instances::{self, InstanceCommand};
use crate::request::Context;

/// What came of it.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) errors: Vec<DescribeFleetError>,
    pub(super) launched: Vec<DescribeFleetsInstances>,
    pub(super) complete: bool,
}

/// One market's part of a fill.
struct Fill<'a> {
    cx: &'a Context,
    fleet: &'a Fleet,
    id: &'a Id,
    mark: &'static str,
    market: Market,
    /// How much is still missing.
    missing: f64,
    /// What may still be spent in an hour.
    budget: f64,
    /// A fleet of one type, or in one zone, stays with what it began with.
    bound: Option<(String, Option<&'static str>)>,
    outcome: &'a mut Outcome,
}

/// How much is missing in each market. What is there of the one makes up for the other only in the target's total.
pub(super) fn missing(fleet: &Fleet, fulfilled: Fulfilled) -> Fulfilled {
    let target = fleet.target();
    let (total, on_demand) = (f64::from(target.total_target_capacity()), f64::from(target.on_demand_target_capacity()));
    let spot = f64::from(target.spot_target_capacity());
    let rest = (total - on_demand - spot).max(0.0);
    let (on_demand, spot) = match target.default_target_capacity_type() {
        "spot" => (on_demand, spot + rest),
        _ => (on_demand + rest, spot),
    };
    Fulfilled { on_demand: (on_demand - fulfilled.on_demand).max(0.0), spot: (spot - fulfilled.spot).max(0.0) }
}

pub(super) async fn fill<F: Of>(cx: &Context, published: &Published<F>) -> Outcome {
    let fleet = published.state.fleet();
    let mut outcome = Outcome::default();
    let candidates = match pools::candidates(cx, fleet) {
        Ok(candidates) => candidates,
        Err(error) => {
            let (error_code, error_message) = (Some(error.code), Some(error.message));
            outcome.errors.push(DescribeFleetError { error_code, error_message, ..DescribeFleetError::default() });
            return outcome;
        }
    };
    if fleet.is_instant() {
        launched_before(cx, published, &candidates, &mut outcome);
    }
    let missing = missing(fleet, fulfilled(cx, &published.id));
    for (market, missing) in [(Market::OnDemand, missing.on_demand), (Market::Spot, missing.spot)] {
        if missing > 0.0 {
            let (budget, bound) = (budget(fleet, market), None);
            let (id, mark) = (&published.id, F::MARK);
            Fill { cx, fleet, id, mark, market, missing, budget, bound, outcome: &mut outcome }.run(&candidates).await;
        }
    }
    let now = self::missing(fleet, fulfilled(cx, &published.id));
    outcome.complete = now.total() <= 0.0;
    if fleet.is_instant() {
        enough(cx, published, &mut outcome).await;
    }
    outcome
}

/// What an instant fleet has launched already, before a crash.
fn launched_before<F: Of>(cx: &Context, published: &Published<F>, candidates: &[Candidate], outcome: &mut Outcome) {
    for instance in members(cx, &published.id) {
        let place = instance.state.private.fleet.as_ref().map(|membership| membership.pool);
        let Some(pool) = candidates.iter().find(|pool| Some(pool.index) == place) else { continue };
        let launched = group(pool, instance.state.pool().market, vec![instance.state.public.clone()]);
        outcome.launched.push(launched);
    }
}

/// Instances that were launched from one pool.
fn group(pool: &Candidate, market: Market, instances: Vec<Instance>) -> DescribeFleetsInstances {
    let mut shown = pool.shown();
    let first = instances.first();
    let zone = first.and_then(|instance| instance.placement.as_ref());
    if let (Some(overrides), Some(zone)) = (&mut shown.overrides, zone) {
        overrides.availability_zone.clone_from(&zone.availability_zone);
    }
    let platform = first.and_then(|instance| instance.platform.clone());
    DescribeFleetsInstances {
        launch_template_and_overrides: Some(shown),
        lifecycle: Some(market.to_string()),
        instance_ids: instances.into_iter().filter_map(|instance| instance.instance_id).collect(),
        instance_type: Some(pool.instance_type.clone()),
        platform,
    }
}

fn budget(fleet: &Fleet, market: Market) -> f64 {
    let most = match market {
        Market::OnDemand => fleet.public.on_demand_options.as_ref().and_then(|o| o.max_total_price.as_deref()),
        Market::Spot => fleet.public.spot_options.as_ref().and_then(|o| o.max_total_price.as_deref()),
    };
    most.and_then(|text| text.parse().ok()).unwrap_or(f64::MAX)
}

impl Fill<'_> {
    async fn run(mut self, candidates: &[Candidate]) {
        let (pools, spread) = strategy::ordered(self.cx, self.fleet, self.market, candidates);
        // What has no room at all is told as well, whether it would have come into play or not.
        let (full, open): (Vec<_>, Vec<_>) = pools.into_iter().partition(|pool| pool.room(self.cx, self.market) == 0);
        for pool in full {
            self.launch(pool, self.missing).await;
        }
        if let Spread::Over(count) = spread {
            let count = count.min(open.len());
            for (place, pool) in open.iter().take(count).enumerate() {
                #[allow(clippy::cast_precision_loss)] // A handful.
                let share = self.missing / (count - place) as f64;
                self.launch(pool, share).await;
            }
        }
        for pool in open {
            if self.missing <= 0.0 {
                return;
            }
            self.launch(pool, self.missing).await;
        }
    }

    /// Launches so much from one pool, or what it has.
    async fn launch(&mut self, pool: &Candidate, amount: f64) {
        let mut amount = amount;
        while amount > 0.0 {
            let Some(count) = self.count(pool, amount) else { return };
            let order = pool.order(self.fleet, self.id, self.mark, self.market, count);
            match Box::pin(instances::run(self.cx, &order)).await {
                Ok(reservation) => {
                    #[allow(clippy::cast_precision_loss)] // Thousands.
                    let number = reservation.instances.len() as f64;
                    amount -= number * pool.weight;
                    self.missing -= number * pool.weight;
                    self.budget -= number * pool.cost(self.market);
                    let zone = pool.zone();
                    self.bound.get_or_insert_with(|| (pool.instance_type.clone(), zone));
                    self.launched(pool, reservation.instances);
                }
                Err(error) => return self.failed(pool, error),
            }
        }
    }

    /// How many instances that is; None if there may be none of this pool.
    fn count(&self, pool: &Candidate, amount: f64) -> Option<i32> {
        let (one_type, one_zone) = self.bounds();
        if let Some((instance_type, zone)) = &self.bound
            && ((one_type && *instance_type != pool.instance_type) || (one_zone && *zone != pool.zone()))
        {
            return None;
        }
        let affordable = (self.budget / pool.cost(self.market)).floor();
        let wanted = (amount / pool.weight).ceil().min(affordable).min(1000.0);
        #[allow(clippy::cast_possible_truncation)] // At most 1000.
        (wanted >= 1.0).then_some(wanted as i32)
    }

    fn bounds(&self) -> (bool, bool) {
        let public = &self.fleet.public;
        match self.market {
            Market::OnDemand => public
                .on_demand_options
                .as_ref()
                .map_or((false, false), |o| (o.single_instance_type(), o.single_availability_zone())),
            Market::Spot => public
                .spot_options
                .as_ref()
                .map_or((false, false), |o| (o.single_instance_type(), o.single_availability_zone())),
        }
    }

    fn lifecycle(&self) -> String {
        self.market.to_string()
    }

    fn launched(&mut self, pool: &Candidate, instances: Vec<Instance>) {
        self.outcome.launched.push(group(pool, self.market, instances));
    }

    fn failed(&mut self, pool: &Candidate, error: Ec2Error) {
        self.outcome.errors.push(DescribeFleetError {
            launch_template_and_overrides: Some(pool.shown()),
            lifecycle: Some(self.lifecycle()),
            error_code: Some(error.code),
            error_message: Some(error.message),
        });
    }
}

/// AWS: an instant fleet that does not get its minimum gets nothing.
async fn enough<F: Of>(cx: &Context, published: &Published<F>, outcome: &mut Outcome) {
    let public = &published.state.fleet().public;
    let least = |on_demand: Option<i32>| on_demand.map_or(0.0, f64::from);
    let (on_demand, spot) = (
        least(public.on_demand_options.as_ref().and_then(|options| options.min_target_capacity)),
        least(public.spot_options.as_ref().and_then(|options| options.min_target_capacity)),
    );
    let got = fulfilled(cx, &published.id);
    if got.on_demand >= on_demand && got.spot >= spot {
        return;
    }
    for launched in std::mem::take(&mut outcome.launched) {
        for id in launched.instance_ids {
            let _ = cx.instances.ask(&Id::new(&id), InstanceCommand::Terminate).await;
        }
        outcome.errors.push(DescribeFleetError {
            launch_template_and_overrides: launched.launch_template_and_overrides,
            lifecycle: launched.lifecycle,
            error_code: Some("UnfulfillableCapacity".to_owned()),
            error_message: Some("Unable to fulfill the minimum target capacity of the fleet request.".to_owned()),
        });
    }
}
