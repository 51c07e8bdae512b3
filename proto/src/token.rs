//! The cluster's token: processes of one cluster talk to nobody else.

use http::{HeaderMap, HeaderValue};
use tonic::Status;
use tonic::metadata::{Ascii, MetadataMap, MetadataValue};

const KEY: &str = "authorization";

/// A secret that all processes of a cluster share.
#[derive(Clone)]
pub struct ClusterToken(MetadataValue<Ascii>);

impl ClusterToken {
    /// None where the text cannot stand in a header.
    pub fn new(secret: &str) -> Option<Self> {
        let mut value: MetadataValue<Ascii> = format!("Bearer {secret}").parse().ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }

    pub fn write_to(&self, metadata: &mut MetadataMap) {
        metadata.insert(KEY, self.0.clone());
    }

    /// Refuses a call from outside the cluster.
    #[allow(clippy::result_large_err)] // The shape of tonic's interceptors.
    pub fn check(&self, metadata: &MetadataMap) -> Result<(), Status> {
        self.admit(metadata.get(KEY).map(MetadataValue::as_encoded_bytes))
    }

    /// The same by the headers of a request, before its message is read.
    #[allow(clippy::result_large_err)] // As above.
    pub fn check_headers(&self, headers: &HeaderMap) -> Result<(), Status> {
        self.admit(headers.get(KEY).map(HeaderValue::as_bytes))
    }

    #[allow(clippy::result_large_err)] // As above.
    fn admit(&self, given: Option<&[u8]>) -> Result<(), Status> {
        match given {
            Some(given) if same(given, self.0.as_encoded_bytes()) => Ok(()),
            _ => Err(Status::unauthenticated("the cluster token is missing or wrong")),
        }
    }
}

/// Takes as long for a near miss as for a far one.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differences, (x, y)| differences | (x ^ y)) == 0
}
