//! `${vpc.vpc.vpcId}`: what an earlier entry was answered.

use std::collections::HashMap;

use serde_json::Value;

/// What entries were answered, by the names that they have.
#[derive(Default)]
pub(super) struct Answers(HashMap<String, Value>);

impl Answers {
    pub(super) fn insert(&mut self, name: &str, answer: Value) {
        self.0.insert(name.to_owned(), answer);
    }

    /// `name.element.element`; a number is a place in a list, from 0, and `turn` is that of this turn.
    fn find(&self, path: &str, turn: u32) -> Result<String, String> {
        let (name, path) = path.split_once('.').ok_or_else(|| format!("${{{path}}} names no element of an answer"))?;
        let answer = self.0.get(name).ok_or_else(|| format!("no entry before this one is called {name}"))?;
        let found = path.split('.').try_fold(answer, |value, segment| element(value, segment, turn));
        match found {
            Some(Value::String(text)) => Ok(text.clone()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
            _ => Err(format!("the answer to {name} has no {path}")),
        }
    }
}

fn element<'v>(value: &'v Value, segment: &str, turn: u32) -> Option<&'v Value> {
    let place = if segment == "turn" { usize::try_from(turn).ok() } else { segment.parse().ok() };
    match place {
        Some(place) => value.get("items").unwrap_or(value).get(place),
        None => value.get(segment),
    }
}

/// A text with its references filled in.
pub(super) fn fill(text: &str, answers: &Answers, turn: u32) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (path, after) = after.split_once('}').ok_or_else(|| format!("{text:?} has a ${{ without its }}"))?;
        filled.push_str(before);
        filled.push_str(&if path == "turn" { turn.to_string() } else { answers.find(path, turn)? });
        rest = after;
    }
    Ok(filled + rest)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn references_are_filled_in() {
        let mut answers = Answers::default();
        answers.insert("vpc", json!({ "vpc": { "vpcId": "vpc-1" } }));
        answers
            .insert("run", json!({ "instancesSet": { "items": [{ "instanceId": "i-1" }, { "amiLaunchIndex": 1 }] } }));
        for (text, filled) in [
            ("${vpc.vpc.vpcId}", Ok("vpc-1")),
            ("10.${turn}.0.0/16", Ok("10.1.0.0/16")),
            ("${run.instancesSet.turn.amiLaunchIndex}", Ok("1")),
            ("${run.instancesSet.0.instanceId}-${run.instancesSet.1.amiLaunchIndex}", Ok("i-1-1")),
            ("${subnet.subnet.subnetId}", Err("no entry before this one is called subnet")),
            ("${vpc.vpc.id}", Err("the answer to vpc has no vpc.id")),
            ("${run.instancesSet.9.instanceId}", Err("the answer to run has no instancesSet.9.instanceId")),
            ("${vpc.vpc.vpcId", Err("without its }")),
        ] {
            match (fill(text, &answers, 1), filled) {
                (Ok(text), Ok(filled)) => assert_eq!(text, filled),
                (Err(why), Err(expected)) => assert!(why.contains(expected), "{why}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
