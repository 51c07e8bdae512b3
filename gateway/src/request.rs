//! A request as it was received in full.

use std::net::IpAddr;
use std::sync::Arc;

use archipelago_proto::Ec2Error;
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, Method, Uri};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::limits::{Limits, busy, slow_sender};
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
    /// The body's part of the room for bodies.
    pub(crate) _held: Option<OwnedSemaphorePermit>,
}

impl Received {
    pub(crate) async fn read<B>(
        request: http::Request<B>,
        source: IpAddr,
        limits: &Limits,
        room: &Arc<Semaphore>,
    ) -> Result<Self, Ec2Error>
    where
        B: Body + Unpin,
    {
        let (head, body) = request.into_parts();
        limits.check_headers(&head.headers)?;
        let secure = head.extensions.get::<Secure>().is_some();
        if body.size_hint().lower() > limits.body as u64 {
            return Err(limits.body_too_large());
        }
        let body = collect(body, limits, room);
        let (body, held) = tokio::time::timeout(limits.receive, body).await.map_err(|_| slow_sender())??;
        Ok(Self { method: head.method, uri: head.uri, headers: head.headers, body, source, secure, _held: held })
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
        if self.headers.get("content-encoding").is_some_and(|encoding| encoding != "identity") {
            return Err(Ec2Error::new("UnsupportedMediaType", "The body must not be compressed."));
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

/// The body as it comes, and its room: what comes when there is none is refused before it is kept.
async fn collect<B>(
    mut body: B,
    limits: &Limits,
    room: &Arc<Semaphore>,
) -> Result<(Bytes, Option<OwnedSemaphorePermit>), Ec2Error>
where
    B: Body + Unpin,
{
    let mut held: Option<OwnedSemaphorePermit> = None;
    let (mut first, mut all) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        let Ok(mut data) = frame.map_err(|_| broken_off())?.into_data() else { continue };
        let length = data.remaining();
        if first.len() + all.len() + length > limits.body {
            return Err(limits.body_too_large());
        }
        let taken = Arc::clone(room).try_acquire_many_owned(u32::try_from(length).unwrap_or(u32::MAX));
        let taken = taken.map_err(|_| busy())?;
        match &mut held {
            Some(held) => held.merge(taken),
            None => held = Some(taken),
        }
        // Most bodies come in one piece, which need not be copied.
        if first.is_empty() && all.is_empty() {
            first = data.copy_to_bytes(length);
        } else {
            if all.is_empty() {
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.put(data);
        }
    }
    Ok((if all.is_empty() { first } else { all.freeze() }, held))
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

    async fn read_within<B: Body + Unpin>(body: B, room: usize) -> Result<Received, Ec2Error> {
        let limits = Limits { body: 8, ..Limits::default() };
        let room = Arc::new(Semaphore::new(room));
        Received::read(http::Request::new(body), Ipv4Addr::LOCALHOST.into(), &limits, &room).await
    }

    async fn read<B: Body + Unpin>(body: B) -> Result<Received, Ec2Error> {
        read_within(body, 100).await
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
    async fn a_body_that_there_is_no_room_for_is_refused() {
        assert_eq!(&*read_within(Full::new(Bytes::from("1234")), 4).await.unwrap().body, b"1234");
        assert_eq!(read_within(Full::new(Bytes::from("12345")), 4).await.unwrap_err().code, "RequestLimitExceeded");
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
                let room = Arc::new(Semaphore::new(100));
                let received =
                    Received::read(request, Ipv4Addr::LOCALHOST.into(), &Limits::default(), &room).await.unwrap();
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
