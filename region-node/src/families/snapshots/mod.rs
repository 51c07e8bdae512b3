//! EBS snapshots: made from volumes, shared with other accounts, copied between regions.

mod actions;
mod attributes;
mod content;
pub(crate) mod copies;
mod copy_snapshot;
mod create;
mod export;
mod filters;
mod imported;
mod presigned_url;
mod state;
mod view;

pub(crate) use actions::actions;
pub use content::Content;
pub(crate) use copy_snapshot::{check_minutes, check_source_region};
pub use create::create;
pub(crate) use export::{exportable, refusal};
pub(crate) use imported::{Imported, imported};
pub use state::{Copy, SnapshotCommand, SnapshotState};
pub use view::{find, owned, view, visible};
