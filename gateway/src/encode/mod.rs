//! Protobuf wire bytes to XML, streaming through the tables with no tree between: the hot path of every describe.

mod message;
mod scalar;
mod text;
mod wire;

use archipelago_proto::Ec2Error;

use crate::schema::{Action, Schema};

pub(crate) use scalar::timestamp_text;
pub(crate) use text::escape;
pub(crate) use wire::{Reader, Value as Wire};

/// The response of an action as EC2 writes it.
pub(crate) fn encode(
    schema: &Schema,
    action: &Action,
    version: &str,
    request_id: &str,
    message: &[u8],
) -> Result<Vec<u8>, Ec2Error> {
    // Tags make XML some three times as long as the wire bytes; growing would copy it all.
    let mut out = Vec::with_capacity(512 + message.len() * 4);
    out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<");
    out.extend_from_slice(action.name.as_bytes());
    out.extend_from_slice(b"Response xmlns=\"http://ec2.amazonaws.com/doc/");
    out.extend_from_slice(version.as_bytes());
    out.extend_from_slice(b"/\"><requestId>");
    out.extend_from_slice(request_id.as_bytes());
    out.extend_from_slice(b"</requestId>");
    if action.returns_true {
        out.extend_from_slice(b"<return>true</return>");
    }
    message::response(schema, action.output, message, &mut out).ok_or_else(Ec2Error::internal)?;
    out.extend_from_slice(b"</");
    out.extend_from_slice(action.name.as_bytes());
    out.extend_from_slice(b"Response>");
    Ok(out)
}

#[cfg(test)]
mod tests;
