//! The filters of DescribeKeyPairs.

use super::KeyPairState;
use crate::request::{Column, FilterTable};

/// Reference: DescribeKeyPairs.
pub(super) const FILTERS: FilterTable<KeyPairState> = &[
    ("fingerprint", Column::Of(|pair, probe| probe.text(pair.state.public.key_fingerprint()))),
    ("key-name", Column::Of(|pair, probe| probe.text(pair.state.public.key_name()))),
    ("key-pair-id", Column::Id),
];
