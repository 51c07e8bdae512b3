//! Instances, and what changes them together with what is attached to them.

mod actions;
mod attachments;
mod attribute_actions;
mod attributes;
mod classic;
mod console;
mod filters;
mod follow;
mod imaging;
mod interface_attachments;
mod interruption;
mod launch;
mod lifecycle;
mod options;
mod placement_actions;
mod profiles;
mod rebuild;
mod row;
mod seats;
mod settings;
mod state;
mod status;
mod template_data;
mod transitions;

pub(crate) use actions::actions;
pub use classic::{Classic, ClassicLink, ClassicPool};
pub(crate) use classic::{claim_classic_addresses, not_linkable, public_address_changed, public_addresses};
pub(crate) use follow::follow;
pub(crate) use launch::{Order, Outlook, check, check_imported, import, market, outlook, request_in_full, run};
pub use lifecycle::Phase;
pub use rebuild::{count, rebuild};
pub(crate) use seats::{follow_reservation, rebuild as rebuild_seats, specification as reservation_specification};
pub use settings::Setting;
pub use state::{InstanceCommand, InstanceState, Membership, Place};
pub(crate) use transitions::start;
