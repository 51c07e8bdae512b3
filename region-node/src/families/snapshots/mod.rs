//! EBS snapshots: made from volumes, shared with other accounts, copied between regions.

mod content;
mod create;
mod state;
mod view;

pub use content::Content;
pub use create::create;
pub use state::{Copy, SnapshotCommand, SnapshotState};
pub use view::{find, view, visible};
