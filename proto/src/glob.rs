//! Wildcards: `*` is any text, `?` any letter, and a backslash takes the meaning of the next one.

/// Matches in time proportional to the product of the lengths at worst, without recursion.
pub fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
                continue;
            }
            Some('?') => {
                (p, t) = (p + 1, t + 1);
                continue;
            }
            Some('\\') if pattern.get(p + 1) == Some(&text[t]) => {
                (p, t) = (p + 2, t + 1);
                continue;
            }
            Some(letter) if *letter == text[t] && *letter != '\\' => {
                (p, t) = (p + 1, t + 1);
                continue;
            }
            _ => {}
        }
        let Some((at, from)) = star else { return false };
        star = Some((at, from + 1));
        (p, t) = (at + 1, from + 1);
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn wildcards_match_as_documented() {
        for (pattern, text, matches) in [
            ("ami-*", "ami-123", true),
            ("*amazon?", "xxamazonX", true),
            ("*amazon?", "amazon", false),
            (r"\*amazon\?\\", r"*amazon?\", true),
            ("a*b*c", "aXXbYYbZc", true),
            ("", "", true),
            ("?", "", false),
            ("**", "", true),
        ] {
            assert_eq!(glob(pattern, text), matches, "{pattern} ~ {text}");
        }
    }
}
