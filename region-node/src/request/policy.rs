//! Policies as parameters: JSON with at least one statement.

use archipelago_proto::{Ec2Error, Ec2Result};

/// AWS: a policy of an endpoint has up to 20,480 characters.
const LONGEST: usize = 20_480;

/// The text of a policy, if it is one.
pub fn policy_document(text: &str) -> Ec2Result<String> {
    let invalid = |why: &str| Ec2Error::new("InvalidPolicyDocument", format!("Invalid policy document: {why}"));
    let policy: serde_json::Value = serde_json::from_str(text).map_err(|_| invalid("it is not JSON"))?;
    if text.len() > LONGEST {
        return Err(invalid("it is too long"));
    }
    match policy.get("Statement") {
        Some(serde_json::Value::Array(statements)) if !statements.is_empty() => Ok(text.to_owned()),
        Some(serde_json::Value::Object(_)) => Ok(text.to_owned()),
        _ => Err(invalid("it has no statement")),
    }
}
