//! An account's EBS settings in a region: whether volumes are encrypted when nothing is said, and with which key.

mod actions;
mod keys;

pub use actions::Family;
pub use keys::{Wanted, data_key, default_key, encryption, key_account, key_arn};
