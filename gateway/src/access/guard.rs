//! The directory of the moment.

use std::sync::{Arc, PoisonError, RwLock};

use super::Identities;
use super::directory::{Directory, Member};
use super::message::Seal;
use super::restrictions::Restrictions;
use crate::policy::Document;
use crate::signature::Identity;

pub(crate) struct Guard {
    directory: RwLock<Arc<Directory>>,
    pub(super) seal: Seal,
}

impl Guard {
    pub(crate) fn new(directory: Directory, cluster_secret: &[u8]) -> Self {
        Self { directory: RwLock::new(Arc::new(directory)), seal: Seal::new(cluster_secret) }
    }

    pub(super) fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes who there is, if what comes of it is in order.
    pub(super) fn change(&self, change: impl FnOnce(&mut Identities)) -> Result<(), String> {
        let mut directory = self.directory.write().unwrap_or_else(PoisonError::into_inner);
        let mut source = directory.source.clone();
        change(&mut source);
        *directory = Arc::new(Directory::new(source)?);
        Ok(())
    }

    /// Who there is, in the operator's words.
    pub(crate) fn identities(&self) -> Identities {
        self.directory().source.clone()
    }

    /// Whoever there was is gone, and these are there.
    pub(crate) fn replace(&self, identities: Identities) -> Result<(), String> {
        self.change(|known| *known = identities)
    }

    /// What binds a caller; None for who may do everything.
    pub(crate) fn restrictions(&self, caller: &Identity) -> Option<Restrictions> {
        let directory = self.directory.read().unwrap_or_else(PoisonError::into_inner);
        let account = directory.account(&caller.account);
        let session = caller.session.as_deref().filter(|session| session.is_restricted());
        if account.is_none() && session.is_none() {
            return None;
        }
        let member = account.and_then(|account| account.member(&caller.principal)).cloned();
        let root = caller.principal.ends_with(":root");
        if root && session.is_none() {
            return None;
        }
        let mut restrictions = match (&member, account) {
            (Some(member), _) => Restrictions {
                identity: Some(member.policies.clone()),
                boundary: member.boundary.clone(),
                ..Restrictions::none()
            },
            (None, Some(_)) if !root => Restrictions::none(),
            (None, _) => Restrictions { identity: None, ..Restrictions::none() },
        };
        restrictions.member = member;
        restrictions.session = session.map(|session| {
            let own = session.policies.iter().filter_map(|text| Document::identity(text).ok().map(Arc::new));
            // One that has been taken away since allows nothing.
            let named = session.policy_arns.iter().filter_map(|name| policy(account, name));
            own.chain(named).collect()
        });
        Some(restrictions)
    }

    /// A configured role; an error where the account has roles or users, but not this one.
    pub(crate) fn role(&self, account: &str, arn: &str) -> Result<Option<Arc<Member>>, ()> {
        let directory = self.directory();
        let Some(account) = directory.account(account) else { return Ok(None) };
        let found = account.member(arn).filter(|member| member.arn == arn);
        found.cloned().map(Some).ok_or(())
    }

    /// Whether sessions of an account may have this policy.
    pub(crate) fn knows_policy(&self, account: &str, name: &str) -> bool {
        policy(self.directory().account(account), name).is_some()
    }
}

fn policy(account: Option<&super::directory::Account>, name: &str) -> Option<Arc<Document>> {
    match account {
        Some(account) => account.policy(name),
        None => super::builtin::find(name).and_then(|text| Document::identity(&text).ok().map(Arc::new)),
    }
}
