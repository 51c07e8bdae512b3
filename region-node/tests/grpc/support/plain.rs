//! Any action, asked for in JSON: for tests that are tables.

use std::sync::LazyLock;

use archipelago_proto::codec::BytesCodec;
use archipelago_proto::{DESCRIPTORS, Ec2Error, Ec2Result};
use bytes::Bytes;
use prost_reflect::prost::Message as _;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor, Value,
};
use serde_json::{Value as Json, json};
use tonic::client::Grpc;

use super::{Sandbox, ask_as};

static POOL: LazyLock<DescriptorPool> = LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).unwrap());

fn method(action: &str) -> MethodDescriptor {
    let found = POOL.services().flat_map(|service| service.methods().collect::<Vec<_>>());
    let mut found = found.filter(|method| method.parent_service().full_name().starts_with("ec2."));
    found.find(|method| method.name() == action).unwrap_or_else(|| panic!("there is no action {action}"))
}

/// What an action answers to an account. Fields have the names that they have in Rust.
pub(crate) async fn call(sandbox: &Sandbox, account: &str, action: &str, input: &Json) -> Ec2Result<Json> {
    let method = method(action);
    let path = format!("/{}/{action}", method.parent_service().full_name());
    let bytes: Bytes = message(&method.input(), input).encode_to_vec().into();
    let mut grpc = Grpc::new(sandbox.channel.clone());
    grpc.ready().await.unwrap();
    let answer = grpc.unary(ask_as(account, bytes), path.parse().unwrap(), BytesCodec).await.map_err(Ec2Error::from)?;
    Ok(shown(&DynamicMessage::decode(method.output(), answer.into_inner()).unwrap()))
}

fn message(descriptor: &MessageDescriptor, json: &Json) -> DynamicMessage {
    let mut message = DynamicMessage::new(descriptor.clone());
    for (name, json) in json.as_object().unwrap() {
        let field = descriptor.get_field_by_name(name);
        let field = field.unwrap_or_else(|| panic!("{} has no field {name}", descriptor.full_name()));
        let value = match json {
            Json::Array(items) => Value::List(items.iter().map(|item| value(&field, item)).collect()),
            other => value(&field, other),
        };
        message.set_field(&field, value);
    }
    message
}

fn value(field: &FieldDescriptor, json: &Json) -> Value {
    match (field.kind(), json) {
        (Kind::Message(descriptor), json) => Value::Message(message(&descriptor, json)),
        (Kind::String, Json::String(text)) => Value::String(text.clone()),
        (Kind::Bytes, Json::String(text)) => Value::Bytes(text.clone().into()),
        (Kind::Bool, Json::Bool(on)) => Value::Bool(*on),
        (Kind::Int32, Json::Number(number)) => Value::I32(number.as_i64().unwrap().try_into().unwrap()),
        (Kind::Int64, Json::Number(number)) => Value::I64(number.as_i64().unwrap()),
        (Kind::Double, Json::Number(number)) => Value::F64(number.as_f64().unwrap()),
        (kind, json) => panic!("{} is {kind:?}, not {json}", field.full_name()),
    }
}

fn shown(message: &DynamicMessage) -> Json {
    fn part(value: &Value) -> Json {
        match value {
            Value::Message(message) => shown(message),
            Value::List(items) => items.iter().map(part).collect(),
            Value::String(text) => json!(text),
            Value::Bool(on) => json!(on),
            Value::I32(number) => json!(number),
            Value::I64(number) => json!(number),
            Value::F64(number) => json!(number),
            _ => Json::Null,
        }
    }
    message.fields().map(|(field, value)| (field.name().to_owned(), part(value))).collect()
}
