//! The resources that a request of any shape names: by ids, wherever they stand, and by names.

use archipelago_proto::Ec2Result;
use prost_reflect::{DynamicMessage, ReflectMessage as _, Value};

use super::message;

/// What may look like an id and is none of the request's: tags, filters, free text.
const NO_IDS: [&str; 5] =
    ["Tag", "TagSpecification", "LaunchTemplateTagSpecificationRequest", "Filter", "DimensionFilter"];
const FREE_TEXT: [&str; 6] = ["client_token", "description", "group_description", "name", "user_data", "next_token"];

/// A text that may be an id or a name, and the field that it stands in, after its message's.
pub(crate) struct Mention {
    within: String,
    field: String,
    pub(crate) text: String,
}

/// What the request of an action names.
pub(crate) fn of_request(action: &str, input: &[u8]) -> Ec2Result<Vec<Mention>> {
    Ok(of(&message::decode(message::action(action)?.input(), input)?))
}

pub(super) fn of(message: &DynamicMessage) -> Vec<Mention> {
    let mut found = Vec::new();
    collect("", message, &mut found);
    found
}

fn collect(within: &str, message: &DynamicMessage, found: &mut Vec<Mention>) {
    if NO_IDS.contains(&message.descriptor().name()) {
        return;
    }
    for (field, value) in message.fields() {
        let name = field.name();
        // The other party of a peering has its resources elsewhere.
        if FREE_TEXT.contains(&name) || name.starts_with("peer_") {
            continue;
        }
        match value {
            Value::List(values) => values.iter().for_each(|value| one(within, name, value, found)),
            value => one(within, name, value, found),
        }
    }
}

fn one(within: &str, field: &str, value: &Value, found: &mut Vec<Mention>) {
    match value {
        Value::Message(message) => collect(field, message, found),
        Value::String(text) if !text.is_empty() => {
            found.push(Mention { within: within.to_owned(), field: field.to_owned(), text: text.clone() });
        }
        _ => {}
    }
}

impl Mention {
    /// The resource type that this names by a name, for an action that is about some types.
    pub(super) fn names(&self, about: impl Fn(&str) -> bool) -> Option<&'static str> {
        self.resource_types().iter().copied().find(|candidate| about(candidate))
    }

    /// The resource types of which this may be a name.
    pub(crate) fn resource_types(&self) -> &'static [&'static str] {
        match (self.within.as_str(), self.field.as_str()) {
            (_, "key_name" | "key_names") => &["key-pair"],
            ("placement", "group_name") => &["placement-group"],
            (_, "group_name" | "group_names") => &["placement-group", "security-group"],
            (_, "security_groups") => &["security-group"],
            (_, "launch_template_name") => &["launch-template"],
            (_, "public_ip") => &["elastic-ip"],
            _ => &[],
        }
    }
}
