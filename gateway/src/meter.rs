//! What the operator sees of the traffic, as Prometheus text.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use metrics::{counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Seconds. The first ones are a gateway's own work, the last ones a node's deadline.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Series of one metric; what comes later is counted under `other`.
const MOST_SERIES: usize = 4000;

/// Each gateway's own recorder, so that two in one process do not mix.
pub(crate) struct Meter {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    requests: Bounded,
    errors: Bounded,
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
        Ok(Self { recorder, handle, requests: Bounded::default(), errors: Bounded::default() })
    }

    pub(crate) fn record(&self, labels: Labels<'_>, error: Option<&str>, took: Duration) {
        let Labels { action, account, region } = labels;
        let account = if self.requests.admits(&(action, account, region)) { account } else { "other" };
        let (action, account, region) = (action.to_owned(), account.to_owned(), region.to_owned());
        with_local_recorder(&self.recorder, || {
            if let Some(code) = error {
                let code = if self.errors.admits(&(&action, code)) { code } else { "other" };
                let code = code.to_owned();
                counter!("archipelago_errors_total", "action" => action.clone(), "code" => code).increment(1);
            }
            let seconds = histogram!("archipelago_request_seconds", "action" => action.clone());
            seconds.record(took.as_secs_f64());
            let labels = [("action", action), ("account", account), ("region", region)];
            counter!("archipelago_requests_total", &labels).increment(1);
        });
    }

    /// Counts a request as being answered for as long as the guard lives; clients may give up at any time.
    pub(crate) fn enter(&self) -> InFlight<'_> {
        with_local_recorder(&self.recorder, || gauge!("archipelago_requests_in_flight").increment(1));
        InFlight(self)
    }

    /// Samples wait in memory until they are sorted into buckets.
    pub(crate) fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    pub(crate) fn render(&self) -> String {
        self.handle.render()
    }
}

pub(crate) struct InFlight<'m>(&'m Meter);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        with_local_recorder(&self.0.recorder, || gauge!("archipelago_requests_in_flight").decrement(1));
    }
}

/// Clients choose the labels, so they must not choose how many there are.
#[derive(Default)]
struct Bounded(Mutex<HashSet<u64>>);

impl Bounded {
    fn admits(&self, series: &impl Hash) -> bool {
        let mut hasher = DefaultHasher::new();
        series.hash(&mut hasher);
        let series = hasher.finish();
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.contains(&series) || (seen.len() < MOST_SERIES && seen.insert(series))
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
