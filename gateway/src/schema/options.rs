//! The `(ec2.*)` options of a field, as `proto/schema/ec2/options.proto` declares them.

use archipelago_proto::names::{lower_camel, upper_camel};
use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor, FieldDescriptor, MessageDescriptor, Value};

/// Each option's extension, found once.
pub(super) struct Options {
    query: ExtensionDescriptor,
    alias: ExtensionDescriptor,
    xml: ExtensionDescriptor,
    required: ExtensionDescriptor,
    timestamp: ExtensionDescriptor,
    values: ExtensionDescriptor,
    keep_empty: ExtensionDescriptor,
    returns_true: ExtensionDescriptor,
}

impl Options {
    /// The name of the missing option, where the schema does not declare one.
    pub(super) fn of(pool: &DescriptorPool) -> Result<Self, String> {
        let find = |name: &str| pool.get_extension_by_name(name).ok_or_else(|| format!("no option ({name})"));
        Ok(Self {
            query: find("ec2.query")?,
            alias: find("ec2.alias")?,
            xml: find("ec2.xml")?,
            required: find("ec2.required")?,
            timestamp: find("ec2.timestamp")?,
            values: find("ec2.values")?,
            keep_empty: find("ec2.keep_empty")?,
            returns_true: find("ec2.returns_true")?,
        })
    }

    pub(super) fn returns_true(&self, message: &MessageDescriptor) -> bool {
        flag(&message.options(), &self.returns_true)
    }

    pub(super) fn field(&self, field: &FieldDescriptor) -> FieldOptions<'_> {
        FieldOptions { all: self, options: field.options(), name: field.name().to_owned() }
    }
}

/// What one field says about its spelling.
pub(super) struct FieldOptions<'o> {
    all: &'o Options,
    options: DynamicMessage,
    name: String,
}

impl FieldOptions<'_> {
    pub(super) fn query(&self) -> String {
        text(&self.options, &self.all.query).unwrap_or_else(|| upper_camel(&self.name))
    }

    pub(super) fn xml(&self) -> String {
        text(&self.options, &self.all.xml).unwrap_or_else(|| lower_camel(&self.name))
    }

    pub(super) fn aliases(&self) -> Vec<String> {
        texts(&self.options, &self.all.alias)
    }

    pub(super) fn values(&self) -> Vec<String> {
        texts(&self.options, &self.all.values)
    }

    pub(super) fn required(&self) -> bool {
        flag(&self.options, &self.all.required)
    }

    pub(super) fn timestamp(&self) -> bool {
        flag(&self.options, &self.all.timestamp)
    }

    pub(super) fn keep_empty(&self) -> bool {
        flag(&self.options, &self.all.keep_empty)
    }
}

fn flag(options: &DynamicMessage, option: &ExtensionDescriptor) -> bool {
    options.has_extension(option) && options.get_extension(option).as_bool() == Some(true)
}

fn text(options: &DynamicMessage, option: &ExtensionDescriptor) -> Option<String> {
    options.has_extension(option).then(|| options.get_extension(option).as_str().map(str::to_owned)).flatten()
}

fn texts(options: &DynamicMessage, option: &ExtensionDescriptor) -> Vec<String> {
    let value = options.get_extension(option);
    value.as_list().unwrap_or_default().iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
