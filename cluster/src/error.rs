//! Why a process does not start, or stops.

use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}: {1}")]
    File(PathBuf, String),
    #[error("cannot listen on {0}: {1}")]
    Listen(String, std::io::Error),
    #[error("there is no region '{0}'")]
    Region(String),
    #[error("{0}")]
    Other(String),
}

impl Error {
    #[allow(clippy::needless_pass_by_value)] // The shape of `map_err`.
    pub(crate) fn other(error: impl ToString) -> Self {
        Self::Other(error.to_string())
    }
}

pub(crate) type Result<T> = std::result::Result<T, Error>;
