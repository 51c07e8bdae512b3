//! Values as conditions compare them. What cannot be read as what it should be equals nothing.

use std::cmp::Ordering;
use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ipnet::IpNet;

use crate::decode::timestamp;

pub(super) fn numbers(value: &str, wanted: &str) -> Option<Ordering> {
    if let (Ok(value), Ok(wanted)) = (value.trim().parse::<i64>(), wanted.trim().parse::<i64>()) {
        return Some(value.cmp(&wanted));
    }
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
    number(value)?.partial_cmp(&number(wanted)?)
}

pub(super) fn dates(value: &str, wanted: &str) -> Option<Ordering> {
    Some(date(value)?.cmp(&date(wanted)?))
}

/// ISO 8601 as the W3C has it, from a year to a fraction of a second, or seconds since the epoch; in milliseconds.
fn date(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.len() {
        4 if digits => timestamp(&format!("{text}-01-01")),
        _ if digits => text.parse::<i64>().ok()?.checked_mul(1000),
        7 => timestamp(&format!("{text}-01")),
        _ => timestamp(text),
    }
}

pub(super) fn booleans(value: &str, wanted: &str) -> bool {
    value.eq_ignore_ascii_case(wanted) && ["true", "false"].iter().any(|known| known.eq_ignore_ascii_case(value))
}

pub(super) fn binaries(value: &str, wanted: &str) -> bool {
    let bytes = |text: &str| BASE64_STANDARD.decode(text).ok();
    bytes(value).is_some_and(|value| Some(value) == bytes(wanted))
}

/// An address, or all of a block, within an address or a block.
pub(super) fn addresses(value: &str, wanted: &str) -> bool {
    let block = |text: &str| text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    let within = |value: IpNet, wanted: IpNet| wanted.contains(&value);
    block(value).zip(block(wanted)).is_some_and(|(value, wanted)| within(value, wanted))
}
