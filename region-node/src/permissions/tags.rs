//! The tags that a request gives, as `aws:RequestTag` and `aws:TagKeys` tell them.

use prost_reflect::DynamicMessage;

use super::message::{messages, texts};

type Tags = Vec<(String, String)>;

#[derive(Default)]
pub(super) struct RequestTags {
    /// Of CreateTags and DeleteTags.
    own: Tags,
    /// By the resource type that is created with them.
    pub(super) specified: Vec<(String, Tags)>,
}

/// The tags at a path, each with its value or an empty one.
pub(super) fn at(message: &DynamicMessage, path: &str) -> Tags {
    let first = |tag: &DynamicMessage, field| texts(tag, field).pop();
    let tags = messages(message, path);
    tags.iter().filter_map(|tag| Some((first(tag, "key")?, first(tag, "value").unwrap_or_default()))).collect()
}

impl RequestTags {
    pub(super) fn of(message: &DynamicMessage) -> Self {
        let specified = messages(message, "tag_specifications").into_iter().filter_map(|specification| {
            Some((texts(specification, "resource_type").pop()?, at(specification, "tags")))
        });
        Self { own: at(message, "tags"), specified: specified.filter(|(_, tags)| !tags.is_empty()).collect() }
    }

    /// What a resource of this type is given.
    pub(super) fn of_type(&self, resource_type: &str) -> impl Iterator<Item = &(String, String)> {
        let specified = self.specified.iter().filter(move |(known, _)| known == resource_type);
        self.own.iter().chain(specified.flat_map(|(_, tags)| tags))
    }
}
