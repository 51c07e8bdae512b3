//! What a region knows of an account: its settings, the names that are taken, and what it starts with.

mod defaults;
mod names;
mod state;

pub use defaults::{create_default_vpc, default_dhcp_options, settle};
pub use names::{claim, disclaim, holder};
pub use state::{AccountCommand, AccountState, Change, Name, Settings, account_id};
