//! Worlds as files: all regions and all who are known, out of the cluster and back into it (proto: cluster.v1.World).

mod export;
mod file;
mod import;

pub(crate) use export::export;
pub(crate) use import::import;

/// What this program writes, and the newest that it reads.
const FORMAT: u32 = 1;
