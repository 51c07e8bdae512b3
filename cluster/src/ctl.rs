//! `archipelago ctl`: asks a running gateway for one of the operator's pages, and prints what it says.

use bytes::Bytes;
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpStream;

use crate::cli::{CtlOptions, Verb};
use crate::error::{Error, Result};
use crate::worlds;

pub(crate) async fn run(options: CtlOptions) -> Result<()> {
    let (method, page) = match options.verb {
        Verb::Get(page) => (Method::GET, page),
        Verb::Post(page) => (Method::POST, page),
        Verb::Export(file) => return worlds::export(&options.endpoint, &file.file).await,
        Verb::Import(file) => return worlds::import(&options.endpoint, &file.file).await,
    };
    let query: Vec<_> = page.parameters.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect();
    let path = format!("/_archipelago/{}?{}", page.name, query.join("&"));
    let answer = ask(&options.endpoint, method, &path, Empty::<Bytes>::new()).await?;
    let answer = answer.collect().await.map_err(Error::other)?.to_bytes();
    println!("{}", String::from_utf8_lossy(&answer));
    Ok(())
}

/// What the gateway answers, unless it is a refusal.
pub(crate) async fn ask<B>(endpoint: &Uri, method: Method, path: &str, body: B) -> Result<Incoming>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let host = endpoint.host().ok_or_else(|| Error::other("the endpoint must be http://HOST:PORT"))?;
    let port = endpoint.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host, port)).await;
    let stream = stream.map_err(|error| Error::other(format!("{endpoint} does not answer: {error}")))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Error::other)?;
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header("host", format!("{host}:{port}"));
    let request = request.body(body.boxed_unsync()).map_err(Error::other)?;
    let answer = sender.send_request(request).await.map_err(Error::other)?;
    if answer.status().is_success() {
        return Ok(answer.into_body());
    }
    let status = answer.status();
    let refusal = answer.into_body().collect().await.map_err(Error::other)?.to_bytes();
    Err(Error::other(format!("{status}: {}", String::from_utf8_lossy(&refusal))))
}

fn escaped(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}
