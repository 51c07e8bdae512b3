//! EBS volumes: created, attached, modified, deleted.

mod attachments;
pub mod launch;
mod modification;
mod snapshot;
mod state;
mod types;
mod views;

pub use snapshot::snapshot;
pub use state::{Attach, VolumeCommand, VolumeState};
pub use types::{Spec, Wish};
pub use views::{instance_view, of_instance};
