//! What every action needs, once: its context, idempotency, filters, pages, ids and tag specifications.

mod accounts;
mod action;
mod checks;
mod cidr;
mod context;
mod describe;
mod filter;
mod page;
mod policy;
mod recode;
mod serve;
mod tag_specifications;
mod tokens;
mod unsuccessful;
mod zones;

pub use accounts::{check_account, is_account};
pub(crate) use action::Action;
pub use checks::{one_of, required};
pub use cidr::{ipv4_block, ipv6_block};
pub use context::Context;
pub use describe::{Describe, Page};
pub use filter::{Column, FilterTable, Probe, Row, Table};
pub use policy::policy_document;
pub use recode::recode;
pub(crate) use serve::{Desk, serve};
pub use tag_specifications::tags_for;
pub use tokens::Tokens;
pub use unsuccessful::unsuccessful;
pub use zones::zone;
