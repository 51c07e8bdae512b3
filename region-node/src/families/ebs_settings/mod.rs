//! What holds for all EBS volumes: their types, their keys, and the account's settings for these.

mod actions;
mod keys;
mod volume_types;

pub(crate) use actions::actions;
pub use keys::{Wanted, aws_key, data_key, default_key, encryption, key_account, key_arn};
pub use volume_types::{Spec, Wish, takes_iops};
