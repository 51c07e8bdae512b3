//! What a family does after a resource has been left with an intent.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::Published;

/// Carries out an entity's intent. It may run again for the same intent, after a restart or beside
/// itself, so each of its steps must bear repetition.
pub(crate) type Follower<E> = Box<dyn Fn(Arc<Published<E>>) -> BoxFuture<'static, ()> + Send + Sync>;
