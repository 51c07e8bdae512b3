//! The keys of encrypted volumes and snapshots. There is no key service here: a key exists as soon as it is named.

use archipelago_proto::{Ec2Error, Ec2Result};
use sha2::{Digest as _, Sha256};

use crate::families::accounts::account_id;
use crate::request::Context;

/// The alias of the key that AWS keeps for each account and region.
pub(super) const AWS_KEY: &str = "alias/aws/ebs";

/// What a request says of encryption.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    pub encrypted: Option<bool>,
    pub key: Option<&'a str>,
}

/// The ARN of the key that a new volume or snapshot has, if it is encrypted. `source` is the key of what it is made from.
///
/// Once encrypted, data stay encrypted, and so they do where the account encrypts by default
/// (AWS: "Amazon EBS encryption", the table of outcomes).
pub fn encryption(cx: &Context, wanted: Wanted<'_>, source: Option<&str>) -> Ec2Result<Option<String>> {
    if let Some(key) = wanted.key {
        if wanted.encrypted != Some(true) && source.is_none() && !by_default(cx) {
            return Err(Ec2Error::new(
                "InvalidParameterDependency",
                "The parameter KmsKeyId requires the parameter Encrypted to be set.",
            ));
        }
        return key_arn(cx, key).map(Some);
    }
    let inherited = source.filter(|key| key_account(key) == Some(&*cx.account)).map(str::to_owned);
    let encrypted = wanted.encrypted == Some(true) || source.is_some() || by_default(cx);
    Ok(encrypted.then(|| inherited.unwrap_or_else(|| default_key(cx))))
}

pub(super) fn by_default(cx: &Context) -> bool {
    let account = cx.accounts.index().get(&account_id(&cx.account));
    account.is_some_and(|account| account.state.settings.ebs_encryption_by_default)
}

/// The ARN of the account's default key.
pub fn default_key(cx: &Context) -> String {
    let account = cx.accounts.index().get(&account_id(&cx.account));
    let set = account.map(|account| account.state.settings.ebs_default_kms_key.clone()).unwrap_or_default();
    if set.is_empty() { aliased(cx, AWS_KEY) } else { set }
}

/// The ARN of the key that AWS keeps for the account, which cannot be shared.
pub fn aws_key(cx: &Context) -> String {
    aliased(cx, AWS_KEY)
}

/// The ARN of a key that is named by its id, its alias, or the ARN of either.
pub fn key_arn(cx: &Context, name: &str) -> Ec2Result<String> {
    let invalid = || Ec2Error::invalid_value("KmsKeyId", name);
    let Some(arn) = name.strip_prefix("arn:") else {
        return match name.strip_prefix("alias/") {
            Some(alias) if !alias.is_empty() => Ok(aliased(cx, name)),
            None if is_key_id(name) => Ok(arn_of(cx, &cx.account, name)),
            _ => Err(invalid()),
        };
    };
    let parts: Vec<_> = arn.splitn(5, ':').collect();
    let [partition, "kms", region, account, resource] = parts[..] else { return Err(invalid()) };
    let here = partition == cx.facts.partition.id() && region == cx.facts.name;
    let is_account = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    match resource.split_once('/') {
        Some(("key", id)) if here && is_account && is_key_id(id) => Ok(name.to_owned()),
        Some(("alias", alias)) if here && is_account && !alias.is_empty() => {
            Ok(arn_of(cx, account, &derived_id(account, cx.facts.name, resource)))
        }
        _ => Err(invalid()),
    }
}

/// The account in a key's ARN.
pub fn key_account(arn: &str) -> Option<&str> {
    arn.split(':').nth(4)
}

fn is_key_id(id: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some(digits) = id.strip_prefix("mrk-") {
        digits.len() == 32 && hex(digits)
    } else {
        let parts: Vec<_> = id.split('-').collect();
        parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.into_iter().all(hex)
    }
}

fn aliased(cx: &Context, alias: &str) -> String {
    arn_of(cx, &cx.account, &derived_id(&cx.account, cx.facts.name, alias))
}

fn arn_of(cx: &Context, account: &str, id: &str) -> String {
    format!("arn:{}:kms:{}:{account}:key/{id}", cx.facts.partition.id(), cx.facts.name)
}

/// An alias stands for the same key at all times.
fn derived_id(account: &str, region: &str, alias: &str) -> String {
    uuid_of(&format!("{account}/{region}/{alias}"))
}

/// The id of the key that encrypts the data of a new volume or snapshot.
pub fn data_key(of: &str) -> String {
    uuid_of(&format!("data key of {of}"))
}

fn uuid_of(text: &str) -> String {
    let hash = hex(&Sha256::digest(text)[..16]);
    format!("{}-{}-4{}-a{}-{}", &hash[..8], &hash[8..12], &hash[13..16], &hash[17..20], &hash[20..32])
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
