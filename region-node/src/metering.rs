//! What a node says of itself: spans and counters.

use std::sync::Arc;
use std::time::Instant;

use archipelago_proto::{Ec2Error, trace};
use dashmap::DashMap;
use metrics::{Counter, Histogram};
use tonic::metadata::MetadataMap;
use tracing::Span;

use crate::Region;
use crate::entity::Account;
use crate::request::Context;

/// Writes down the process's counters as Prometheus text. The composition root has installed what collects them.
#[derive(Clone)]
pub struct Metrics(Arc<dyn Fn() -> String + Send + Sync>);

impl Metrics {
    pub fn new(render: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(render))
    }

    /// For a process that collects none.
    pub fn none() -> Self {
        Self::new(String::new)
    }

    pub(crate) fn render(&self, region: &Region) -> String {
        for host in region.shell.registry().hosts() {
            let kind = [("kind", host.kind().resource_type)];
            metrics::gauge!("archipelago_resources", &kind).set(count(host.resources()));
            metrics::gauge!("archipelago_actors_live", &kind).set(count(host.live()));
        }
        (self.0)()
    }
}

#[allow(clippy::cast_precision_loss)] // No region holds 2^52 resources.
fn count(number: usize) -> f64 {
    number as f64
}

/// The handles of an action's series for an account: to ask the recorder for them costs more than to use them.
#[derive(Default)]
pub(crate) struct Meters(DashMap<(&'static str, Account), Series>);

#[derive(Clone)]
struct Series {
    seconds: Histogram,
    total: Counter,
}

impl Meters {
    fn of(&self, action: &'static str, cx: &Context) -> Series {
        let key = (action, cx.account.clone());
        if let Some(series) = self.0.get(&key) {
            return series.clone();
        }
        let labels = labels(action, &cx.account, cx.facts.name);
        let series = Series {
            seconds: metrics::histogram!("archipelago_action_seconds", &labels),
            total: metrics::counter!("archipelago_actions_total", &labels),
        };
        self.0.entry(key).or_insert(series).clone()
    }
}

fn labels(action: &str, account: &str, region: &str) -> [(&'static str, String); 3] {
    [("action", action.to_owned()), ("account", account.to_owned()), ("region", region.to_owned())]
}

/// Counts one action.
pub(crate) struct Meter {
    action: &'static str,
    account: Account,
    region: &'static str,
    series: Series,
    start: Instant,
}

impl Meter {
    #[allow(clippy::disallowed_methods)] // A latency is real time, whatever the region's clock says.
    pub(crate) fn start(action: &'static str, cx: &Context) -> Self {
        let series = cx.meters.of(action, cx);
        Self { action, account: cx.account.clone(), region: cx.facts.name, series, start: Instant::now() }
    }

    pub(crate) fn stop(self, error: Option<&Ec2Error>) {
        self.series.seconds.record(self.start.elapsed().as_secs_f64());
        self.series.total.increment(1);
        if let Some(error) = error {
            let [action, account, region] = labels(self.action, &self.account, self.region);
            let code = ("code", error.code.clone());
            metrics::counter!("archipelago_action_errors_total", &[action, account, region, code]).increment(1);
        }
    }
}

/// The action's span, a child of the gateway's.
pub(crate) fn span(metadata: &MetadataMap, action: &'static str, cx: &Context) -> Span {
    let span = tracing::info_span!("action", action, account = %cx.account, request_id = %cx.call.caller.request_id);
    trace::continue_from(&span, metadata);
    span
}
