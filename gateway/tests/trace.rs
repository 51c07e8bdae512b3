//! One trace from the client to the node. Alone in its process, since propagators and subscribers are global.

mod support;

use opentelemetry::global;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracerProvider;
use support::Sandbox;
use tracing_subscriber::layer::SubscriberExt as _;

#[tokio::test]
async fn the_clients_trace_goes_on_at_the_node() {
    let provider = SdkTracerProvider::builder().build();
    global::set_text_map_propagator(TraceContextPropagator::new());
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer)).unwrap();

    let sandbox = Sandbox::permissive().await;
    let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let body = "Action=DescribeTags&Version=2014-10-01";
    let answer = sandbox.post("/", &format!("traceparent: 00-{trace}-{span}-01\r\n"), body).await;
    assert_eq!(answer.status, 200);
    let seen = sandbox.node.seen.traceparents.lock().unwrap().pop().unwrap();
    assert!(seen.starts_with(&format!("00-{trace}-")), "{seen}");
    assert!(!seen.contains(span), "the gateway's own span is the parent: {seen}");
}
