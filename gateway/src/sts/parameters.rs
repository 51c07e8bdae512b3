//! The parameters of STS, and what it says of those that do not fit.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use archipelago_proto::Ec2Error;

use crate::limits::shown;
use crate::query::Form;

pub(super) fn required<'f>(form: &'f Form<'_>, name: &str) -> Result<&'f str, Ec2Error> {
    let missing = || {
        let member = archipelago_proto::names::lower_camel(name);
        let message = format!(
            "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
        );
        Ec2Error::new("ValidationError", message)
    };
    form.get(name).filter(|value| !value.is_empty()).ok_or_else(missing)
}

/// Seconds between two bounds.
pub(super) fn duration_ms(form: &Form<'_>, bounds: RangeInclusive<i64>, usual: i64) -> Result<i64, Ec2Error> {
    let Some(text) = form.get("DurationSeconds") else { return Ok(usual * 1000) };
    match text.parse::<i64>() {
        Ok(seconds) if bounds.contains(&seconds) => Ok(seconds * 1000),
        Ok(seconds) if seconds < *bounds.start() => {
            let constraint = format!("have value greater than or equal to {}", bounds.start());
            Err(unsatisfied(text, "durationSeconds", &constraint))
        }
        Ok(_) => {
            let constraint = format!("have value less than or equal to {}", bounds.end());
            Err(unsatisfied(text, "durationSeconds", &constraint))
        }
        Err(_) => Err(unsatisfied(text, "durationSeconds", "be an integer")),
    }
}

pub(super) fn unsatisfied(value: &str, member: &str, constraint: &str) -> Ec2Error {
    let value = shown(value);
    let start = format!("1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: ");
    Ec2Error::new("ValidationError", format!("{start}Member must {constraint}"))
}

/// The values of `PREFIX.member.N.FIELD`, as far as the numbers go.
pub(super) fn members<'f>(form: &'f Form<'_>, prefix: &str, field: &str) -> Vec<&'f str> {
    (1..).map_while(|number| form.get(&format!("{prefix}.member.{number}.{field}"))).collect()
}

/// AWS: up to 50 session tags.
pub(super) fn tags(form: &Form<'_>) -> Result<BTreeMap<String, String>, Ec2Error> {
    let (keys, values) = (members(form, "Tags", "Key"), members(form, "Tags", "Value"));
    let tags: BTreeMap<_, _> =
        keys.iter().zip(&values).map(|(key, value)| (key.to_string(), value.to_string())).collect();
    if keys.len() != values.len() || tags.len() != keys.len() {
        let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
        return Err(Ec2Error::new("InvalidParameterValue", message));
    }
    if tags.len() > 50 {
        return Err(unsatisfied(&tags.len().to_string(), "tags", "have length less than or equal to 50"));
    }
    Ok(tags)
}

/// Whether a code of an MFA device comes with the request. Any six digits are one: there are no devices here.
pub(super) fn mfa(form: &Form<'_>) -> Result<bool, Ec2Error> {
    let refused =
        || Ec2Error::new("AccessDenied", "MultiFactorAuthentication failed with invalid MFA one time pass code.");
    match (form.get("SerialNumber"), form.get("TokenCode")) {
        (None, None) => Ok(false),
        (Some(_), Some(code)) if code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit()) => Ok(true),
        _ => Err(refused()),
    }
}
