//! A claim against the keyring and the clock.

use std::sync::Arc;

use super::claim::{Claim, Proof, Signable, presented};
use super::{AuthMode, Refusal, v2, v4};
use crate::keyring::{DEFAULT_ACCOUNT, Holder, Keyring, Session, implied_account, root_of};

/// How far a client's clock may be off (reference: "Error Codes", RequestExpired).
const SKEW_MS: i64 = 15 * 60 * 1000;

/// Who called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) account: String,
    pub(crate) principal: String,
    pub(crate) access_key: String,
    /// Of a temporary key.
    pub(crate) session: Option<Arc<Session>>,
}

impl Identity {
    fn of(holder: Holder, access_key: &str) -> Self {
        let Holder { account, principal, session, .. } = holder;
        Self { account, principal, access_key: access_key.to_owned(), session }
    }
}

pub(crate) fn authenticate(
    request: &Signable<'_>,
    keyring: &Keyring,
    mode: AuthMode,
    now_ms: i64,
) -> Result<Identity, Refusal> {
    if mode == AuthMode::Permissive {
        return Ok(believe(request, keyring, now_ms));
    }
    let claim = Claim::read(request)?;
    let identity = verify(request, &claim, keyring, now_ms)?;
    match &claim.proof {
        Proof::V4(proof) if !matches!(proof.scope.service, "ec2" | "sts" | "cloudtrail") => Err(Refusal::WrongService),
        _ => Ok(identity),
    }
}

pub(super) fn verify(
    request: &Signable<'_>,
    claim: &Claim<'_>,
    keyring: &Keyring,
    now_ms: i64,
) -> Result<Identity, Refusal> {
    check_time(claim, now_ms)?;
    let holder = keyring.find(claim.access_key, claim.token, now_ms)?;
    let holds = match &claim.proof {
        Proof::V4(proof) if !signs_host(proof.signed_headers) => {
            let message = "'Host' must be a 'SignedHeader' in the AWS Authorization.";
            return Err(Refusal::Incomplete(message.to_owned()));
        }
        Proof::V4(proof) => v4::holds(proof, &holder.secret, request),
        Proof::V2(proof) => v2::holds(proof, &holder.secret, request),
    };
    if !holds {
        return Err(Refusal::WrongSignature);
    }
    Ok(Identity::of(holder, claim.access_key))
}

/// Whatever can be found out about the caller without checking anything.
fn believe(request: &Signable<'_>, keyring: &Keyring, now_ms: i64) -> Identity {
    let in_scope = presented(request).map(|(access_key, _)| access_key);
    let access_key = in_scope.or_else(|| request.form.get("AWSAccessKeyId")).unwrap_or(DEFAULT_ACCOUNT);
    let from_form = || request.form.get("X-Amz-Security-Token").or_else(|| request.form.get("SecurityToken"));
    let token = request.header("x-amz-security-token").or_else(from_form);
    if let Ok(holder) = keyring.find(access_key, token, now_ms) {
        return Identity::of(holder, access_key);
    }
    let account = implied_account(access_key).unwrap_or(DEFAULT_ACCOUNT);
    Identity {
        account: account.to_owned(),
        principal: root_of(account),
        access_key: access_key.to_owned(),
        session: None,
    }
}

fn signs_host(signed_headers: &str) -> bool {
    signed_headers.split(';').any(|name| name == "host")
}

fn check_time(claim: &Claim<'_>, now_ms: i64) -> Result<(), Refusal> {
    let (signed_ms, expires_ms) = match &claim.proof {
        Proof::V4(proof) => {
            (Some(proof.signed_ms), proof.expires_ms.map(|lifetime| proof.signed_ms.saturating_add(lifetime)))
        }
        Proof::V2(proof) => (proof.signed_ms, proof.expires_ms),
    };
    let last = expires_ms.or(signed_ms).unwrap_or(now_ms);
    if now_ms.saturating_sub(last) > SKEW_MS {
        return Err(Refusal::Expired("Request has expired.".to_owned()));
    }
    if signed_ms.is_some_and(|signed| signed.saturating_sub(now_ms) > SKEW_MS) {
        return Err(Refusal::Expired("Request is dated more than 15 minutes in the future.".to_owned()));
    }
    Ok(())
}
