//! As much of CloudTrail as shows what was called: `LookupEvents` (AWS CloudTrail API Reference), over the record of
//! this gateway.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use archipelago_proto::Ec2Error;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::limits::shown;
use crate::record::{Event, Record};

/// What the header `X-Amz-Target` begins with.
pub(crate) const TARGET: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.";

const MOST: usize = 50;

#[derive(Debug, Default, Deserialize, Hash)]
#[serde(rename_all = "PascalCase", default)]
struct Query {
    lookup_attributes: Vec<Attribute>,
    /// Milliseconds since the epoch.
    #[serde(deserialize_with = "milliseconds")]
    start_time: Option<i64>,
    #[serde(deserialize_with = "milliseconds")]
    end_time: Option<i64>,
    max_results: Option<i64>,
    #[serde(skip_serializing)]
    next_token: Option<String>,
    event_category: Option<String>,
}

#[derive(Debug, Deserialize, Hash)]
#[serde(rename_all = "PascalCase")]
struct Attribute {
    attribute_key: String,
    attribute_value: String,
}

/// Seconds, with a fraction.
fn milliseconds<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<i64>, D::Error> {
    let seconds = Option::<f64>::deserialize(input)?;
    #[allow(clippy::cast_possible_truncation)] // Saturates.
    Ok(seconds.map(|seconds| (seconds * 1000.0) as i64))
}

/// Answers in JSON what an account asks of its calls in a region.
pub(crate) fn answer(
    record: &Record,
    action: &str,
    body: &[u8],
    account: &str,
    region: &str,
) -> Result<Vec<u8>, Ec2Error> {
    if action != "LookupEvents" {
        let message = format!("The action {} of CloudTrail is not implemented by Archipelago.", shown(action));
        return Err(Ec2Error::new("UnknownOperationException", message));
    }
    if !record.keeps() {
        let message = "No calls are kept: set record.keep in the configuration, or keep at /_archipelago/record.";
        return Err(Ec2Error::new("UnsupportedOperationException", message));
    }
    let body = if body.is_empty() { b"{}" } else { body };
    let query: Query =
        serde_json::from_slice(body).map_err(|error| Ec2Error::new("SerializationException", error.to_string()))?;
    lookup(record, &query, account, region)
}

fn lookup(record: &Record, query: &Query, account: &str, region: &str) -> Result<Vec<u8>, Ec2Error> {
    let wrong = |code: &str, message: &str| Err(Ec2Error::new(code, message));
    if query.lookup_attributes.len() > 1 {
        return wrong("InvalidLookupAttributesException", "You may specify only one lookup attribute.");
    }
    let attribute = query.lookup_attributes.first().map(Wanted::of).transpose()?;
    let most = match query.max_results {
        None => MOST,
        Some(most @ 1..=50) => usize::try_from(most).unwrap_or(MOST),
        Some(_) => return wrong("InvalidMaxResultsException", "MaxResults must be between 1 and 50."),
    };
    let (start, end) = (query.start_time.unwrap_or(i64::MIN), query.end_time.unwrap_or(i64::MAX));
    if start > end {
        return wrong("InvalidTimeRangeException", "The start time must not be after the end time.");
    }
    if query.event_category.as_deref().is_some_and(|category| category != "insight") {
        return wrong("InvalidEventCategoryException", "The event category must be insight, where it is given.");
    }
    // Nothing here is unusual.
    let insight = query.event_category.is_some();
    let seal = seal(query, account, region);
    let below = match &query.next_token {
        None => u64::MAX,
        Some(token) => opened(token, seal)
            .ok_or_else(|| Ec2Error::new("InvalidNextTokenException", "The next token is invalid or has expired."))?,
    };
    let (mut events, mut more) = (Vec::new(), None);
    let mut oldest = below;
    record.newest(below, |number, event| {
        let fits = !insight
            && event.account == account
            && event.region == region
            && (start..=end).contains(&event.time_ms)
            && attribute.as_ref().is_none_or(|wanted| wanted.is(event));
        if fits && events.len() == most {
            more = Some(oldest);
            return false;
        }
        if fits {
            events.push(event_shown(event));
            oldest = number;
        }
        true
    });
    let mut answer = json!({ "Events": events });
    if let Some(next) = more {
        answer["NextToken"] = json!(format!("{next:x}.{seal:x}"));
    }
    serde_json::to_vec(&answer).map_err(|_| Ec2Error::internal())
}

enum Wanted<'q> {
    EventId(&'q str),
    EventName(&'q str),
    ReadOnly(bool),
    Username(&'q str),
    ResourceType(&'q str),
    ResourceName(&'q str),
    EventSource(&'q str),
    AccessKeyId(&'q str),
}

impl<'q> Wanted<'q> {
    fn of(attribute: &'q Attribute) -> Result<Self, Ec2Error> {
        let value = attribute.attribute_value.as_str();
        match (attribute.attribute_key.as_str(), value) {
            ("EventId", _) => Ok(Self::EventId(value)),
            ("EventName", _) => Ok(Self::EventName(value)),
            ("ReadOnly", "true") => Ok(Self::ReadOnly(true)),
            ("ReadOnly", "false") => Ok(Self::ReadOnly(false)),
            ("Username", _) => Ok(Self::Username(value)),
            ("ResourceType", _) => Ok(Self::ResourceType(value)),
            ("ResourceName", _) => Ok(Self::ResourceName(value)),
            ("EventSource", _) => Ok(Self::EventSource(value)),
            ("AccessKeyId", _) => Ok(Self::AccessKeyId(value)),
            (key, _) => {
                let message = format!("The lookup attribute {}={} is not valid.", shown(key), shown(value));
                Err(Ec2Error::new("InvalidLookupAttributesException", message))
            }
        }
    }

    fn is(&self, event: &Event) -> bool {
        match *self {
            Self::EventId(id) => event.id == id,
            Self::EventName(name) => event.name == name,
            Self::ReadOnly(read_only) => event.read_only == read_only,
            Self::Username(user) => event.user == user,
            Self::ResourceType(kind) => event.resources.iter().any(|resource| resource.kind == kind),
            Self::ResourceName(name) => event.resources.iter().any(|resource| resource.name == name),
            Self::EventSource(source) => event.source == source,
            Self::AccessKeyId(key) => event.access_key == key,
        }
    }
}

fn event_shown(event: &Event) -> Value {
    let resources = event.resources.iter();
    let resources = resources.map(|resource| json!({ "ResourceType": resource.kind, "ResourceName": resource.name }));
    json!({
        "EventId": event.id,
        "EventName": event.name,
        "ReadOnly": event.read_only.to_string(),
        "AccessKeyId": event.access_key,
        "EventTime": event.time_ms / 1000,
        "EventSource": event.source,
        "Username": event.user,
        "Resources": resources.collect::<Vec<_>>(),
        "CloudTrailEvent": event.line,
    })
}

/// A token is good for the question that it was an answer to.
fn seal(query: &Query, account: &str, region: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (&query.lookup_attributes, query.start_time, query.end_time, account, region).hash(&mut hasher);
    hasher.finish()
}

fn opened(token: &str, seal: u64) -> Option<u64> {
    let (next, sealed) = token.split_once('.')?;
    let sealed = u64::from_str_radix(sealed, 16).ok()?;
    u64::from_str_radix(next, 16).ok().filter(|_| sealed == seal)
}

#[cfg(test)]
mod tests;
