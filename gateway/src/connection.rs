//! One connection: what comes over it in plain HTTP or in TLS, and how it ends.

use std::net::IpAddr;
use std::time::Duration;

use archipelago_proto::Ec2Error;
use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response};
use http_body_util::{Either, Full};
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

type Answered = Result<Response<Either<Full<Bytes>, Truncated>>, BrokenOff>;

/// Until the client has gone, or all is to stop and what it asked is answered.
pub(crate) async fn serve(gateway: Gateway, stream: TcpStream, source: IpAddr, watcher: Watcher) {
    // Answers are written at once; waiting for more only delays them.
    let _ = stream.set_nodelay(true);
    let patience = gateway.pipeline.limits.receive;
    let Some(tls) = gateway.tls.clone() else {
        return converse(TokioIo::new(stream), patience, watcher, |request| {
            let gateway = gateway.clone();
            async move { gateway.answer(request, source).await }
        })
        .await;
    };
    match timeout(patience, tls.open(stream)).await {
        Ok(Ok(Opened::Secure(stream))) => {
            converse(TokioIo::new(*stream), patience, watcher, |mut request| {
                request.extensions_mut().insert(Secure);
                let gateway = gateway.clone();
                async move { gateway.answer(request, source).await }
            })
            .await;
        }
        Ok(Ok(Opened::Plain(stream))) => {
            converse(TokioIo::new(stream), patience, watcher, |_| async { speaks_https() }).await;
        }
        Ok(Err(error)) => tracing::debug!(%error, "no TLS came about"),
        Err(_) => tracing::debug!("a client was too slow with its part of TLS"),
    }
}

async fn converse<I, F>(io: I, patience: Duration, watcher: Watcher, answer: impl Fn(Request<Incoming>) -> F)
where
    I: Read + Write + Unpin + 'static,
    F: Future<Output = Reply>,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(patience);
    http.max_buf_size(HEAD_BUFFER).max_headers(MOST_HEADERS);
    let service = service_fn(|request| {
        let answered = answer(request);
        async move { whole(answered.await) }
    });
    if let Err(error) = watcher.watch(http.serve_connection(io, service)).await {
        tracing::debug!(%error, "a connection broke");
    }
}

/// The answer as the connection carries it, unless it is to break off.
fn whole(reply: Reply) -> Answered {
    match reply.extensions().get::<faults::Connection>() {
        None => Ok(reply.map(Either::Left)),
        Some(faults::Connection::Truncate) => Ok(reply.map(|body| Either::Right(Truncated::of(body)))),
        Some(faults::Connection::Drop | faults::Connection::LoseAnswer) => Err(BrokenOff),
    }
}

/// To a client that speaks plain HTTP where HTTPS is spoken.
fn speaks_https() -> Reply {
    let error = Ec2Error::new("InvalidRequest", "This endpoint speaks HTTPS: the request came in plain HTTP.");
    let mut reply = reply::failure(&error, Service::Ec2, &reply::request_id());
    reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    reply
}
