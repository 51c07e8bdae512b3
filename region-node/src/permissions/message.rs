//! Messages of any shape, by the schema's descriptors.

use std::borrow::Cow;
use std::collections::HashMap;
use std::slice;
use std::sync::LazyLock;

use archipelago_proto::{DESCRIPTORS, Ec2Error, Ec2Result};
use prost_reflect::{DescriptorPool, DynamicMessage, MessageDescriptor, MethodDescriptor, ReflectMessage as _, Value};

pub(super) struct Schema {
    pool: DescriptorPool,
    actions: HashMap<String, MethodDescriptor>,
}

/// Made at the first question: a node whose callers nobody restricts does not need it.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let pool = DescriptorPool::decode(DESCRIPTORS).expect("the schema of this binary is one");
    let services = pool.services().filter(|service| service.package_name() == "ec2.v1");
    let methods = services.flat_map(|service| service.methods().collect::<Vec<_>>());
    let actions = methods.map(|method| (method.name().to_owned(), method)).collect();
    Schema { pool, actions }
});

/// The rpc of an action.
pub(super) fn action(name: &str) -> Ec2Result<&'static MethodDescriptor> {
    SCHEMA.actions.get(name).ok_or_else(Ec2Error::internal)
}

pub(super) fn decode(descriptor: MessageDescriptor, bytes: &[u8]) -> Ec2Result<DynamicMessage> {
    DynamicMessage::decode(descriptor, bytes).map_err(|_| Ec2Error::internal())
}

/// A message whose type is known here.
pub(super) fn dynamic<M: prost::Message>(name: &str, message: &M) -> Option<DynamicMessage> {
    let descriptor = SCHEMA.pool.get_message_by_name(&format!("ec2.v1.{name}"))?;
    decode(descriptor, &message.encode_to_vec()).ok()
}

/// The messages at a path of field names, through lists.
pub(super) fn messages<'m>(message: &'m DynamicMessage, path: &str) -> Vec<&'m DynamicMessage> {
    values(message, path).into_iter().filter_map(Value::as_message).collect()
}

/// The values at a path, as text.
pub(super) fn texts(message: &DynamicMessage, path: &str) -> Vec<String> {
    values(message, path).into_iter().filter_map(text).collect()
}

fn values<'m>(message: &'m DynamicMessage, path: &str) -> Vec<&'m Value> {
    let (parents, name) =
        path.rsplit_once('.').map_or((vec![message], path), |(parents, name)| (messages(message, parents), name));
    parents.into_iter().flat_map(|parent| field(parent, name)).collect()
}

/// The values of a field, each of a list's by itself; none if it is not set.
fn field<'m>(message: &'m DynamicMessage, name: &str) -> &'m [Value] {
    let known = message.descriptor().get_field_by_name(name).filter(|field| message.has_field(field));
    match known.map(|field| message.get_field(&field)) {
        Some(Cow::Borrowed(Value::List(list))) => list,
        Some(Cow::Borrowed(value)) => slice::from_ref(value),
        // What is set is borrowed.
        Some(Cow::Owned(_)) | None => &[],
    }
}

pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::I32(number) => Some(number.to_string()),
        Value::I64(number) => Some(number.to_string()),
        Value::F64(number) => Some(number.to_string()),
        _ => None,
    }
}
