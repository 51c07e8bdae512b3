//! A look at a resource, as its describe action shows it to the caller.

use prost_reflect::{DynamicMessage, Value};

use super::kinds::Kind;
use super::message::{self, messages};
use crate::request::{Context, Desk};

/// A resource, as a request knows it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum By {
    Id(String),
    Name(String),
}

/// None where the caller does not see it.
pub(super) async fn look(desk: &Desk, cx: &Context, kind: &'static Kind, by: &By) -> Option<DynamicMessage> {
    let (parameter, value) = match by {
        By::Id(id) => (kind.ids, id),
        By::Name(name) => (kind.names?, name),
    };
    let rpc = message::action(kind.describe).ok()?;
    let mut input = DynamicMessage::new(rpc.input());
    input.set_field_by_name(parameter, Value::List(vec![Value::String(value.clone())]));
    let path = format!("/{}/{}", rpc.parent_service().full_name(), rpc.name());
    let bytes = prost::Message::encode_to_vec(&input);
    let answer = desk.look(cx, &path, &bytes).await.ok()?;
    let answer = message::decode(rpc.output(), &answer).ok()?;
    messages(&answer, kind.at).into_iter().next().cloned()
}
