//! Percent-encoding, as forms decode it and as signatures encode it (RFC 3986).

use std::borrow::Cow;

use archipelago_proto::Ec2Error;

use crate::limits::malformed;

/// Decodes one name or value of a form. Borrows where nothing is encoded.
pub(crate) fn decode(text: &[u8]) -> Result<Cow<'_, str>, Ec2Error> {
    if !text.iter().any(|&byte| byte == b'%' || byte == b'+') {
        return std::str::from_utf8(text).map(Cow::Borrowed).map_err(|_| not_utf8());
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => decoded.push(b' '),
            b'%' => {
                let (high, low) = (after.first().and_then(digit), after.get(1).and_then(digit));
                let (Some(high), Some(low)) = (high, low) else {
                    return Err(malformed("The query string contains an invalid percent-encoding."));
                };
                decoded.push(high << 4 | low);
                rest = &after[2..];
            }
            byte => decoded.push(byte),
        }
    }
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| not_utf8())
}

#[allow(clippy::trivially_copy_pass_by_ref)] // The shape of `slice::first`.
fn digit(byte: &u8) -> Option<u8> {
    // A hexadecimal digit fits a byte.
    char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn not_utf8() -> Ec2Error {
    malformed("The query string is not valid UTF-8.")
}

/// Appends `text` with all but the unreserved characters encoded.
pub(crate) fn encode(text: &[u8], out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for &byte in text {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_borrowed() {
        assert!(matches!(decode(b"i-12345678"), Ok(Cow::Borrowed("i-12345678"))));
    }

    #[test]
    fn plus_is_a_space_and_percent_a_byte() {
        assert_eq!(decode(b"a+b%2Bc%C3%A9").unwrap(), "a b+c\u{e9}");
    }

    #[test]
    fn broken_encodings_are_malformed_query_strings() {
        for text in [&b"%"[..], b"%2", b"%zz", b"%C3", b"\xff", b"%ff%fe"] {
            assert_eq!(decode(text).unwrap_err().code, "MalformedQueryString", "{text:?}");
        }
    }

    #[test]
    fn only_unreserved_characters_stay() {
        let mut out = String::new();
        encode("a-_.~ /\u{1234}".as_bytes(), &mut out);
        assert_eq!(out, "a-_.~%20%2F%E1%88%B4");
    }
}
