//! Security groups and their rules.

mod actions;
mod classic;
mod filters;
mod find;
mod names;
mod references;
mod rule_actions;
mod rules;
mod state;
mod statements;
mod traffic;
mod vpc_associations;

pub(crate) use actions::actions;
pub(crate) use actions::rebuild;
pub use classic::classic_by_name;
pub use find::by_name;
pub use rules::{Direction, Peer, RULE, Rule};
pub use state::{Change, SecurityGroupCommand, SecurityGroupState};
