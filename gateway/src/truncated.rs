//! An answer that breaks off in its middle, for clients that are to be tried.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::FutureExt as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame, SizeHint};

/// Promises the whole length, and sends half of it.
pub(crate) struct Truncated {
    half: Option<Bytes>,
    length: u64,
}

impl Truncated {
    pub(crate) fn of(body: Full<Bytes>) -> Self {
        let whole = body.collect().now_or_never().and_then(Result::ok);
        let whole = whole.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Self { half: Some(whole.slice(..whole.len() / 2)), length: whole.len() as u64 }
    }
}

impl Body for Truncated {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        Poll::Ready(Some(self.half.take().map(Frame::data).ok_or(BrokenOff)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

/// The connection is closed on purpose.
#[derive(Debug)]
pub(crate) struct BrokenOff;

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("closed on purpose")
    }
}

impl std::error::Error for BrokenOff {}
