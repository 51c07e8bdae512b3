//! Logs on standard error, traces over OTLP where an endpoint is given, counters as Prometheus text.

use std::io::IsTerminal as _;

use archipelago_region_node::Metrics;
use metrics_exporter_prometheus::PrometheusBuilder;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};

use crate::error::{Error, Result};

/// Flushes what is still to be sent when it is dropped.
pub(crate) struct Telemetry(Option<SdkTracerProvider>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(Err(error)) = self.0.take().map(|provider| provider.shutdown()) {
            eprintln!("archipelago: traces were lost: {error}");
        }
    }
}

/// `service` is how the process is called in traces.
pub(crate) fn start(service: &str) -> Result<Telemetry> {
    let logs = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let logs = if std::io::stderr().is_terminal() { logs.boxed() } else { logs.json().boxed() };
    let provider = traces(service)?;
    let spans =
        provider.as_ref().map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer("archipelago")));
    // How much is traced is not how much is logged: a trace has its actors, whatever RUST_LOG says.
    let traced = EnvFilter::new(if spans.is_some() { "archipelago=debug" } else { "off" });
    tracing_subscriber::registry().with(spans.with_filter(traced)).with(logs.with_filter(logged())).init();
    Ok(Telemetry(provider))
}

/// An actor's own span lives as long as the actor: ractor is kept to warnings.
fn logged() -> EnvFilter {
    let directives = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn,archipelago=info"));
    directives.add_directive("ractor=warn".parse().expect("a directive of this file"))
}

#[allow(clippy::disallowed_methods)] // The variable's name is OpenTelemetry's.
fn traces(service: &str) -> Result<Option<SdkTracerProvider>> {
    if std::env::var_os("OTEL_EXPORTER_OTLP_ENDPOINT").is_none() {
        return Ok(None);
    }
    opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_tonic().build().map_err(Error::other)?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(Resource::builder().with_service_name(service.to_owned()).build())
        .build();
    opentelemetry::global::set_tracer_provider(provider.clone());
    Ok(Some(provider))
}

/// Seconds.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// Collects this process's counters.
pub(crate) fn metrics() -> Result<Metrics> {
    let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).map_err(Error::other)?;
    let handle = builder.install_recorder().map_err(Error::other)?;
    Ok(Metrics::new(move || {
        handle.run_upkeep();
        handle.render()
    }))
}
