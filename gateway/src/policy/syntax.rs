//! JSON to the parts of a policy, and IAM's words for what is wrong with it.

use serde_json::{Map, Value};

/// AWS: a role's inline policies together have up to 10,240 characters, a managed policy 6,144.
pub(super) const LONGEST: usize = 10_240;
const MOST_STATEMENTS: usize = 512;
const MOST_VALUES: usize = 2048;

pub(super) const SYNTAX: &str = "Syntax errors in policy.";

pub(super) fn statements(text: &str) -> Result<(bool, Vec<Value>), String> {
    if text.chars().count() > LONGEST {
        return Err(format!("Cannot exceed quota for PolicySize: {LONGEST}"));
    }
    // The parser itself refuses what is nested deeper than 128 levels.
    let Ok(Value::Object(mut policy)) = serde_json::from_str(text) else { return Err(SYNTAX.to_owned()) };
    let version = policy.remove("Version");
    let variables = match version.as_ref().map(Value::as_str) {
        Some(Some("2012-10-17")) => true,
        Some(Some("2008-10-17")) | None => false,
        Some(_) => return Err("The policy must contain a valid version string.".to_owned()),
    };
    policy.remove("Id");
    let statements = match policy.remove("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() && statements.len() <= MOST_STATEMENTS => statements,
        Some(statement @ Value::Object(_)) => vec![statement],
        _ => return Err(SYNTAX.to_owned()),
    };
    if policy.is_empty() { Ok((variables, statements)) } else { Err(SYNTAX.to_owned()) }
}

/// One text or several.
pub(super) fn texts(value: Value) -> Result<Vec<String>, String> {
    match value {
        Value::Array(values) if values.len() <= MOST_VALUES => values.into_iter().map(text).collect(),
        value => text(value).map(|text| vec![text]),
    }
}

fn text(value: Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        _ => Err(SYNTAX.to_owned()),
    }
}

/// An element in its plain or its negated form, but not both.
pub(super) fn either(statement: &mut Map<String, Value>, name: &str) -> Result<Option<(bool, Value)>, String> {
    match (statement.remove(name), statement.remove(&format!("Not{name}"))) {
        (Some(_), Some(_)) => Err(SYNTAX.to_owned()),
        (Some(value), None) => Ok(Some((false, value))),
        (None, Some(value)) => Ok(Some((true, value))),
        (None, None) => Ok(None),
    }
}
