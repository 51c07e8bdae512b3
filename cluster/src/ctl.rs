//! `archipelago ctl`: asks a running gateway for one of the operator's pages, and prints what it says.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Empty};
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
use crate::tls;

pub(crate) async fn run(options: CtlOptions) -> Result<()> {
    let (method, page) = match &options.verb {
        Verb::Get(page) => (Method::GET, page),
        Verb::Post(page) => (Method::POST, page),
    };
    let query: Vec<_> = page.parameters.iter().map(|(key, value)| format!("{key}={}", escaped(value))).collect();
    let path = format!("/_archipelago/{}?{}", page.name, query.join("&"));
    let (status, answer) = ask(&options, method, &path).await?;
    let answer = String::from_utf8_lossy(&answer);
    if !status.is_success() {
        return Err(Error::other(format!("{status}: {answer}")));
    }
    println!("{answer}");
    Ok(())
}

async fn ask(options: &CtlOptions, method: Method, path: &str) -> Result<(http::StatusCode, Bytes)> {
    let endpoint = &options.endpoint;
    let host =
        endpoint.host().ok_or_else(|| Error::other("the endpoint must be http://HOST:PORT or https://HOST:PORT"))?;
    let secure = endpoint.scheme_str() == Some("https");
    let port = endpoint.port_u16().unwrap_or(if secure { 443 } else { 80 });
    // An address of IPv6 has brackets in a URI.
    let name = host.trim_matches(['[', ']']);
    let silent = |error: std::io::Error| Error::other(format!("{endpoint} does not answer: {error}"));
    let stream = TcpStream::connect((name, port)).await.map_err(silent)?;
    let request = Request::builder().method(method).uri(path).header("host", format!("{host}:{port}"));
    if !secure {
        return exchange(stream, request).await;
    }
    let ca =
        options.ca.as_deref().ok_or_else(|| Error::other("an endpoint of https:// needs --ca FILE: whom to trust"))?;
    let name = ServerName::try_from(name.to_owned()).map_err(Error::other)?;
    let stream = trusting(ca)?.connect(name, stream).await.map_err(silent)?;
    exchange(stream, request).await
}

async fn exchange(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    request: http::request::Builder,
) -> Result<(http::StatusCode, Bytes)> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(Error::other)?;
    tokio::spawn(connection);
    let request = request.body(Empty::<Bytes>::new()).map_err(Error::other)?;
    let answer = sender.send_request(request).await.map_err(Error::other)?;
    let status = answer.status();
    let body = answer.into_body().collect().await.map_err(Error::other)?;
    Ok((status, body.to_bytes()))
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
