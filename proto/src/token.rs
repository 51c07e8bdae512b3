//! The cluster's token: processes of one cluster talk to nobody else.

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
        match metadata.get(KEY) {
            Some(given) if same(given.as_encoded_bytes(), self.0.as_encoded_bytes()) => Ok(()),
            _ => Err(Status::unauthenticated("the cluster token is missing or wrong")),
        }
    }
}

/// Takes as long for a near miss as for a far one.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differences, (x, y)| differences | (x ^ y)) == 0
}
