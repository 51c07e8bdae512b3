//! Values as EC2 spells them.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

pub(super) fn int(value: i64, out: &mut Vec<u8>) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    let mut rest = value.unsigned_abs();
    loop {
        first -= 1;
        digits[first] = b'0' + (rest % 10).to_le_bytes()[0];
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if value < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[first..]);
}

pub(super) fn boolean(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// As Java prints it: `125.0`, and `1.0E7` from there on.
pub(super) fn double(value: f64, out: &mut Vec<u8>) {
    let plain = value == 0.0 || !value.is_finite() || (1e-3..1e7).contains(&value.abs());
    let mut text = if plain { format!("{value:?}") } else { format!("{value:E}") };
    if let Some(exponent) = text.find('E')
        && !text.contains('.')
    {
        text.insert_str(exponent, ".0");
    }
    out.extend_from_slice(text.as_bytes());
}

pub(super) fn blob(value: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(BASE64_STANDARD.encode(value).as_bytes());
}

/// Milliseconds since the epoch as `2014-10-01T12:00:00.000Z`.
pub(super) fn timestamp(ms: i64, out: &mut Vec<u8>) {
    const DAY: i64 = 86_400_000;
    let (year, month, day) = civil(ms.div_euclid(DAY));
    let of_day = ms.rem_euclid(DAY);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    for (place, width, value) in [
        (0, 4, year),
        (5, 2, month),
        (8, 2, day),
        (11, 2, of_day / 3_600_000),
        (14, 2, of_day / 60_000 % 60),
        (17, 2, of_day / 1000 % 60),
        (20, 3, of_day % 1000),
    ] {
        let mut rest = value.unsigned_abs();
        for digit in text[place..place + width].iter_mut().rev() {
            *digit = b'0' + (rest % 10).to_le_bytes()[0];
            rest /= 10;
        }
    }
    out.extend_from_slice(&text);
}

pub(crate) fn timestamp_text(ms: i64) -> String {
    let mut text = Vec::with_capacity(24);
    timestamp(ms, &mut text);
    String::from_utf8(text).unwrap_or_default()
}

/// Days since the epoch to year, month and day. Eras of 400 years that begin in March keep the leap day last
/// (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown<T>(write: impl Fn(T, &mut Vec<u8>), value: T) -> String {
        let mut out = Vec::new();
        write(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn doubles_look_like_javas() {
        for (value, text) in [
            (125.0, "125.0"),
            (0.5, "0.5"),
            (-43.75, "-43.75"),
            (0.0, "0.0"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (1.25e-5, "1.25E-5"),
        ] {
            assert_eq!(shown(double, value), text);
        }
    }

    #[test]
    fn integers_reach_both_ends() {
        for value in [0, 7, -1, i64::MAX, i64::MIN] {
            assert_eq!(shown(int, value), value.to_string());
        }
    }

    #[test]
    fn timestamps_have_milliseconds_and_z() {
        assert_eq!(shown(timestamp, 1_412_164_800_000), "2014-10-01T12:00:00.000Z");
        assert_eq!(shown(timestamp, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(shown(timestamp, -1), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn timestamps_agree_with_a_calendar() {
        for ms in (-2_000_000_000_000..4_000_000_000_000_i64).step_by(123_456_789_013) {
            let known = jiff::Timestamp::from_millisecond(ms).unwrap().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
            assert_eq!(shown(timestamp, ms), known);
        }
    }
}
