//! Requests and responses as CloudTrail shows them: names begin small, a list is `{"items": [..]}`.

use serde_json::{Map, Value, json};

use crate::encode::{Reader, Wire, timestamp_text};
use crate::query::{Node, is_index};
use crate::schema::{Kind, Output, Schema};

/// As deep as messages may nest.
const DEPTH: usize = 32;

const REMOVED: &str = "<sensitiveDataRemoved>";

/// What nobody who reads the record may see.
const SECRETS: [&str; 11] = [
    "customerGatewayConfiguration",
    "keyMaterial",
    "password",
    "passwordData",
    "preSharedKey",
    "presignedUrl",
    "privateKey",
    "secretAccessKey",
    "sessionToken",
    "uploadPolicySignature",
    "userData",
];

/// Parameters as they were sent, whatever they mean.
pub(super) fn of_parameters(node: Node<'_>) -> Value {
    let mut object = Map::new();
    for (segment, child) in node.children() {
        let name = first_small(segment);
        let value = match child.value() {
            _ if is_secret(&name) => json!(REMOVED),
            Some(text) => json!(text),
            None if child.children().all(|(segment, _)| is_index(segment)) => {
                let items = child.children().map(|(_, item)| match item.value() {
                    Some(text) => json!({ name.clone(): text }),
                    None => of_parameters(item),
                });
                object.insert(list(&name), json!({ "items": items.collect::<Vec<_>>() }));
                continue;
            }
            None => of_parameters(child),
        };
        object.insert(name, value);
    }
    Value::Object(object)
}

/// A response's message. None where the bytes are malformed.
pub(super) fn of_response(schema: &Schema, output: usize, message: &[u8]) -> Option<Value> {
    of_message(schema, schema.output(output), message, 0).map(Value::Object)
}

fn of_message(schema: &Schema, table: &Output, message: &[u8], depth: usize) -> Option<Map<String, Value>> {
    let mut object = Map::new();
    let mut reader = Reader::new(message);
    while !reader.is_empty() {
        let (number, wire) = reader.field()?;
        let Some(field) = table.field(number) else { continue };
        let name = field.name();
        if is_secret(name) {
            object.insert(name.to_owned(), json!(REMOVED));
            continue;
        }
        let value = match (field.kind, wire) {
            (Kind::Message(_), _) if depth == DEPTH => return None,
            (Kind::Message(inner), Wire::Bytes(bytes)) => {
                Value::Object(of_message(schema, schema.output(inner), bytes, depth + 1)?)
            }
            (Kind::Text, Wire::Bytes(bytes)) => json!(std::str::from_utf8(bytes).ok()?),
            (Kind::Bool, Wire::Varint(value)) => json!(value != 0),
            (Kind::Int32 | Kind::Int64, Wire::Varint(value)) => json!(value.cast_signed()),
            (Kind::Timestamp, Wire::Varint(value)) => json!(timestamp_text(value.cast_signed())),
            (Kind::Double, Wire::Fixed64(value)) => json!(f64::from_bits(value)),
            // Numbers in a row, and bytes: none of them is needed to tell what happened.
            _ => continue,
        };
        if field.list {
            let list = object.entry(name).or_insert_with(|| json!({ "items": [] }));
            list["items"].as_array_mut()?.push(value);
        } else {
            object.insert(name.to_owned(), value);
        }
    }
    Some(object)
}

fn is_secret(name: &str) -> bool {
    SECRETS.contains(&name)
}

fn first_small(segment: &str) -> String {
    let mut name = segment.to_owned();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    name
}

/// `instanceId` is an element of `instancesSet`, `filter` of `filterSet`.
fn list(name: &str) -> String {
    match name {
        "instanceId" => "instancesSet".to_owned(),
        "resourceId" => "resourcesSet".to_owned(),
        _ => format!("{}Set", name.strip_suffix("Id").unwrap_or(name)),
    }
}
