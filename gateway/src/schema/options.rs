//! The `(ec2.*)` options of a field, as `proto/schema/ec2/options.proto` declares them.

use archipelago_proto::names::{lower_camel, upper_camel};
use prost_reflect::{FieldDescriptor, MessageDescriptor, Value};

/// What one field says about its spelling.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools)] // Each is an option of its own in the schema.
pub(super) struct FieldOptions {
    query: Option<String>,
    xml: Option<String>,
    pub(super) aliases: Vec<String>,
    pub(super) values: Vec<String>,
    pub(super) required: bool,
    pub(super) timestamp: bool,
    pub(super) keep_empty: bool,
    pub(super) omit_empty: bool,
}

impl FieldOptions {
    pub(super) fn of(field: &FieldDescriptor) -> Self {
        let mut read = Self::default();
        for (option, value) in field.options().extensions() {
            match option.full_name() {
                "ec2.query" => read.query = text(value),
                "ec2.xml" => read.xml = text(value),
                "ec2.alias" => read.aliases = texts(value),
                "ec2.values" => read.values = texts(value),
                "ec2.required" => read.required = is_true(value),
                "ec2.timestamp" => read.timestamp = is_true(value),
                "ec2.keep_empty" => read.keep_empty = is_true(value),
                "ec2.omit_empty" => read.omit_empty = is_true(value),
                _ => {}
            }
        }
        read
    }

    pub(super) fn query_name(&self, field: &FieldDescriptor) -> String {
        self.query.clone().unwrap_or_else(|| upper_camel(field.name()))
    }

    pub(super) fn xml_name(&self, field: &FieldDescriptor) -> String {
        self.xml.clone().unwrap_or_else(|| lower_camel(field.name()))
    }
}

pub(super) fn returns_true(message: &MessageDescriptor) -> bool {
    let options = message.options();
    options.extensions().any(|(option, value)| option.full_name() == "ec2.returns_true" && is_true(value))
}

fn is_true(value: &Value) -> bool {
    value.as_bool() == Some(true)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn texts(value: &Value) -> Vec<String> {
    value.as_list().unwrap_or_default().iter().filter_map(text).collect()
}
