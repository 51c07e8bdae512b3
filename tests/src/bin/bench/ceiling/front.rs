//! HTTP in, gRPC out.

use std::net::Ipv4Addr;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::Response;
use axum::serve::ListenerExt as _;
use http::uri::PathAndQuery;
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;
use tonic::Request;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic_prost::ProstCodec;

use super::ANSWER_BYTES;
use crate::Result;

pub(crate) async fn front(port: u16, node: u16) -> Result<()> {
    let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{node}"))?;
    let channel = endpoint.tcp_nodelay(true).http2_adaptive_window(true).connect_lazy();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    let router = Router::new().fallback(pass).with_state(Grpc::new(channel).max_decoding_message_size(usize::MAX));
    Ok(axum::serve(listener, router).await?)
}

async fn pass(State(mut node): State<Grpc<Channel>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut request = Request::new(body);
    let size = headers.get(ANSWER_BYTES).and_then(|value| value.to_str().ok()?.parse().ok());
    if let Some(size) = size {
        request.metadata_mut().insert(ANSWER_BYTES, size);
    }
    let path = PathAndQuery::from_static("/ceiling.Ceiling/Answer");
    let answered = match node.ready().await {
        Ok(()) => node.unary(request, path, ProstCodec::<Bytes, Bytes>::default()).await.ok(),
        Err(_) => None,
    };
    let mut response = Response::new(Body::empty());
    match answered {
        Some(answer) => *response.body_mut() = answer.into_inner().into(),
        None => *response.status_mut() = StatusCode::BAD_GATEWAY,
    }
    response
}
