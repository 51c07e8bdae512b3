//! EBS volumes: created, attached, modified, deleted.

mod actions;
mod attachments;
mod create;
mod filters;
pub mod launch;
mod modification;
mod outage;
mod snapshot;
mod state;
mod status;
mod views;

pub(crate) use actions::actions;
pub(crate) use create::create_as;
pub use modification::Target;
pub(crate) use outage::black_out;
pub use snapshot::snapshot;
pub use state::{Attach, VolumeCommand, VolumeState};
pub use views::{instance_view, of_instance};
