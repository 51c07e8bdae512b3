//! The policy language of IAM, evaluated: pure, without clock or I/O (IAM User Guide, "IAM JSON policy elements
//! reference" and "Policy evaluation logic").
//!
//! A [`Document`] is parsed once, checked as IAM checks it; [`judge`] holds documents against a request. Who has which
//! documents, and how a boundary or a session narrows them, is `access`'s. Why this is not a library: docs/adr/0013.

mod condition;
mod context;
mod document;
mod judge;
mod operator;
mod pattern;
mod principal;
mod syntax;
mod value;

pub(crate) use context::Context;
pub(crate) use document::{Document, Statement};
pub(crate) use judge::{Request, Verdict, indifferent, judge};
pub(crate) use principal::{Trust, Who};

#[cfg(test)]
mod tests;
