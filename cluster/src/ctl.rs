//! `archipelago ctl`: asks a running gateway for one of the operator's pages, and prints what it says.

use bytes::Bytes;
use http::{Method, Request, Uri};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpStream;

use crate::cli::{CtlOptions, Verb};
use crate::error::{Error, Result};

pub(crate) async fn run(options: CtlOptions) -> Result<()> {
    let (method, page) = match options.verb {
        Verb::Get(page) => (Method::GET, page),
        Verb::Post(page) => (Method::POST, page),
    };
    let query: Vec<_> = page.parameters.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect();
    let path = format!("/_archipelago/{}?{}", page.name, query.join("&"));
    let (status, answer) = ask(&options.endpoint, method, &path).await?;
    let answer = String::from_utf8_lossy(&answer);
    if !status.is_success() {
        return Err(Error::other(format!("{status}: {answer}")));
    }
    println!("{answer}");
    Ok(())
}

async fn ask(endpoint: &Uri, method: Method, path: &str) -> Result<(http::StatusCode, Bytes)> {
    let host = endpoint.host().ok_or_else(|| Error::other("the endpoint must be http://HOST:PORT"))?;
    let port = endpoint.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host, port)).await;
    let stream = stream.map_err(|error| Error::other(format!("{endpoint} does not answer: {error}")))?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Error::other)?;
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header("host", format!("{host}:{port}"));
    let request = request.body(Empty::<Bytes>::new()).map_err(Error::other)?;
    let answer = sender.send_request(request).await.map_err(Error::other)?;
    let status = answer.status();
    let body = answer.into_body().collect().await.map_err(Error::other)?;
    Ok((status, body.to_bytes()))
}

fn escaped(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}
