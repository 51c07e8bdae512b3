//! The ceiling: what an HTTP front and a gRPC node cost that do nothing else. An axum front passes a request's body on
//! with tonic, and the node answers as many bytes as the request says, out of one buffer.

mod front;
mod node;

pub(crate) use front::front;
pub(crate) use node::node;

/// How the front and the node are told how much to answer.
const ANSWER_BYTES: &str = "x-answer-bytes";
