//! `archipelago ctl`: asks a running gateway for one of the operator's pages, and prints what it says.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::cli::{CtlOptions, Verb};
use crate::error::{Error, Result};
use crate::{tls, worlds};

pub(crate) async fn run(options: CtlOptions) -> Result<()> {
    let (method, page) = match &options.verb {
        Verb::Get(page) => (Method::GET, page),
        Verb::Post(page) => (Method::POST, page),
        Verb::Export(file) => return worlds::export(&options, &file.file).await,
        Verb::Import(file) => return worlds::import(&options, &file.file).await,
    };
    let query: Vec<_> = page.parameters.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect();
    let path = format!("/_archipelago/{}?{}", page.name, query.join("&"));
    let answer = ask(&options, method, &path, Empty::<Bytes>::new()).await?;
    let answer = answer.collect().await.map_err(Error::other)?.to_bytes();
    println!("{}", String::from_utf8_lossy(&answer));
    Ok(())
}

/// What the gateway answers, unless it is a refusal.
pub(crate) async fn ask<B>(options: &CtlOptions, method: Method, path: &str, body: B) -> Result<Incoming>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let endpoint = &options.endpoint;
    let host = endpoint.host().ok_or_else(|| Error::other("the endpoint must be http(s)://HOST:PORT"))?;
    let secure = endpoint.scheme_str() == Some("https");
    let port = endpoint.port_u16().unwrap_or(if secure { 443 } else { 80 });
    // An address of IPv6 has brackets in a URI.
    let name = host.trim_matches(['[', ']']);
    let silent = |error: std::io::Error| Error::other(format!("{endpoint} does not answer: {error}"));
    let stream = TcpStream::connect((name, port)).await.map_err(silent)?;
    let request = Request::builder().method(method).uri(path).header("host", format!("{host}:{port}"));
    let request = request.body(body).map_err(Error::other)?;
    if !secure {
        return exchange(stream, request).await;
    }
    let missing = || Error::other("an endpoint of https:// needs --ca FILE: whom to trust");
    let ca = options.ca.as_deref().ok_or_else(missing)?;
    let name = ServerName::try_from(name.to_owned()).map_err(Error::other)?;
    let stream = trusting(ca)?.connect(name, stream).await.map_err(silent)?;
    exchange(stream, request).await
}

async fn exchange<B>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: Request<B>,
) -> Result<Incoming>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Error::other)?;
    tokio::spawn(connection);
    let request = request.map(BodyExt::boxed_unsync);
    let answer = sender.send_request(request).await.map_err(Error::other)?;
    if answer.status().is_success() {
        return Ok(answer.into_body());
    }
    let status = answer.status();
    let refusal = answer.into_body().collect().await.map_err(Error::other)?.to_bytes();
    Err(Error::other(format!("{status}: {}", String::from_utf8_lossy(&refusal))))
}

/// Believes the authorities in the file, and nobody else.
fn trusting(file: &Path) -> Result<TlsConnector> {
    let text = tls::read(file)?;
    let wrong = |error: &str| Error::File(file.into(), error.to_owned());
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&text).flatten());
    if roots.is_empty() {
        return Err(wrong("there is no certificate in PEM"));
    }
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn escaped(value: &str) -> String {
    utf8_percent_encode(value, NON_ALPHANUMERIC).to_string()
}
