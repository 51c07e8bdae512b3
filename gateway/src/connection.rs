//! One connection: what comes over it in plain HTTP or in TLS, and how it ends.

use std::net::IpAddr;
use std::time::Duration;

use archipelago_proto::Ec2Error;
use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Either, Full};
use hyper::body::Incoming;
use hyper::rt::{Read, Write};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::faults;
use crate::reply::{self, Reply};
use crate::request::Secure;
use crate::server::Gateway;
use crate::service::Service;
use crate::tls::Opened;
use crate::truncated::{BrokenOff, Truncated};

/// Larger than the limits on headers, so that it is the pipeline that refuses, in XML. Not much larger: each request
/// begins with a table of as many headers.
const HEAD_BUFFER: usize = 256 << 10;
const MOST_HEADERS: usize = 256;

/// A body as connections carry it: most are whole, some come bit by bit.
pub(crate) type Carried = Either<Full<Bytes>, UnsyncBoxBody<Bytes, BrokenOff>>;

pub(crate) type Answered = Result<Response<Carried>, BrokenOff>;

/// Until the client has gone, or all is to stop and what it asked is answered.
pub(crate) async fn serve(gateway: Gateway, stream: TcpStream, source: IpAddr, watcher: Watcher) {
    // Answers are written at once; waiting for more only delays them.
    let _ = stream.set_nodelay(true);
    let patience = gateway.pipeline.limits.receive;
    let Some(tls) = gateway.tls.clone() else {
        return converse(TokioIo::new(stream), patience, watcher, |request| {
            let gateway = gateway.clone();
            async move { gateway.respond(request, source).await }
        })
        .await;
    };
    match timeout(patience, tls.open(stream)).await {
        Ok(Ok(Opened::Secure(stream))) => {
            converse(TokioIo::new(*stream), patience, watcher, |mut request| {
                request.extensions_mut().insert(Secure);
                let gateway = gateway.clone();
                async move { gateway.respond(request, source).await }
            })
            .await;
        }
        Ok(Ok(Opened::Plain(stream))) => {
            converse(TokioIo::new(stream), patience, watcher, |_| {
                let id = gateway.pipeline.uuids.fresh();
                async move { speaks_https(&id) }
            })
            .await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "no TLS came about"),
        Err(_) => tracing::debug!("a client was too slow with its part of TLS"),
    }
}

async fn converse<I, F>(io: I, patience: Duration, watcher: Watcher, answer: impl Fn(Request<Incoming>) -> F)
where
    I: Read + Write + Unpin + 'static,
    F: Future<Output = Answered>,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience);
    http.max_buf_size(HEAD_BUFFER).max_headers(MOST_HEADERS);
    if let Err(error) = watcher.watch(http.serve_connection(io, service_fn(answer))).await {
        tracing::debug!(%error, "a connection broke");
    }
}

/// The answer as the connection carries it, unless it is to break off.
pub(crate) fn carried(reply: Reply) -> Answered {
    match reply.extensions().get::<faults::Connection>() {
        None => Ok(reply.map(Either::Left)),
        Some(faults::Connection::Truncate) => Ok(reply.map(|body| Either::Right(Truncated::of(body).boxed_unsync()))),
        Some(faults::Connection::Drop | faults::Connection::LoseAnswer) => Err(BrokenOff),
    }
}

/// To a client that speaks plain HTTP where HTTPS is spoken.
fn speaks_https(request_id: &str) -> Answered {
    let error = Ec2Error::new("InvalidRequest", "This endpoint speaks HTTPS: the request came in plain HTTP.");
    let mut reply = reply::failure(&error, Service::Ec2, request_id);
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    carried(reply)
}
