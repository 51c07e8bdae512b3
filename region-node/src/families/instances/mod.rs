//! Instances, and what changes them together with what is attached to them.

mod actions;
mod attachments;
mod attribute_actions;
mod attributes;
mod console;
mod filters;
mod follow;
mod imaging;
mod interface_attachments;
mod launch;
mod lifecycle;
mod options;
mod row;
mod seats;
mod settings;
mod state;
mod status;
mod transitions;

pub(crate) use actions::actions;
pub(crate) use follow::follow;
pub(crate) use launch::{check_imported, import};
pub use lifecycle::Phase;
pub(crate) use seats::{follow_reservation, rebuild as rebuild_seats, specification as reservation_specification};
pub use settings::Setting;
pub use state::{InstanceCommand, InstanceState, Place};
