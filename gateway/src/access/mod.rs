//! Users, groups, roles and policies, and what callers may do by them.
//!
//! An account that has none of these is its owner's alone: every key of it may do everything, and nothing is evaluated.
//! [`Identities`] is what an operator writes, in the configuration or at run time; a [`Directory`] is that, checked and
//! compiled; a [`Guard`] holds the directory of the moment and stops what it does not allow.

mod admin;
mod aws;
mod builtin;
mod directory;
mod facts;
mod gate;
mod guard;
mod identities;
mod message;
mod people;
mod restrictions;

use crate::policy::Document;

pub(crate) use admin::answer as answer_operator;
pub use directory::Directory;
pub(crate) use directory::Member;
pub(crate) use facts::Surroundings;
pub(crate) use gate::{Asked, admit};
pub(crate) use guard::Guard;
pub use identities::{Group, Identities, Policy, Role, User};
pub(crate) use people::People;

/// What is wrong with the text of an identity policy, if anything. It ends soon whatever the text, and never panics.
pub fn check_policy(text: &str) -> Result<(), String> {
    Document::identity(text).map(drop)
}

#[cfg(test)]
mod tests;
