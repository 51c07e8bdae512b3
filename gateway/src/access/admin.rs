//! Who there is, read and changed at run time: `/_archipelago/iam`. The words are those of the configuration file.

use http::{Method, StatusCode};
use serde_json::json;

use super::People;
use super::guard::Guard;
use crate::admin::{json_reply, refusal};
use crate::keyring::Keyring;
use crate::query::Form;
use crate::reply::Reply;
use crate::request::Received;

pub(crate) fn answer(guard: &Guard, keyring: &Keyring, request: &Received, form: &Form<'_>, body: &[u8]) -> Reply {
    let done = match request.method {
        Method::GET => Ok(()),
        Method::POST => put(guard, keyring, body),
        Method::DELETE => remove(guard, form),
        _ => return refusal(StatusCode::METHOD_NOT_ALLOWED, "the method is not allowed here"),
    };
    match done {
        Ok(()) => json_reply(StatusCode::OK, &json!(guard.directory().source)),
        Err(wrong) => refusal(StatusCode::BAD_REQUEST, &wrong),
    }
}

/// All of it or, if anything is wrong, nothing.
fn put(guard: &Guard, keyring: &Keyring, body: &[u8]) -> Result<(), String> {
    let People { keys, identities } = People::read(body)?;
    guard.change(|known| known.put(identities))?;
    keys.into_iter().for_each(|key| keyring.add(key));
    Ok(())
}

/// `account=` and one of `user=`, `group=`, `role=`, `policy=`; an account with all that it has; or everything.
fn remove(guard: &Guard, form: &Form<'_>) -> Result<(), String> {
    let account = form.get("account");
    let named: Vec<_> =
        ["user", "group", "role", "policy"].iter().filter_map(|kind| Some((*kind, form.get(kind)?))).collect();
    if account.is_none() && !named.is_empty() {
        return Err("account must be given".to_owned());
    }
    guard.change(|known| {
        known.remove(|kind, of, name| {
            account.is_none_or(|account| account == of) && (named.is_empty() || named.contains(&(kind, name)))
        });
    })
}
