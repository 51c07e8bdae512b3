//! Query parameters to protobuf wire bytes, straight from the tables.

mod message;
mod scalar;
mod wire;

pub(crate) use message::decode;
pub(crate) use scalar::{boolean, timestamp};
