//! Text as XML carries it.

/// Appends UTF-8 text with what XML reserves escaped, and what it cannot carry replaced. None where it is not UTF-8.
#[inline]
pub(super) fn escape_utf8(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if is_plain(text) {
        out.extend_from_slice(text);
    } else {
        escape_each(std::str::from_utf8(text).ok()?, out);
    }
    Some(())
}

pub(crate) fn escape(text: &str, out: &mut Vec<u8>) {
    if is_plain(text.as_bytes()) {
        out.extend_from_slice(text.as_bytes());
    } else {
        escape_each(text, out);
    }
}

/// ASCII with nothing to escape, as nearly all text is. Branch-free over the whole text, so that the compiler may take
/// many bytes at a time.
#[inline]
#[allow(clippy::needless_bitwise_bool)]
fn is_plain(text: &[u8]) -> bool {
    let special = |byte: u8| (byte < b' ') | (byte == b'&') | (byte == b'<') | (byte == b'>') | (byte >= 0x80);
    !text.iter().fold(false, |found, &byte| found | special(byte))
}

#[cold]
fn escape_each(text: &str, out: &mut Vec<u8>) {
    for letter in text.chars() {
        match letter {
            '&' => out.extend_from_slice(b"&amp;"),
            '<' => out.extend_from_slice(b"&lt;"),
            '>' => out.extend_from_slice(b"&gt;"),
            // A bare carriage return would be read as a line feed.
            '\r' => out.extend_from_slice(b"&#13;"),
            '\t' | '\n' => out.push(if letter == '\t' { b'\t' } else { b'\n' }),
            '\0'..' ' | '\u{fffe}' | '\u{ffff}' => out.extend_from_slice("\u{fffd}".as_bytes()),
            letter => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(text: &str) -> String {
        let mut out = Vec::new();
        escape(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn reserved_characters_are_escaped() {
        assert_eq!(escaped("a<b>&\"c'"), "a&lt;b&gt;&amp;\"c'");
    }

    #[test]
    fn lines_survive_and_carriage_returns_too() {
        assert_eq!(escaped("a\r\n\tb"), "a&#13;\n\tb");
    }

    #[test]
    fn what_xml_cannot_carry_is_replaced() {
        assert_eq!(escaped("a\0b\u{1b}c\u{fffe}\u{fffd}d"), "a\u{fffd}b\u{fffd}c\u{fffd}\u{fffd}d");
    }

    #[test]
    fn other_scripts_pass() {
        assert_eq!(escaped("\u{1234} \u{fb01} \u{1f30b}"), "\u{1234} \u{fb01} \u{1f30b}");
    }
}
