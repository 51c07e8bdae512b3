//! What a region knows of an account: its settings, the names that are taken, and what it starts with.

mod defaults;
mod state;

pub use defaults::settle;
pub use state::{AccountCommand, AccountState, Name, account_id};
