//! What the operator sees of the traffic, as Prometheus text.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Seconds. The first ones are a gateway's own work, the last ones a node's deadline.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Series of one metric; what comes later is counted under `other`.
const MOST_SERIES: usize = 4000;

/// Each gateway's own recorder, so that two in one process do not mix.
pub(crate) struct Meter {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    in_flight: Gauge,
    requests: Series<Requests>,
    errors: Series<Counter>,
}

/// What is counted of an action's requests.
#[derive(Clone)]
struct Requests {
    total: Counter,
    seconds: Histogram,
}

/// One request, as the metrics name it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Labels<'l> {
    pub(crate) action: &'l str,
    pub(crate) account: &'l str,
    pub(crate) region: &'l str,
}

impl Meter {
    pub(crate) fn new() -> Result<Self, String> {
        let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).map_err(|error| error.to_string())?;
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        let in_flight = with_local_recorder(&recorder, || gauge!("archipelago_requests_in_flight"));
        Ok(Self { recorder, handle, in_flight, requests: Series::default(), errors: Series::default() })
    }

    pub(crate) fn record(&self, labels: Labels<'_>, error: Option<&str>, took: Duration) {
        let Labels { action, account, region } = labels;
        let known = self.requests.get(&(action, account, region), || self.requests_of(labels));
        let Requests { total, seconds } =
            known.unwrap_or_else(|| self.requests_of(Labels { account: "other", ..labels }));
        total.increment(1);
        seconds.record(took.as_secs_f64());
        if let Some(code) = error {
            let known = self.errors.get(&(action, code), || self.errors_of(action, code));
            known.unwrap_or_else(|| self.errors_of(action, "other")).increment(1);
        }
    }

    fn requests_of(&self, labels: Labels<'_>) -> Requests {
        let [action, account, region] = [labels.action, labels.account, labels.region].map(str::to_owned);
        with_local_recorder(&self.recorder, || Requests {
            seconds: histogram!("archipelago_request_seconds", "action" => action.clone()),
            total: counter!(
                "archipelago_requests_total", "action" => action, "account" => account, "region" => region
            ),
        })
    }

    fn errors_of(&self, action: &str, code: &str) -> Counter {
        let (action, code) = (action.to_owned(), code.to_owned());
        with_local_recorder(&self.recorder, || counter!("archipelago_errors_total", "action" => action, "code" => code))
    }

    /// Counts a request as being answered for as long as the guard lives; clients may give up at any time.
    pub(crate) fn enter(&self) -> InFlight<'_> {
        self.in_flight.increment(1);
        InFlight(&self.in_flight)
    }

    /// Samples wait in memory until they are sorted into buckets.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    pub(crate) fn render(&self) -> String {
        self.handle.render()
    }
}

pub(crate) struct InFlight<'m>(&'m Gauge);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}

/// The handles of known series, by the hash of their labels: to ask the recorder for one costs more than to use it.
/// Clients choose the labels, so they must not choose how many there are.
struct Series<H>(Mutex<HashMap<u64, H>>);

impl<H> Default for Series<H> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<H: Clone> Series<H> {
    /// None when there are too many.
    fn get(&self, labels: &impl Hash, make: impl FnOnce() -> H) -> Option<H> {
        let mut hasher = DefaultHasher::new();
        labels.hash(&mut hasher);
        let labels = hasher.finish();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_SERIES {
            return known.get(&labels).cloned();
        }
        Some(known.entry(labels).or_insert_with(make).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_and_errors_are_counted() {
        let meter = Meter::new().unwrap();
        let labels = Labels { action: "A", account: "123456789012", region: "us-east-1" };
        meter.record(labels, Some("InternalError"), Duration::from_millis(3));
        meter.record(labels, None, Duration::from_millis(3));
        let text = meter.render();
        for line in [
            "archipelago_requests_total{action=\"A\",account=\"123456789012\",region=\"us-east-1\"} 2",
            "archipelago_errors_total{action=\"A\",code=\"InternalError\"} 1",
            "archipelago_request_seconds_count{action=\"A\"} 2",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }

    #[test]
    fn clients_cannot_make_series_without_end() {
        let meter = Meter::new().unwrap();
        for account in 0..MOST_SERIES + 10 {
            let account = account.to_string();
            meter.record(Labels { action: "A", account: &account, region: "r" }, None, Duration::ZERO);
        }
        let text = meter.render();
        assert!(text.contains("account=\"other\",region=\"r\"} 10"));
    }
}
