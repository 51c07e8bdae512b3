//! Temporary keys that need no memory: the session token says whose the key is and until when, sealed with an HMAC
//! under the cluster's secret, and the secret access key is derived from the access key id.

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{Holder, KeyError, is_account};
use crate::crypto::{hmac_sha256, random, same};

const FORMAT: u8 = 2;
const SEAL: usize = 32;

/// What STS hands out.
#[derive(Clone, Debug)]
pub(crate) struct Temporary {
    pub(crate) access_key: String,
    pub(crate) secret: String,
    pub(crate) token: String,
}

/// What a temporary key carries beside its holder.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) struct Session {
    pub(crate) issued_ms: i64,
    /// Policies that narrow it, as JSON.
    pub(crate) policies: Vec<String>,
    /// And those of the account or of AWS that do, by their ARNs.
    pub(crate) policy_arns: Vec<String>,
    pub(crate) tags: BTreeMap<String, String>,
    /// Whether it was asked for with a code of an MFA device.
    pub(crate) mfa: bool,
}

impl Session {
    pub(crate) fn is_restricted(&self) -> bool {
        !self.policies.is_empty() || !self.policy_arns.is_empty()
    }
}

#[derive(Deserialize, Serialize)]
struct Content {
    key: String,
    account: String,
    principal: String,
    session: Session,
}

pub(super) struct Sessions {
    seal: [u8; 32],
    secrets: [u8; 32],
}

impl Sessions {
    pub(super) fn new(cluster_secret: &[u8]) -> Self {
        Self {
            seal: hmac_sha256(cluster_secret, b"archipelago session tokens"),
            secrets: hmac_sha256(cluster_secret, b"archipelago temporary secrets"),
        }
    }

    pub(super) fn issue(&self, account: &str, principal: &str, session: Session, expires_ms: i64) -> Temporary {
        let access_key = format!("ASIA{}", base32(&random::<16>()));
        let mut token = vec![FORMAT];
        token.extend_from_slice(&expires_ms.to_be_bytes());
        let (account, principal) = (account.to_owned(), principal.to_owned());
        let content = Content { key: access_key.clone(), account, principal, session };
        token.extend(serde_json::to_vec(&content).expect("texts and numbers are JSON"));
        token.extend_from_slice(&hmac_sha256(&self.seal, &token));
        Temporary { secret: self.secret(&access_key), access_key, token: BASE64_URL_SAFE_NO_PAD.encode(token) }
    }

    /// The holder of a key that this cluster issued.
    pub(super) fn open(&self, access_key: &str, token: &str, now_ms: i64) -> Result<Holder, KeyError> {
        let token = BASE64_URL_SAFE_NO_PAD.decode(token).map_err(|_| KeyError::WrongToken)?;
        let (content, seal) = token.split_last_chunk::<SEAL>().ok_or(KeyError::WrongToken)?;
        if !same(&hmac_sha256(&self.seal, content), seal) {
            return Err(KeyError::WrongToken);
        }
        let (expires_ms, content) = read(content, access_key).ok_or(KeyError::WrongToken)?;
        if expires_ms <= now_ms {
            return Err(KeyError::Expired);
        }
        let Content { account, principal, session, .. } = content;
        Ok(Holder { account, principal, secret: self.secret(access_key), session: Some(Arc::new(session)) })
    }

    fn secret(&self, access_key: &str) -> String {
        let mut secret = BASE64_STANDARD.encode(hmac_sha256(&self.secrets, access_key.as_bytes()));
        secret.truncate(40);
        secret
    }
}

fn read(content: &[u8], access_key: &str) -> Option<(i64, Content)> {
    let content = content.strip_prefix(&[FORMAT])?;
    let (expires_ms, text) = content.split_first_chunk::<8>()?;
    let content: Content = serde_json::from_slice(text).ok()?;
    let fits = content.key == access_key && is_account(&content.account);
    fits.then(|| (i64::from_be_bytes(*expires_ms), content))
}

/// The alphabet of access key ids, one letter a byte.
pub(crate) fn base32(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "arn:aws:sts::123456789012:assumed-role/deploy/run 7";

    #[test]
    fn any_gateway_of_the_cluster_opens_a_token() {
        let issued = Sessions::new(b"cluster").issue("123456789012", ROLE, Session::default(), 1000);
        assert!(issued.access_key.starts_with("ASIA") && issued.access_key.len() == 20);
        let holder = Sessions::new(b"cluster").open(&issued.access_key, &issued.token, 999).unwrap();
        assert_eq!((holder.account.as_str(), holder.principal.as_str()), ("123456789012", ROLE));
        assert_eq!((holder.secret.as_str(), holder.secret.len()), (issued.secret.as_str(), 40));
        assert_eq!(holder.session.as_deref(), Some(&Session::default()));
    }

    #[test]
    fn a_token_ends() {
        let sessions = Sessions::new(b"cluster");
        let issued = sessions.issue("123456789012", ROLE, Session::default(), 1000);
        assert_eq!(sessions.open(&issued.access_key, &issued.token, 1000), Err(KeyError::Expired));
    }

    #[test]
    fn tokens_of_other_keys_and_clusters_are_refused_and_so_are_changed_ones() {
        let sessions = Sessions::new(b"cluster");
        let issued = sessions.issue("123456789012", ROLE, Session::default(), 1000);
        let other = sessions.issue("123456789012", ROLE, Session::default(), 1000);
        assert_eq!(sessions.open(&other.access_key, &issued.token, 0), Err(KeyError::WrongToken));
        assert_eq!(Sessions::new(b"b").open(&issued.access_key, &issued.token, 0), Err(KeyError::WrongToken));
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&issued.token).unwrap();
        for place in 0..bytes.len() {
            bytes[place] ^= 1;
            let changed = BASE64_URL_SAFE_NO_PAD.encode(&bytes);
            assert_eq!(sessions.open(&issued.access_key, &changed, 0), Err(KeyError::WrongToken));
            bytes[place] ^= 1;
        }
        for nonsense in ["", "x", "!!!", "AQ"] {
            assert_eq!(sessions.open(&issued.access_key, nonsense, 0), Err(KeyError::WrongToken));
        }
    }
}
