//! A time that is drawn evenly between two bounds.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// `{ min = 100, max = 300 }` in the configuration; `100-300`, or `100` alone, in the operator's parameters.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub(crate) struct Milliseconds {
    pub(crate) min: u64,
    pub(crate) max: u64,
}

impl FromStr for Milliseconds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (min, max) = text.split_once('-').unwrap_or((text, text));
        let number = |text: &str| text.trim().parse().map_err(|_| format!("{text:?}: milliseconds are 100 or 100-300"));
        Ok(Self { min: number(min)?, max: number(max)? })
    }
}
