//! The authorization message: why a request was refused, sealed for whoever may decode it (AWS STS API Reference,
//! DecodeAuthorizationMessage).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::restrictions::{Permission, Refused};
use crate::crypto::{hmac_sha256, random, same};
use crate::policy::Statement;
use crate::signature::Identity;
use crate::sts::unique_id;

const NONCE: usize = 16;
const TAG: usize = 32;

/// Hides a text and proves whose it is: a key stream of HMACs over a counter, then an HMAC over all.
pub(super) struct Seal {
    stream: [u8; 32],
    tag: [u8; 32],
}

impl Seal {
    /// All gateways of a cluster open each other's messages.
    pub(super) fn new(cluster_secret: &[u8]) -> Self {
        Self {
            stream: hmac_sha256(cluster_secret, b"archipelago authorization messages"),
            tag: hmac_sha256(cluster_secret, b"archipelago authorization message seals"),
        }
    }

    fn close(&self, text: &str) -> String {
        let nonce = random::<NONCE>();
        let mut sealed = nonce.to_vec();
        sealed.extend(self.masked(&nonce, text.as_bytes()));
        sealed.extend(hmac_sha256(&self.tag, &sealed));
        BASE64_URL_SAFE_NO_PAD.encode(sealed)
    }

    fn open(&self, text: &str) -> Option<String> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(text.trim()).ok()?;
        let (content, tag) = sealed.split_last_chunk::<TAG>()?;
        if !same(&hmac_sha256(&self.tag, content), tag) {
            return None;
        }
        let (nonce, hidden) = content.split_first_chunk::<NONCE>()?;
        String::from_utf8(self.masked(nonce, hidden)).ok()
    }

    fn masked(&self, nonce: &[u8; NONCE], text: &[u8]) -> Vec<u8> {
        let blocks = text.chunks(32).zip(0_u64..).flat_map(|(block, number)| {
            let mask = hmac_sha256(&self.stream, &[nonce.as_slice(), &number.to_be_bytes()].concat());
            block.iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect::<Vec<_>>()
        });
        blocks.collect()
    }

    /// The message as clients get it, before it is decoded.
    pub(super) fn write(&self, caller: &Identity, permission: &Permission, refused: &Refused<'_>) -> String {
        let text = json!({ "account": caller.account, "message": explain(caller, permission, refused).to_string() });
        self.close(&text.to_string())
    }

    /// A message of this account's.
    pub(super) fn read(&self, account: &str, text: &str) -> Option<String> {
        let opened: Value = serde_json::from_str(&self.open(text)?).ok()?;
        (opened["account"] == account).then(|| opened["message"].as_str().map(str::to_owned)).flatten()
    }
}

fn explain(caller: &Identity, permission: &Permission, refused: &Refused<'_>) -> Value {
    let id = unique_id(&caller.principal, &caller.account);
    let matched: Vec<_> = match refused {
        Refused::Denied(_, statement) => vec![shown(statement, &id)],
        Refused::Silent(_) => Vec::new(),
    };
    let conditions =
        permission.context.sorted().into_iter().map(|(key, values)| json!({ "key": key, "values": items(values) }));
    json!({
        "allowed": false,
        "explicitDeny": !matched.is_empty(),
        "matchedStatements": { "items": matched },
        "failures": { "items": [] },
        "context": {
            "principal": { "id": id, "name": caller.principal.rsplit('/').next(), "arn": caller.principal },
            "action": permission.action,
            "resource": permission.resource,
            "conditions": { "items": conditions.collect::<Vec<_>>() },
        },
    })
}

fn shown(statement: &Statement, principal: &str) -> Value {
    let conditions = statement.conditions.iter().map(|condition| {
        let (key, values) = &condition.written;
        json!({ "key": key, "values": items(values) })
    });
    json!({
        "statementId": statement.id,
        "effect": if statement.allows { "ALLOW" } else { "DENY" },
        "principals": items(&[principal.to_owned()]),
        "principalGroups": { "items": [] },
        "actions": items(&statement.actions.written),
        "resources": items(statement.resources.as_ref().map_or(&[][..], |resources| resources.written.as_slice())),
        "conditions": { "items": conditions.collect::<Vec<_>>() },
    })
}

fn items(values: &[String]) -> Value {
    json!({ "items": values.iter().map(|value| json!({ "value": value })).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_clusters_own_messages_open() {
        let seal = Seal::new(b"cluster");
        let closed = seal.close("why it was refused, at some length, over more than one block");
        assert_eq!(
            Seal::new(b"cluster").open(&closed).as_deref(),
            Some("why it was refused, at some length, over more than one block")
        );
        assert_ne!(closed, seal.close("why it was refused, at some length, over more than one block"));
        assert_eq!(Seal::new(b"other").open(&closed), None);
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(&closed).unwrap();
        for place in 0..bytes.len() {
            bytes[place] ^= 1;
            assert_eq!(seal.open(&BASE64_URL_SAFE_NO_PAD.encode(&bytes)), None);
            bytes[place] ^= 1;
        }
        for nonsense in ["", "x", "!!!", "AQ"] {
            assert_eq!(seal.open(nonsense), None);
        }
    }
}
