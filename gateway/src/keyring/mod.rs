//! Whose an access key is, and the secret that goes with it.
//!
//! Any 12 digits are the key of that account and `test` is that of account 000000000000, both with the secret `test`.
//! Configuration adds keys; temporary ones carry everything in their session token.

mod session;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use crate::crypto::same;

use session::Sessions;
pub(crate) use session::{Session, Temporary, base32};

/// The account of requests that name no other.
pub const DEFAULT_ACCOUNT: &str = "000000000000";

const IMPLIED_SECRET: &str = "test";

/// A key of the configuration.
#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    pub access_key: String,
    pub secret: String,
    /// 12 digits.
    pub account: String,
    /// The ARN of the user or role; the account's root where there is none.
    #[serde(default)]
    pub principal: Option<String>,
    /// Must come with the request where it is set.
    #[serde(default)]
    pub session_token: Option<String>,
}

/// All keys that the gateway accepts.
pub struct Keyring {
    keys: RwLock<HashMap<String, Key>>,
    sessions: Sessions,
}

/// What a key stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) account: String,
    pub(crate) principal: String,
    pub(crate) secret: String,
    /// Of a temporary key.
    pub(crate) session: Option<Arc<Session>>,
}

/// Why a key is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyError {
    Unknown,
    WrongToken,
    Expired,
}

impl Keyring {
    /// All gateways of a cluster share the secret, so that each accepts the temporary keys of the others.
    pub fn new(cluster_secret: &[u8]) -> Self {
        Self { keys: RwLock::default(), sessions: Sessions::new(cluster_secret) }
    }

    pub fn add(&self, key: Key) {
        self.keys.write().unwrap_or_else(PoisonError::into_inner).insert(key.access_key.clone(), key);
    }

    /// Those that were added, in the order of their names.
    pub(crate) fn keys(&self) -> Vec<Key> {
        let mut keys: Vec<_> = self.keys.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        keys.sort_by(|a, b| a.access_key.cmp(&b.access_key));
        keys
    }

    pub(crate) fn find(&self, access_key: &str, token: Option<&str>, now_ms: i64) -> Result<Holder, KeyError> {
        if let Some(key) = self.keys.read().unwrap_or_else(PoisonError::into_inner).get(access_key) {
            return key.holder(token);
        }
        if let Some(account) = implied_account(access_key) {
            return Ok(Holder {
                account: account.to_owned(),
                principal: root_of(account),
                secret: IMPLIED_SECRET.to_owned(),
                session: None,
            });
        }
        self.sessions.open(access_key, token.ok_or(KeyError::Unknown)?, now_ms)
    }

    /// A new temporary key for a principal.
    pub(crate) fn issue(&self, account: &str, principal: &str, session: Session, expires_ms: i64) -> Temporary {
        self.sessions.issue(account, principal, session, expires_ms)
    }
}

impl Key {
    /// What is wrong with it, if anything.
    pub fn check(&self) -> Result<(), String> {
        let fits = is_account(&self.account);
        if fits { Ok(()) } else { Err(format!("the key {}: an account has 12 digits", self.access_key)) }
    }

    fn holder(&self, token: Option<&str>) -> Result<Holder, KeyError> {
        if let Some(wanted) = &self.session_token
            && !token.is_some_and(|given| same(given.as_bytes(), wanted.as_bytes()))
        {
            return Err(KeyError::WrongToken);
        }
        let principal = self.principal.clone().unwrap_or_else(|| root_of(&self.account));
        Ok(Holder { account: self.account.clone(), principal, secret: self.secret.clone(), session: None })
    }
}

pub(crate) fn implied_account(access_key: &str) -> Option<&str> {
    match access_key {
        "test" => Some(DEFAULT_ACCOUNT),
        key if is_account(key) => Some(key),
        _ => None,
    }
}

/// What an ARN ends with: `user/alice` of `arn:aws:iam::123456789012:user/alice`.
pub(crate) fn resource_of(arn: &str) -> &str {
    arn.splitn(6, ':').nth(5).unwrap_or_default()
}

pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(crate) fn root_of(account: &str) -> String {
    format!("arn:aws:iam::{account}:root")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_account_number_is_a_key_of_its_account() {
        let keyring = Keyring::new(b"secret");
        for (key, account) in [("test", DEFAULT_ACCOUNT), ("123456789012", "123456789012")] {
            let holder = keyring.find(key, None, 0).unwrap();
            assert_eq!((holder.account.as_str(), holder.secret.as_str()), (account, "test"));
            assert_eq!(holder.principal, format!("arn:aws:iam::{account}:root"));
        }
        assert_eq!(keyring.find("12345678901", None, 0), Err(KeyError::Unknown));
    }

    #[test]
    fn configured_keys_may_demand_a_session_token() {
        let keyring = Keyring::new(b"secret");
        keyring.add(Key {
            access_key: "AKIDEXAMPLE".into(),
            secret: "s".into(),
            account: "123456789012".into(),
            principal: Some("arn:aws:iam::123456789012:user/alice".into()),
            session_token: Some("token".into()),
        });
        assert_eq!(keyring.find("AKIDEXAMPLE", None, 0), Err(KeyError::WrongToken));
        let holder = keyring.find("AKIDEXAMPLE", Some("token"), 0).unwrap();
        assert_eq!(holder.principal, "arn:aws:iam::123456789012:user/alice");
    }
}
