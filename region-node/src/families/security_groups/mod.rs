//! Security groups and their rules.

mod rules;
mod state;

pub use rules::{Direction, Peer, RULE, Rule};
pub use state::{Change, SecurityGroupCommand, SecurityGroupState};
