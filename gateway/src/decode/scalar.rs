//! The text of a parameter to its value. None where the text is not one.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::schema::Kind;

/// Clients differ about padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A value as the wire carries it.
pub(super) enum Scalar<'t> {
    Int(i64),
    Double(f64),
    Bytes(Cow<'t, [u8]>),
}

pub(super) fn read(kind: Kind, text: &str) -> Option<Scalar<'_>> {
    match kind {
        Kind::Text => Some(Scalar::Bytes(Cow::Borrowed(text.as_bytes()))),
        Kind::Bool => boolean(text).map(|value| Scalar::Int(value.into())),
        Kind::Int32 => text.parse::<i32>().ok().map(|value| Scalar::Int(value.into())),
        Kind::Int64 => text.parse().ok().map(Scalar::Int),
        Kind::Timestamp => timestamp(text).map(Scalar::Int),
        Kind::Double => double(text).map(Scalar::Double),
        Kind::Blob => blob(text).map(|value| Scalar::Bytes(Cow::Owned(value))),
        Kind::Message(_) => None,
    }
}

/// What the client is told of the values that a kind takes.
pub(super) fn wanted(kind: Kind) -> &'static str {
    match kind {
        Kind::Text | Kind::Message(_) => "",
        Kind::Bool => " It must be true or false.",
        Kind::Int32 | Kind::Int64 => " It must be an integer.",
        Kind::Double => " It must be a number.",
        Kind::Timestamp => " It must be an ISO 8601 time.",
        Kind::Blob => " It must be Base64.",
    }
}

pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text {
        // As XML Schema has it, and a sample of the reference.
        "1" => Some(true),
        "0" => Some(false),
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn double(text: &str) -> Option<f64> {
    text.parse().ok().filter(|value: &f64| value.is_finite())
}

/// ISO 8601 to milliseconds since the epoch; without an offset it is UTC.
pub(crate) fn timestamp(text: &str) -> Option<i64> {
    let zoned = text.parse::<Timestamp>().ok();
    let civil = || {
        let date_time = text.parse::<DateTime>().ok().or_else(|| Some(text.parse::<Date>().ok()?.at(0, 0, 0, 0)))?;
        date_time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    zoned.or_else(civil).map(Timestamp::as_millisecond)
}

/// Line breaks are common in key material.
fn blob(text: &str) -> Option<Vec<u8>> {
    let compact: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    BASE64.decode(compact).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn booleans_are_true_and_false_in_any_case_or_a_digit() {
        assert_eq!(boolean("True"), Some(true));
        assert_eq!(boolean("false"), Some(false));
        assert_eq!((boolean("1"), boolean("0"), boolean("2")), (Some(true), Some(false), None));
        assert_eq!(boolean(""), None);
    }

    #[test]
    fn timestamps_are_iso_8601_and_utc_by_default() {
        let noon = Some(1_412_164_800_000);
        assert_eq!(timestamp("2014-10-01T12:00:00.000Z"), noon);
        assert_eq!(timestamp("2014-10-01T12:00:00Z"), noon);
        assert_eq!(timestamp("2014-10-01T12:00:00"), noon);
        assert_eq!(timestamp("2014-10-01T14:00:00+02:00"), noon);
        assert_eq!(timestamp("2014-10-01"), Some(1_412_121_600_000));
        assert_eq!(timestamp("yesterday"), None);
        assert_eq!(timestamp("2014-13-01T12:00:00Z"), None);
        assert_eq!(timestamp(""), None);
    }

    #[test]
    fn base64_needs_no_padding_and_bears_line_breaks() {
        assert_eq!(blob("aGVs\r\nbG8="), Some(b"hello".to_vec()));
        assert_eq!(blob("aGVsbG8"), Some(b"hello".to_vec()));
        assert_eq!(blob("%%%"), None);
    }

    #[test]
    fn doubles_are_finite() {
        assert_eq!(double("0.5"), Some(0.5));
        assert_eq!(double("inf"), None);
        assert_eq!(double("NaN"), None);
    }
}
