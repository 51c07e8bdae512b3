//! The actions, each from parameters to XML (AWS STS API Reference).

use std::ops::RangeInclusive;

use archipelago_proto::Ec2Error;

use super::names::{Role, is_name, unique_id};
use super::xml::{credentials, response};
use crate::keyring::Keyring;
use crate::limits::shown;
use crate::query::Form;
use crate::reply::element;
use crate::service::STS_VERSION;
use crate::signature::Identity;

pub(crate) fn answer(
    form: &Form<'_>,
    caller: &Identity,
    keyring: &Keyring,
    now_ms: i64,
    request_id: &str,
) -> Result<Vec<u8>, Ec2Error> {
    match form.get("Action").unwrap_or_default() {
        "GetCallerIdentity" => Ok(get_caller_identity(caller, request_id)),
        "GetSessionToken" => get_session_token(form, caller, keyring, now_ms, request_id),
        "AssumeRole" => assume_role(form, keyring, now_ms, request_id),
        "" => Err(Ec2Error::new("MissingAction", "The request must contain the parameter Action")),
        other => {
            let message = format!("Could not find operation {} for version {STS_VERSION}", shown(other));
            Err(Ec2Error::new("InvalidAction", message))
        }
    }
}

fn get_caller_identity(caller: &Identity, request_id: &str) -> Vec<u8> {
    response("GetCallerIdentity", request_id, |out| {
        element("Arn", &caller.principal, out);
        element("UserId", &unique_id(&caller.principal, &caller.account), out);
        element("Account", &caller.account, out);
    })
}

fn get_session_token(
    form: &Form<'_>,
    caller: &Identity,
    keyring: &Keyring,
    now_ms: i64,
    request_id: &str,
) -> Result<Vec<u8>, Ec2Error> {
    if caller.access_key.starts_with("ASIA") {
        return Err(Ec2Error::new("AccessDenied", "Cannot call GetSessionToken with session credentials"));
    }
    let expires_ms = now_ms + duration_ms(form, 900..=129_600, 43_200)?;
    let temporary = keyring.issue(&caller.account, &caller.principal, expires_ms);
    Ok(response("GetSessionToken", request_id, |out| credentials(&temporary, expires_ms, out)))
}

fn assume_role(form: &Form<'_>, keyring: &Keyring, now_ms: i64, request_id: &str) -> Result<Vec<u8>, Ec2Error> {
    let arn = required(form, "RoleArn")?;
    let session = required(form, "RoleSessionName")?;
    let role =
        Role::parse(arn).ok_or_else(|| Ec2Error::new("ValidationError", format!("{} is invalid", shown(arn))))?;
    if !is_name(session, 2) {
        return Err(unsatisfied(session, "roleSessionName", "satisfy regular expression pattern: [\\w+=,.@-]{2,64}"));
    }
    let expires_ms = now_ms + duration_ms(form, 900..=43_200, 3600)?;
    let principal = role.session_arn(session);
    let temporary = keyring.issue(role.account, &principal, expires_ms);
    Ok(response("AssumeRole", request_id, |out| {
        credentials(&temporary, expires_ms, out);
        out.extend_from_slice(b"<AssumedRoleUser>");
        element("AssumedRoleId", &unique_id(&principal, role.account), out);
        element("Arn", &principal, out);
        out.extend_from_slice(b"</AssumedRoleUser>");
    }))
}

fn required<'f>(form: &'f Form<'_>, name: &str) -> Result<&'f str, Ec2Error> {
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
fn duration_ms(form: &Form<'_>, bounds: RangeInclusive<i64>, usual: i64) -> Result<i64, Ec2Error> {
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

fn unsatisfied(value: &str, member: &str, constraint: &str) -> Ec2Error {
    let value = shown(value);
    let start = format!("1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: ");
    Ec2Error::new("ValidationError", format!("{start}Member must {constraint}"))
}
