//! Identities, checked and compiled.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::builtin;
use super::identities::{Identities, Text};
use crate::keyring::{is_account, resource_of};
use crate::policy::Document;

/// Who there is, by account; accounts that are not here are unrestricted.
#[derive(Debug, Default)]
pub struct Directory {
    pub(super) source: Identities,
    accounts: HashMap<String, Account>,
}

#[derive(Debug, Default)]
pub(super) struct Account {
    users: HashMap<String, Arc<Member>>,
    roles: HashMap<String, Arc<Member>>,
    policies: HashMap<String, Arc<Document>>,
}

/// A user or a role.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) arn: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(super) policies: Vec<Arc<Document>>,
    pub(super) boundary: Option<Arc<Document>>,
    /// Of a role.
    pub(crate) trust: Option<Document>,
    pub(crate) max_session: i64,
}

impl Directory {
    /// Fails with who or what is wrong, and why.
    pub fn new(source: Identities) -> Result<Self, String> {
        let mut accounts: HashMap<String, Account> = HashMap::new();
        for policy in &source.policies {
            let what = format!("the policy {} of account {}", policy.name, policy.account);
            let account = enter(&mut accounts, &policy.account, &policy.name, &what)?;
            let document = compile(&policy.document, &what)?;
            unique(account.policies.insert(policy.name.clone(), document), &what)?;
        }
        let mut groups: HashMap<(&str, &str), Vec<Arc<Document>>> = HashMap::new();
        for group in &source.groups {
            let what = format!("the group {} of account {}", group.name, group.account);
            let account = enter(&mut accounts, &group.account, &group.name, &what)?;
            let documents = account.documents(&group.policies, &group.inline, &what)?;
            unique(groups.insert((&group.account, &group.name), documents), &what)?;
        }
        for user in &source.users {
            let what = format!("the user {} of account {}", user.name, user.account);
            let account = enter(&mut accounts, &user.account, &user.name, &what)?;
            let mut policies = account.documents(&user.policies, &user.inline, &what)?;
            for name in &user.groups {
                let group = groups.get(&(user.account.as_str(), name.as_str()));
                policies.extend_from_slice(group.ok_or_else(|| format!("{what}: there is no group {name}"))?);
            }
            let member = Member {
                arn: format!("arn:aws:iam::{}:user{}{}", user.account, path(&user.path, &what)?, user.name),
                tags: user.tags.clone(),
                policies,
                boundary: account.boundary(user.boundary.as_deref(), &what)?,
                trust: None,
                max_session: 0,
            };
            unique(account.users.insert(user.name.clone(), Arc::new(member)), &what)?;
        }
        for role in &source.roles {
            let what = format!("the role {} of account {}", role.name, role.account);
            let account = enter(&mut accounts, &role.account, &role.name, &what)?;
            if !(3600..=43_200).contains(&role.max_session) {
                return Err(format!("{what}: max_session must lie between 3600 and 43200 seconds"));
            }
            let trust =
                Document::trust(&role.trust.json()).map_err(|why| format!("{what}: its trust policy: {why}"))?;
            let member = Member {
                arn: format!("arn:aws:iam::{}:role{}{}", role.account, path(&role.path, &what)?, role.name),
                tags: role.tags.clone(),
                policies: account.documents(&role.policies, &role.inline, &what)?,
                boundary: account.boundary(role.boundary.as_deref(), &what)?,
                trust: Some(trust),
                max_session: role.max_session,
            };
            unique(account.roles.insert(role.name.clone(), Arc::new(member)), &what)?;
        }
        Ok(Self { source, accounts })
    }

    pub(super) fn account(&self, account: &str) -> Option<&Account> {
        self.accounts.get(account)
    }

    /// Whether a key may be this principal's: where an account has identities, its keys are of one of them or of its
    /// root.
    pub fn check_principal(&self, account: &str, principal: &str) -> Result<(), String> {
        let known = self.account(account).is_none_or(|known| {
            principal.ends_with(":root") || known.member(principal).is_some_and(|member| member.arn == principal)
        });
        if known { Ok(()) } else { Err(format!("account {account} has no {principal}")) }
    }
}

impl Account {
    /// The user or the role of an ARN, of a role's session too.
    pub(super) fn member(&self, principal: &str) -> Option<&Arc<Member>> {
        match resource_of(principal).split_once('/')? {
            ("user", rest) => self.users.get(rest.rsplit('/').next()?),
            ("role", rest) => self.roles.get(rest.rsplit('/').next()?),
            ("assumed-role", rest) => self.roles.get(rest.split('/').next()?),
            _ => None,
        }
    }

    /// A policy by its name or by its ARN.
    pub(super) fn policy(&self, name: &str) -> Option<Arc<Document>> {
        if let Some(text) = builtin::find(name) {
            return Document::identity(&text).ok().map(Arc::new);
        }
        let own = name.split_once(":policy/").and_then(|(_, name)| name.rsplit('/').next());
        self.policies.get(own.unwrap_or(name)).cloned()
    }

    fn documents(&self, attached: &[String], inline: &[Text], what: &str) -> Result<Vec<Arc<Document>>, String> {
        let missing = |name: &String| format!("{what}: there is no policy {name}");
        let attached = attached.iter().map(|name| self.policy(name).ok_or_else(|| missing(name)));
        attached.chain(inline.iter().map(|text| compile(text, what))).collect()
    }

    fn boundary(&self, name: Option<&str>, what: &str) -> Result<Option<Arc<Document>>, String> {
        let missing = |name| format!("{what}: there is no policy {name}");
        name.map(|name| self.policy(name).ok_or_else(|| missing(name))).transpose()
    }
}

fn enter<'a>(
    accounts: &'a mut HashMap<String, Account>,
    account: &str,
    name: &str,
    what: &str,
) -> Result<&'a mut Account, String> {
    if !is_account(account) {
        return Err(format!("{what}: an account has 12 digits"));
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte);
    if !(1..=128).contains(&name.len()) || !name.bytes().all(legal) {
        return Err(format!("{what}: a name has up to 128 letters, digits and _+=,.@-"));
    }
    Ok(accounts.entry(account.to_owned()).or_default())
}

fn compile(text: &Text, what: &str) -> Result<Arc<Document>, String> {
    Document::identity(&text.json()).map(Arc::new).map_err(|why| format!("{what}: {why}"))
}

fn path<'p>(path: &'p str, what: &str) -> Result<&'p str, String> {
    let fits = path.starts_with('/') && path.ends_with('/') && !path.contains([':', ' ']);
    if fits { Ok(path) } else { Err(format!("{what}: a path begins and ends with /")) }
}

fn unique<T>(former: Option<T>, what: &str) -> Result<(), String> {
    if former.is_none() { Ok(()) } else { Err(format!("{what} is there twice")) }
}
