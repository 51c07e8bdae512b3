//! Entries for `fuzz/`: each takes any bytes, and panics where the gateway is wrong. No part of its interface.

use std::net::Ipv4Addr;
use std::str::from_utf8;
use std::sync::LazyLock;

use archipelago_proto::DESCRIPTORS;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, Value};

use crate::decode::decode;
use crate::encode::encode;
use crate::keyring::Keyring;
use crate::limits::Limits;
use crate::policy::{Context, Document, Request, Who, judge};
use crate::query::{Form, Node, Parameters};
use crate::record;
use crate::request::Received;
use crate::schema::{Action, Schema};
use crate::signature::{AuthMode, Presigned, authenticate, presented};

/// 2014-10-01T12:00:00Z
const NOW: i64 = 1_412_164_800_000;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| Schema::load().expect("the schema of this binary"));
static POOL: LazyLock<DescriptorPool> =
    LazyLock::new(|| DescriptorPool::decode(DESCRIPTORS).expect("the schema of this binary"));

/// A URL's query, and after a zero byte a body.
pub fn query(data: &[u8]) {
    fn walk(node: Node<'_>) -> usize {
        let _ = (node.name(), node.first_name(), node.first_below(), node.has_value_below());
        node.children().map(|(_, child)| walk(child)).sum::<usize>() + usize::from(node.value().is_some())
    }
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let (url, body) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let Ok(form) = Form::parse(url, body, &Limits::default()) else { return };
    assert!(form.url_pairs().len() <= form.pairs().len());
    if let Ok(parameters) = Parameters::of(&form) {
        assert!(walk(parameters.root()) <= form.pairs().len(), "a parameter is read twice");
    }
    record::parameters(&form);
}

/// A request as text: `GET /path?query`, lines of headers, an empty line, a body. The same as a presigned URL.
pub fn signature(data: &[u8]) {
    static KEYRING: LazyLock<Keyring> = LazyLock::new(|| Keyring::new(b"secret"));
    if let Ok(text) = from_utf8(data) {
        for mode in [AuthMode::Strict, AuthMode::Permissive] {
            let _ = Presigned::verify(text, &KEYRING, mode, NOW);
        }
    }
    let Some(request) = request(data) else { return };
    let Ok(form) = request.form(&Limits::default()) else { return };
    let signable = request.signable(&form);
    let _ = presented(&signable);
    let _ = authenticate(&signable, &KEYRING, AuthMode::Strict, NOW);
    assert!(authenticate(&signable, &KEYRING, AuthMode::Permissive, NOW).is_ok());
}

fn request(data: &[u8]) -> Option<Received> {
    let (head, body) = match data.windows(2).position(|two| two == b"\n\n") {
        Some(at) => (&data[..at], &data[at + 2..]),
        None => (data, &[][..]),
    };
    let mut lines = head.split(|byte| *byte == b'\n');
    let mut first = lines.next()?.splitn(2, |byte| *byte == b' ');
    let method = Method::from_bytes(first.next()?).ok()?;
    let uri = Uri::try_from(first.next()?).ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        headers.append(name, HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?);
    }
    let body = body.to_vec().into();
    Some(Received { method, uri, headers, body, source: Ipv4Addr::LOCALHOST.into(), secure: false, _held: None })
}

/// A Query to protobuf: what comes of it is a message of the action's.
pub fn transcode_query(data: &[u8]) {
    let _ = transcoded(data);
}

/// The path of the rpc and the message of a Query.
pub fn transcoded(query: &[u8]) -> Option<(String, Vec<u8>)> {
    let form = Form::parse(query, b"", &Limits::default()).ok()?;
    let action = SCHEMA.action(form.get("Action")?).ok()?;
    let message = decode(&SCHEMA, action.input, Parameters::of(&form).ok()?.root()).ok()?;
    let read = DynamicMessage::decode(method(action).input(), message.as_slice());
    assert!(read.is_ok(), "{read:?}");
    Some((action.path.to_string(), message))
}

fn method(action: &Action) -> MethodDescriptor {
    let (service, name) = action.path.path()[1..].split_once('/').expect("a path of two parts");
    let service = POOL.get_service_by_name(service).expect("a service of the schema");
    service.methods().find(|method| method.name() == name).expect("a method of the service")
}

/// Protobuf to XML. Two bytes choose the action; the rest are the answer of a node, or what claims to be one.
pub fn transcode_answer(data: &[u8]) {
    static ACTIONS: LazyLock<Vec<(&Action, MethodDescriptor)>> =
        LazyLock::new(|| SCHEMA.actions().into_iter().map(|action| (action, method(action))).collect());
    let Some((key, message)) = data.split_first_chunk() else { return };
    let (action, method) = &ACTIONS[usize::from(u16::from_le_bytes(*key)) % ACTIONS.len()];
    check(action, message);
    // What a node would send, had it meant the same.
    if let Ok(meant) = DynamicMessage::decode(method.output(), message) {
        let again = meant.encode_to_vec();
        let written = check(action, &again);
        assert!(written || depth(&again) > 30 || !is_known(&meant), "{} refuses {meant:?}", action.name);
    }
}

/// Whether it has no fields that are in no schema: those may be of forms that nobody writes any more.
fn is_known(message: &DynamicMessage) -> bool {
    let value = |value: &Value| value.as_message().is_none_or(is_known);
    message.unknown_fields().next().is_none()
        && message.fields().all(|(_, field)| match field {
            Value::List(items) => items.iter().all(value),
            one => value(one),
        })
}

/// False where it is refused.
fn check(action: &Action, message: &[u8]) -> bool {
    record::elements(&SCHEMA, action, "r-1", message);
    let Ok(xml) = encode(&SCHEMA, action, "2016-11-15", "r-1", message) else { return false };
    well_formed(from_utf8(&xml).expect("XML is text"));
    true
}

/// At most how deep messages nest: each level takes two bytes.
fn depth(message: &[u8]) -> usize {
    message.len() / 2
}

/// Elements close as they open, and no character is one that XML does not have.
fn well_formed(xml: &str) {
    let mut open = Vec::new();
    let body = xml.split_once("?>\n").expect("a declaration").1;
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').expect("a tag ends");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap_or_default()),
        }
        let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{fffd}' | '\u{10000}'..);
        assert!(text.chars().all(allowed), "{text:?}");
    }
    assert!(open.is_empty(), "{open:?} stay open");
}

/// A policy, then lines: action, resource, and `key=value` of the context, each after a zero byte.
pub fn policy(data: &[u8]) {
    let Ok(text) = from_utf8(data) else { return };
    let mut parts = text.split('\0');
    let document = parts.next().unwrap_or_default();
    let (action, resource) = (parts.next().unwrap_or("ec2:RunThem"), parts.next().unwrap_or("*"));
    let mut context = Context::default();
    for (key, value) in parts.filter_map(|part| part.split_once('=')) {
        context.set_all(key, value.split('|').map(str::to_owned).collect());
    }
    let request = Request { action, resource, context: &context };
    if let Ok(document) = Document::identity(document) {
        let _ = judge([&document], &request);
        let _ = crate::policy::indifferent([&document], action);
    }
    if let Ok(document) = Document::trust(document) {
        let who = Who { account: "111122223333", arn: resource, role: Some(action) };
        let _ = document.trusted(who, &request);
    }
}
