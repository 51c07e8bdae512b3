//! The region's own time: a virtual clock, the scheduler that runs on it, and how long lifecycles take.

mod clock;
mod lifecycle;
mod scheduler;

pub use clock::Clock;
pub use lifecycle::{Lifecycle, Transition};
pub(crate) use scheduler::{Alarm, Scheduler};

/// Milliseconds since the epoch, as the schema's timestamps are.
pub type Millis = i64;
