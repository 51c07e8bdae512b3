//! Texts of policies that stand for others: `*` is any text, `?` any character, `${..}` a value of the request.

use super::Context;

/// A text of a policy, cut up once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Any,
    One,
    Variable { key: String, default: Option<String> },
}

/// What a pattern is once its variables have values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Letter(char),
    Any,
    One,
}

impl Pattern {
    /// `wildcards`: whether `*` and `?` have their meaning. `variables`: whether `${..}` has, as from version
    /// 2012-10-17 on. Fails for a variable that does not end.
    pub(super) fn parse(text: &str, wildcards: bool, variables: bool) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            if let Some(inside) = rest.strip_prefix("${").filter(|_| variables) {
                let (variable, after) =
                    inside.split_once('}').ok_or_else(|| format!("{text}: a variable has no end"))?;
                flush(&mut literal, &mut parts);
                parts.push(self::variable(variable)?);
                rest = after;
                continue;
            }
            match letter {
                '*' | '?' if wildcards => {
                    flush(&mut literal, &mut parts);
                    parts.push(if letter == '*' { Part::Any } else { Part::One });
                }
                letter => literal.push(letter),
            }
            rest = &rest[letter.len_utf8()..];
        }
        flush(&mut literal, &mut parts);
        Ok(Self(parts))
    }

    pub(super) fn matches(&self, text: &str, context: &Context, case: Case) -> bool {
        // Most patterns are one word, or everything.
        match (self.0.as_slice(), case) {
            ([Part::Any], _) => return true,
            ([Part::Literal(literal)], Case::Sensitive) => return literal == text,
            _ => {}
        }
        self.tokens(context, case).is_some_and(|tokens| glob(&tokens, &letters(text, case)))
    }

    /// As [`matches`](Self::matches), but each of the six parts of an ARN by itself.
    pub(super) fn matches_arn(&self, arn: &str, context: &Context) -> bool {
        let Some(tokens) = self.tokens(context, Case::Sensitive) else { return false };
        let arn = letters(arn, Case::Sensitive);
        let patterns: Vec<_> = tokens.splitn(6, |token| *token == Token::Letter(':')).collect();
        let parts: Vec<_> = arn.splitn(6, |letter| *letter == ':').collect();
        let whole = patterns == [&[Token::Any]];
        whole
            || (patterns.len() == parts.len() && patterns.iter().zip(parts).all(|(pattern, part)| glob(pattern, part)))
    }

    /// Whether it is `*` and nothing else.
    pub(super) fn is_everything(&self) -> bool {
        self.0 == [Part::Any]
    }

    /// None where a variable has no value: then nothing matches.
    fn tokens(&self, context: &Context, case: Case) -> Option<Vec<Token>> {
        let mut tokens = Vec::new();
        for part in &self.0 {
            let text = match part {
                Part::Literal(literal) => literal,
                Part::Variable { key, default } => match (context.get(key), default) {
                    (Some([value]), _) => value,
                    (None, Some(default)) => default,
                    // With several values there is no telling which is meant.
                    _ => return None,
                },
                Part::Any => {
                    tokens.push(Token::Any);
                    continue;
                }
                Part::One => {
                    tokens.push(Token::One);
                    continue;
                }
            };
            tokens.extend(letters(text, case).into_iter().map(Token::Letter));
        }
        Some(tokens)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Ignored,
}

fn letters(text: &str, case: Case) -> Vec<char> {
    match case {
        Case::Sensitive => text.chars().collect(),
        Case::Ignored => text.chars().flat_map(char::to_lowercase).collect(),
    }
}

fn flush(literal: &mut String, parts: &mut Vec<Part>) {
    if !literal.is_empty() {
        parts.push(Part::Literal(std::mem::take(literal)));
    }
}

/// `aws:username`, `aws:PrincipalTag/team, 'nobody'`, and `*`, `?`, `$` for themselves.
fn variable(text: &str) -> Result<Part, String> {
    if matches!(text, "*" | "?" | "$") {
        return Ok(Part::Literal(text.to_owned()));
    }
    let (key, default) = match text.split_once(',') {
        Some((key, default)) => {
            let quoted = default.trim().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
            (key, Some(quoted.ok_or_else(|| format!("${{{text}}}: a default stands in single quotes"))?.to_owned()))
        }
        None => (text, None),
    };
    let key = key.trim();
    if key.is_empty() {
        return Err(format!("${{{text}}}: a variable has no name"));
    }
    Ok(Part::Variable { key: key.to_ascii_lowercase(), default })
}

/// In time proportional to the product of the lengths at worst, without recursion.
fn glob(pattern: &[Token], text: &[char]) -> bool {
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some(Token::Any) => {
                star = Some((p, t));
                p += 1;
            }
            Some(Token::One) => (p, t) = (p + 1, t + 1),
            Some(Token::Letter(letter)) if *letter == text[t] => (p, t) = (p + 1, t + 1),
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                (p, t) = (at + 1, from + 1);
            }
        }
    }
    pattern[p..].iter().all(|token| *token == Token::Any)
}
