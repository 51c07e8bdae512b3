//! Who signed a request, and whether the signature holds (AWS General Reference, "Signature Version 4 Signing Process"
//! and "Signature Version 2 Signing Process").
//!
//! A request first makes a claim; verification then checks it against the keyring.

mod claim;
mod presigned;
mod refusal;
mod v2;
mod v4;
mod verify;

pub(crate) use claim::{Signable, presented};
pub use presigned::Presigned;
pub(crate) use refusal::Refusal;
pub(crate) use verify::{Identity, authenticate};

/// Whether signatures are checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AuthMode {
    #[default]
    Strict,
    /// Nothing is checked; account and region are still taken from what is there.
    Permissive,
}

#[cfg(test)]
mod tests;
