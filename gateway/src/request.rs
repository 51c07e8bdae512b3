//! A request as it was received in full.

use std::net::IpAddr;

use archipelago_proto::Ec2Error;
use bytes::Bytes;
use http::{HeaderMap, Method, Uri};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::Body;

use crate::limits::{Limits, slow_sender};
use crate::query::Form;
use crate::signature::Signable;

/// An extension of requests that came over TLS.
#[derive(Clone, Copy)]
pub(crate) struct Secure;

#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) source: IpAddr,
    pub(crate) secure: bool,
}

impl Received {
    pub(crate) async fn read<B>(request: http::Request<B>, source: IpAddr, limits: &Limits) -> Result<Self, Ec2Error>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        limits.check_headers(&head.headers)?;
        let secure = head.extensions.get::<Secure>().is_some();
        if body.size_hint().lower() > limits.body as u64 {
            return Err(limits.body_too_large());
        }
        let body = Limited::new(body, limits.body).collect();
        let body = tokio::time::timeout(limits.receive, body).await.map_err(|_| slow_sender())?;
        let body = body.map_err(|error| {
            let too_large = error.is::<LengthLimitError>();
            if too_large { limits.body_too_large() } else { broken_off() }
        })?;
        Ok(Self { method: head.method, uri: head.uri, headers: head.headers, body: body.to_bytes(), source, secure })
    }

    /// GET and POST of forms; anything that speaks XML is SOAP.
    pub(crate) fn check_protocol(&self) -> Result<(), Ec2Error> {
        let content_type = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if self.headers.contains_key("soapaction") || (content_type.contains("xml") && self.method == Method::POST) {
            return Err(Ec2Error::new("UnsupportedProtocol", "SOAP is no longer supported."));
        }
        if self.method != Method::GET && self.method != Method::POST {
            let message = format!("The HTTP method {} is not supported; requests are GET or POST.", self.method);
            return Err(Ec2Error::new("InvalidRequest", message));
        }
        if content_type.starts_with("multipart/") {
            let message = "The body must be form-encoded (application/x-www-form-urlencoded).";
            return Err(Ec2Error::new("InvalidRequest", message));
        }
        Ok(())
    }

    /// The parameters; a body of JSON has none.
    pub(crate) fn form(&self, limits: &Limits) -> Result<Form<'_>, Ec2Error> {
        let is_json = self.header("content-type").is_some_and(|kind| kind.starts_with("application/x-amz-json"));
        let body: &[u8] = if is_json { &[] } else { &self.body };
        Form::parse(self.uri.query().unwrap_or_default().as_bytes(), body, limits)
    }

    pub(crate) fn signable<'r>(&'r self, form: &'r Form<'r>) -> Signable<'r> {
        Signable { method: &self.method, path: self.uri.path(), headers: &self.headers, form, body: &self.body }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The host that the client asked for: of the URI, where it is absolute.
    pub(crate) fn host(&self) -> Option<&str> {
        self.uri.host().or_else(|| self.header("host"))
    }
}

fn broken_off() -> Ec2Error {
    Ec2Error::new("InvalidRequest", "The request body ended early.")
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::Ipv4Addr;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body_util::Full;
    use hyper::body::Frame;

    use super::*;

    async fn read<B>(body: B) -> Result<Received, Ec2Error>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let limits = Limits { body: 8, ..Limits::default() };
        Received::read(http::Request::new(body), Ipv4Addr::LOCALHOST.into(), &limits).await
    }

    /// A sender that never goes on.
    struct Silent;

    impl Body for Silent {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_that_stops_times_out() {
        assert_eq!(read(Silent).await.unwrap_err().code, "RequestTimeout");
    }

    #[tokio::test]
    async fn a_body_has_a_largest_size() {
        assert_eq!(&*read(Full::new(Bytes::from("12345678"))).await.unwrap().body, b"12345678");
        let error = read(Full::new(Bytes::from("123456789"))).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.http_status().as_u16()), ("RequestEntityTooLarge", 413));
    }

    #[tokio::test]
    async fn soap_and_odd_methods_are_refused() {
        let check = |method: Method, name: &'static str, value: &str| {
            let mut request = http::Request::new(Full::new(Bytes::new()));
            *request.method_mut() = method;
            request.headers_mut().insert(name, value.parse().unwrap());
            async {
                let received = Received::read(request, Ipv4Addr::LOCALHOST.into(), &Limits::default()).await.unwrap();
                received.check_protocol().map_err(|error| error.code)
            }
        };
        let refused = |code: &str| Err(code.to_owned());
        assert_eq!(check(Method::POST, "content-type", "text/xml").await, refused("UnsupportedProtocol"));
        assert_eq!(check(Method::POST, "soapaction", "x").await, refused("UnsupportedProtocol"));
        assert_eq!(check(Method::PUT, "content-type", "x").await, refused("InvalidRequest"));
        assert_eq!(check(Method::POST, "content-type", "multipart/form-data").await, refused("InvalidRequest"));
        assert_eq!(check(Method::POST, "content-type", "application/x-www-form-urlencoded").await, Ok(()));
    }
}
