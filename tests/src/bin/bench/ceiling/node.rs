//! gRPC in, so many bytes out.

use std::net::Ipv4Addr;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request as HttpRequest, State};
use tokio::net::TcpListener;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::service_fn;

use super::ANSWER_BYTES;
use crate::Result;

/// No answer is larger. It takes no memory, since zeros that nobody wrote are not there.
const MOST: usize = 64 << 20;

pub(crate) async fn node(port: u16) -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let router = Router::new().fallback(serve).with_state(Bytes::from(vec![0; MOST]));
    Server::builder()
        .initial_connection_window_size(16 << 20)
        .initial_stream_window_size(4 << 20)
        .add_routes(Routes::from(router))
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await?;
    Ok(())
}

async fn serve(State(buffer): State<Bytes>, request: HttpRequest) -> http::Response<Body> {
    let answer = service_fn(move |request: Request<Bytes>| {
        let size = request.metadata().get(ANSWER_BYTES).and_then(|value| value.to_str().ok()?.parse().ok());
        let answer = buffer.slice(..size.unwrap_or(0).min(MOST));
        async move { Ok::<_, Status>(Response::new(answer)) }
    });
    Grpc::new(ProstCodec::<Bytes, Bytes>::default()).unary(answer, request.map(Body::new)).await
}
