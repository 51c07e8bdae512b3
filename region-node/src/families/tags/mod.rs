//! CreateTags, DeleteTags, DescribeTags: on every kind of resource, since the entity shell knows tags.

mod actions;
mod filters;

pub(crate) use actions::actions;
