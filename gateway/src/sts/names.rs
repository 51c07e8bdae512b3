//! ARNs of roles and of those who assume them, and the unique ids that IAM gives to them.

use crate::crypto::sha256;
use crate::keyring::{base32, is_account, resource_of};

/// `arn:aws:iam::123456789012:role/path/deploy`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Role<'a> {
    pub(super) account: &'a str,
    pub(super) name: &'a str,
    partition: &'a str,
}

impl<'a> Role<'a> {
    pub(super) fn parse(arn: &'a str) -> Option<Self> {
        let parts: Vec<_> = arn.splitn(6, ':').collect();
        let ["arn", partition, "iam", "", account, resource] = parts[..] else { return None };
        let name = resource.strip_prefix("role/")?.rsplit('/').next()?;
        let fits = is_account(account) && partition.starts_with("aws") && is_name(name, 1);
        fits.then_some(Self { account, name, partition })
    }

    pub(super) fn session_arn(&self, session: &str) -> String {
        format!("arn:{}:sts::{}:assumed-role/{}/{session}", self.partition, self.account, self.name)
    }
}

/// The characters that IAM allows in the names of roles and sessions.
pub(super) fn is_name(text: &str, shortest: usize) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    (shortest..=64).contains(&text.len()) && text.bytes().all(allowed)
}

/// The unique id of a principal: the same for the same ARN, at every gateway.
pub(crate) fn unique_id(arn: &str, account: &str) -> String {
    let resource = resource_of(arn);
    if let Some(assumed) = resource.strip_prefix("assumed-role/")
        && let Some((role, session)) = assumed.split_once('/')
    {
        return format!("{}:{session}", digest("AROA", &format!("{account}/{role}")));
    }
    match resource.split_once('/') {
        Some(("user", _)) => digest("AIDA", arn),
        Some(("role", _)) => digest("AROA", arn),
        _ => account.to_owned(),
    }
}

fn digest(prefix: &str, of: &str) -> String {
    format!("{prefix}{}", base32(&sha256(of.as_bytes())[..17]))
}
