//! EBS snapshots: made from volumes, shared with other accounts, copied between regions.

mod actions;
mod attributes;
mod content;
mod create;
mod filters;
mod state;
mod view;

pub use actions::Family;
pub(crate) use content::BLOCK_BYTES;
pub use content::Content;
pub use create::create;
pub use state::{Copy, SnapshotCommand, SnapshotState};
pub use view::{find, owned, view, visible};
