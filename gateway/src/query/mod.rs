//! A Query request's parameters: pairs as they came, then a sorted list that reads like a tree.

mod form;
mod percent;
mod tree;

pub(crate) use form::Form;
pub(crate) use percent::encode;
pub(crate) use tree::{Node, Parameters, is_index};
