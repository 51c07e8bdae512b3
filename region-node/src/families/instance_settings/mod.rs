//! What is set on instances beside their attributes.

mod actions;

pub(crate) use actions::actions;
