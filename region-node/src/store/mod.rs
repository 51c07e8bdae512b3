//! Where a region keeps its entities: nowhere (the default), or in an embedded engine on disk.

mod disk;

use std::path::Path;

use archipelago_proto::Ec2Error;

pub(crate) use disk::Disk;

/// One change of one record; a commit of several is atomic.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Write {
    pub(crate) key: String,
    /// None deletes.
    pub(crate) value: Option<Vec<u8>>,
}

/// What a region keeps beside its entities, under keys that begin with a word of its own.
pub(crate) trait Keep: Send + Sync {
    fn word(&self) -> &'static str;
    fn records(&self) -> Vec<Write>;
    /// Brings a record back, by what its key has after the word; false if it cannot be read.
    fn restore(&self, key: &str, bytes: &[u8]) -> bool;
    /// As in a new region.
    fn forget(&self);
}

#[derive(Debug, thiserror::Error)]
#[error("the store failed: {0}")]
pub struct StoreError(pub(crate) String);

impl From<StoreError> for Ec2Error {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "commit refused");
        Self::internal()
    }
}

pub enum Store {
    /// A clean world at each start. The published states are the only copy.
    Memory,
    Disk(Disk),
}

impl Store {
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        Disk::open(folder).map(Self::Disk)
    }

    /// False where commits keep nothing, so that callers need not encode what they commit.
    pub(crate) fn keeps(&self) -> bool {
        matches!(self, Self::Disk(_))
    }

    /// Returns once the writes survive the death of the process, all or none.
    pub(crate) async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        match self {
            Self::Disk(disk) if !writes.is_empty() => disk.commit(writes).await,
            Self::Memory | Self::Disk(_) => Ok(()),
        }
    }

    /// Every record, in the order of the keys.
    pub(crate) fn load(&self, each: &mut dyn FnMut(&str, &[u8])) -> Result<(), StoreError> {
        match self {
            Self::Memory => Ok(()),
            Self::Disk(disk) => disk.load(each),
        }
    }
}
