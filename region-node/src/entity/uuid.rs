//! Ids that are, or end in, a UUID: `e5a2ff3b-7d14-494f-8f0a-0b5d0a1b2c3d`, `rimod-e5a2ff3b-…`.
//!
//! A bare UUID names no kind by a prefix. The digit that tells a UUID's variant may be 8, 9, a or b, so it tells the
//! kind: what has the prefix `uuid-8` has ids of the form `xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx`.

/// The prefixes of kinds whose ids have a UUID after them.
const BEFORE_UUIDS: [&str; 3] = ["fleet", "rimod", "sfr"];

const VARIANTS: [(&str, char); 4] = [("uuid-8", '8'), ("uuid-9", '9'), ("uuid-a", 'a'), ("uuid-b", 'b')];

const LENGTH: usize = 36;

/// What an id begins with: `vol` of `vol-0123456789abcdef0`.
pub(super) fn prefix(id: &str) -> &str {
    let start = id.len().checked_sub(LENGTH).filter(|start| id.is_char_boundary(*start));
    if let Some((before, uuid)) = start.map(|start| id.split_at(start)).filter(|(_, uuid)| is_uuid(uuid)) {
        return match before.strip_suffix('-') {
            Some(before) => before,
            None if before.is_empty() => variant(uuid),
            None => "",
        };
    }
    id.rsplit_once('-').map_or("", |(prefix, _)| prefix)
}

/// Whether the ids of a kind have a UUID in them; then whether this id has the right form.
pub(super) fn check(prefix: &str, id: &str) -> Option<bool> {
    has_uuid(prefix).then(|| self::prefix(id) == prefix && id.len() >= LENGTH)
}

/// A fresh id of such a kind.
pub(super) fn fresh(prefix: &str, mut number: impl FnMut() -> u64) -> Option<String> {
    if !has_uuid(prefix) {
        return None;
    }
    let digits = format!("{:016x}{:016x}", number(), number());
    let variant = VARIANTS.iter().find(|(known, _)| *known == prefix);
    let uuid = uuid(&digits, variant.map_or('8', |(_, digit)| *digit));
    Some(if variant.is_some() { uuid } else { format!("{prefix}-{uuid}") })
}

/// A UUID of 32 digits, two of which are overwritten.
pub(crate) fn uuid(digits: &str, variant: char) -> String {
    let digits: &str = &digits[..32];
    format!("{}-{}-4{}-{variant}{}-{}", &digits[..8], &digits[8..12], &digits[13..16], &digits[17..20], &digits[20..])
}

fn has_uuid(prefix: &str) -> bool {
    BEFORE_UUIDS.contains(&prefix) || VARIANTS.iter().any(|(known, _)| *known == prefix)
}

fn variant(uuid: &str) -> &'static str {
    let digit = uuid.as_bytes()[19];
    VARIANTS.iter().find(|(_, known)| *known as u32 == u32::from(digit)).map_or("", |(prefix, _)| prefix)
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<_> = text.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12])
        && parts.into_iter().all(|part| part.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_tells_its_kind() {
        assert_eq!(prefix("e5a2ff3b-7d14-494f-80af-0b5d0a1b2c3d"), "uuid-8");
        assert_eq!(prefix("rimod-e5a2ff3b-7d14-494f-90af-0b5d0a1b2c3d"), "rimod");
        assert_eq!(prefix("vol-0123456789abcdef0"), "vol");
        assert_eq!(prefix("eni-attach-0123456789abcdef0"), "eni-attach");
    }

    #[test]
    fn fresh_ids_have_the_form_of_their_kind() {
        let id = fresh("uuid-9", || 0x1234_5678_9abc_def0).unwrap();
        assert_eq!(id, "12345678-9abc-4ef0-9234-56789abcdef0");
        assert_eq!(check("uuid-9", &id), Some(true));
        assert_eq!(check("uuid-8", &id), Some(false));
        assert_eq!(check("vol", &id), None);
        assert_eq!(fresh("vol", || 0), None);
    }
}
