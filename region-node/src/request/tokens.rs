//! Client tokens: the same token with the same parameters is answered as the first time.
//!
//! What was answered is remembered in the transaction that made it true, for 24 hours at least
//! (reference: "Ensuring Idempotency").

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};

use archipelago_proto::{Ec2Error, Ec2Result};
use bytes::Bytes;
use dashmap::DashMap;
use prost::Message;
use sha2::{Digest as _, Sha256};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::Context;
use super::action::Token;
use crate::entity::{Account, Batch};
use crate::store::{Keep, Write};
use crate::time::Millis;

/// AWS: at most 64 ASCII characters.
const LONGEST: usize = 64;
const VALID_FOR: Millis = 48 * 3600 * 1000;
/// Where the store keeps them.
const TOKENS: &str = "client-token";

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    account: Account,
    action: &'static str,
    token: String,
}

/// What was answered to a token.
#[derive(Clone, PartialEq, Message)]
struct Answered {
    #[prost(bytes = "vec", tag = "1")]
    fingerprint: Vec<u8>,
    #[prost(bytes = "bytes", tag = "2")]
    response: Bytes,
    #[prost(int64, tag = "3")]
    expires: Millis,
}

type Slot = Arc<Mutex<Option<Answered>>>;

/// The tokens of a region.
#[derive(Default)]
pub struct Tokens {
    slots: DashMap<String, Slot>,
    /// When each expires, the first one first. A token that is used again stands here twice.
    expiries: std::sync::Mutex<VecDeque<(Millis, String)>>,
}

pub(super) enum Outcome {
    First(Claim),
    /// The response, as it was.
    Replay(Bytes),
}

/// The right to answer a token first. Others with the same token wait until it is dropped.
#[derive(Clone)]
pub(crate) struct Claim(Arc<Claimed>);

struct Claimed {
    key: String,
    fingerprint: Vec<u8>,
    expires: Millis,
    slot: std::sync::Mutex<OwnedMutexGuard<Option<Answered>>>,
}

impl Tokens {
    pub(super) async fn claim(&self, cx: &Context, action: &'static str, token: &Token) -> Ec2Result<Outcome> {
        let Token { text: token, parameters } = token;
        if token.len() > LONGEST || !token.is_ascii() {
            return Err(Ec2Error::invalid_parameter(format!(
                "The client token may have at most {LONGEST} ASCII characters"
            )));
        }
        let key = Key { account: cx.account.clone(), action, token: token.clone() }.text();
        let now = cx.shell.clock.now();
        let slot = self.slots.entry(key.clone()).or_default().clone().lock_owned().await;
        let fingerprint = Sha256::digest(parameters).to_vec();
        match &*slot {
            Some(known) if known.expires > now && known.fingerprint == fingerprint => {
                Ok(Outcome::Replay(known.response.clone()))
            }
            Some(known) if known.expires > now => Err(Ec2Error::new(
                "IdempotentParameterMismatch",
                format!(
                    "The client token '{token}' was used before with other parameters; the request may not be changed"
                ),
            )),
            _ => {
                let expires = now + VALID_FOR;
                self.expiries().push_back((expires, key.clone()));
                let slot = std::sync::Mutex::new(slot);
                Ok(Outcome::First(Claim(Arc::new(Claimed { key, fingerprint, expires, slot }))))
            }
        }
    }

    /// How many are remembered.
    pub fn count(&self) -> usize {
        self.slots.len()
    }

    /// Forgets those that have expired, and those whose requests were refused; returns what the store must forget.
    pub(crate) fn prune(&self, now: Millis) -> Vec<Write> {
        let mut expiries = self.expiries();
        let mut writes = Vec::new();
        while expiries.front().is_some_and(|(expires, _)| *expires <= now) {
            let Some((_, key)) = expiries.pop_front() else { break };
            // Whoever holds the slot, or waits for it, gives the token another time.
            let expired = |slot: &Slot| {
                let kept =
                    || slot.try_lock().map_or(true, |slot| slot.as_ref().is_some_and(|known| known.expires > now));
                Arc::strong_count(slot) == 1 && !kept()
            };
            if self.slots.remove_if(&key, |_, slot| expired(slot)).is_some() {
                writes.push(Write { key: format!("{TOKENS}/{key}"), value: None });
            }
        }
        writes
    }

    fn expiries(&self) -> std::sync::MutexGuard<'_, VecDeque<(Millis, String)>> {
        self.expiries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store has them in the order of their keys.
    pub(crate) fn restored(&self) {
        self.expiries().make_contiguous().sort();
    }

    /// Forgets an account's tokens, or all; returns what the store must forget.
    pub(crate) fn forget_of(&self, account: Option<&str>) -> Vec<Write> {
        let of = |key: &str| account.is_none_or(|account| key.starts_with(&format!("{account}/")));
        let gone: Vec<_> = self.slots.iter().map(|entry| entry.key().clone()).filter(|key| of(key)).collect();
        for key in &gone {
            self.slots.remove(key);
        }
        gone.into_iter().map(|key| Write { key: format!("{TOKENS}/{key}"), value: None }).collect()
    }
}

impl Keep for Tokens {
    fn word(&self) -> &'static str {
        TOKENS
    }

    /// Those that are being answered at the moment are not remembered yet.
    fn records(&self) -> Vec<Write> {
        let known = |slot: &Slot| slot.try_lock().ok().and_then(|slot| slot.clone());
        self.slots.iter().filter_map(|entry| Some(written(entry.key(), &known(entry.value())?))).collect()
    }

    fn restore(&self, key: &str, bytes: &[u8]) -> bool {
        let Ok(answered) = Answered::decode(bytes) else { return false };
        self.expiries().push_back((answered.expires, key.to_owned()));
        self.slots.insert(key.to_owned(), Arc::new(Mutex::new(Some(answered))));
        true
    }

    fn forget(&self) {
        self.slots.clear();
        self.expiries().clear();
    }
}

fn written(key: &str, answered: &Answered) -> Write {
    Write { key: format!("{TOKENS}/{key}"), value: Some(answered.encode_to_vec()) }
}

impl Key {
    fn text(&self) -> String {
        format!("{}/{}/{}", self.account, self.action, self.token)
    }
}

impl Claim {
    /// Adds the response to the transaction of the resources that it tells of.
    pub(super) fn record(&self, batch: &mut Batch, response: Bytes) {
        let answered = Answered { fingerprint: self.0.fingerprint.clone(), response, expires: self.0.expires };
        batch.write(written(&self.0.key, &answered));
        let claim = self.clone();
        batch.when_done(move || **claim.slot() = Some(answered));
    }

    /// Remembers the response of an action that made no batch.
    pub(super) async fn keep(&self, cx: &Context, response: &Bytes) -> Ec2Result<()> {
        let known = self.slot().is_some();
        if !known {
            let mut batch = cx.batch();
            self.record(&mut batch, response.clone());
            batch.commit().await?;
        }
        Ok(())
    }

    fn slot(&self) -> std::sync::MutexGuard<'_, OwnedMutexGuard<Option<Answered>>> {
        self.0.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
