//! All hosts of a region, for what concerns every kind: tags, dependents, alarms, boot and reset.

use std::collections::HashMap;
use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tokio::sync::oneshot;

use super::actor::Request;
use super::{Entity, Host, Id, Kind, Shelf, TagChange, record};
use crate::request::{TOKENS, Tokens};
use crate::store::{Store, StoreError, Write};

/// A host, whatever its kind.
pub(crate) trait AnyHost: Send + Sync {
    fn kind(&self) -> &'static Kind;
    fn owner(&self, id: &str) -> Option<super::Account>;
    fn tag<'a>(&'a self, id: &'a Id, change: TagChange) -> BoxFuture<'a, Ec2Result<()>>;
    fn hold<'a>(&'a self, id: &'a Id, by: Vec<Id>) -> BoxFuture<'a, Ec2Result<()>>;
    fn tell_hold(&self, id: &Id, by: Vec<Id>);
    fn release(&self, id: &Id, by: Vec<Id>);
    fn wake<'a>(&'a self, id: &'a Id) -> BoxFuture<'a, ()>;
    fn restore(&self, id: &str, bytes: &[u8]) -> bool;
    fn relink(&self, registry: &Registry);
    fn adopt(&self, id: &Id, by: Vec<Id>);
    fn resume(&self);
    fn sweep(&self);
    /// Forgets the resources of an account, or all; returns what the store must forget.
    fn forget(&self, account: Option<&str>) -> Vec<Write>;
    fn resources(&self) -> usize;
    fn live(&self) -> usize;
}

impl<E: Entity> AnyHost for Host<E> {
    fn kind(&self) -> &'static Kind {
        &E::KIND
    }

    fn owner(&self, id: &str) -> Option<super::Account> {
        self.index().get(id).map(|published| published.account.clone())
    }

    fn tag<'a>(&'a self, id: &'a Id, change: TagChange) -> BoxFuture<'a, Ec2Result<()>> {
        self.request(id, |reply| Request::Tag(change, reply)).boxed()
    }

    fn hold<'a>(&'a self, id: &'a Id, by: Vec<Id>) -> BoxFuture<'a, Ec2Result<()>> {
        self.request(id, |reply| Request::Hold(by, Some(reply))).boxed()
    }

    fn tell_hold(&self, id: &Id, by: Vec<Id>) {
        if self.index().get(id).is_some() {
            self.send(id, Request::Hold(by, None));
        }
    }

    fn release(&self, id: &Id, by: Vec<Id>) {
        if self.index().get(id).is_some() {
            self.send(id, Request::Release(by));
        }
    }

    fn wake<'a>(&'a self, id: &'a Id) -> BoxFuture<'a, ()> {
        async move {
            let due = self.index().get(id).and_then(|published| published.state.due());
            if due.is_some_and(|due| due <= self.0.shell.clock.now()) {
                let elapse = |reply: oneshot::Sender<Ec2Result<()>>| Request::Elapse(reply);
                if let Err(error) = self.request(id, elapse).await {
                    tracing::warn!(%id, %error, "a due change failed");
                }
                self.follow_up(id).await;
            }
        }
        .boxed()
    }

    fn restore(&self, id: &str, bytes: &[u8]) -> bool {
        let Some(published) = record::restore::<E>(id, bytes) else { return false };
        self.0.shell.continue_after(published.sequence);
        self.0.publish(None, &Arc::new(published));
        true
    }

    fn relink(&self, registry: &Registry) {
        let mut links: HashMap<Id, Vec<Id>> = HashMap::new();
        for published in self.index().all() {
            for link in published.state.links() {
                links.entry(link).or_default().push(published.id.clone());
            }
        }
        for (link, by) in links {
            if let Some(host) = registry.host(&link) {
                host.adopt(&link, by);
            }
        }
    }

    fn adopt(&self, id: &Id, by: Vec<Id>) {
        if let Some(published) = self.index().get(id) {
            let mut dependents = published.dependents.clone();
            dependents.extend(by);
            self.index().publish(&Arc::new(published.with_dependents(dependents)));
        }
    }

    fn resume(&self) {
        for published in self.index().all() {
            if published.state.intent() {
                let host = self.clone();
                tokio::spawn(async move { host.follow_up(&published.id).await });
            }
        }
    }

    fn sweep(&self) {
        Self::sweep(self);
    }

    fn forget(&self, account: Option<&str>) -> Vec<Write> {
        let gone = match account {
            Some(account) => self.index().shelf(&Shelf::Owner(account.into())).values().cloned().collect(),
            None => self.index().all(),
        };
        for published in &gone {
            self.0.withdraw(published);
        }
        gone.iter().map(|published| record::delete::<E>(&published.id)).collect()
    }

    fn resources(&self) -> usize {
        self.index().len()
    }

    fn live(&self) -> usize {
        Self::live(self)
    }
}

pub struct Registry(HashMap<&'static str, Box<dyn AnyHost>>);

impl Registry {
    pub(crate) fn new(hosts: Vec<Box<dyn AnyHost>>) -> Self {
        Self(hosts.into_iter().map(|host| (host.kind().prefix, host)).collect())
    }

    pub(crate) fn hosts(&self) -> impl Iterator<Item = &dyn AnyHost> {
        self.0.values().map(AsRef::as_ref)
    }

    pub(crate) fn host(&self, id: &str) -> Option<&dyn AnyHost> {
        let (prefix, _) = id.rsplit_once('-')?;
        self.0.get(prefix).map(AsRef::as_ref)
    }

    /// The kind of a resource of this account, or the error that EC2 has for the id.
    pub fn kind_of(&self, account: &str, id: &str) -> Ec2Result<&'static Kind> {
        let unknown = || Ec2Error::new("InvalidID", format!("The ID '{id}' is not valid"));
        let host = self.host(id).ok_or_else(unknown)?;
        host.kind().check(id)?;
        match host.owner(id) {
            Some(owner) if *owner == *account => Ok(host.kind()),
            _ => Err(host.kind().not_found(id)),
        }
    }

    /// Changes the tags of a resource of any kind.
    pub async fn tag(&self, id: &Id, change: TagChange) -> Ec2Result<()> {
        match self.host(id) {
            Some(host) => host.tag(id, change).await,
            None => Err(Ec2Error::new("InvalidID", format!("The ID '{id}' is not valid"))),
        }
    }

    /// Tells a resource that others link to it; fails if it is gone.
    pub(crate) async fn hold(&self, id: &Id, by: Vec<Id>) -> Ec2Result<()> {
        match self.host(id) {
            Some(host) => host.hold(id, by).await,
            None => Ok(()),
        }
    }

    pub(super) fn tell_hold(&self, id: &Id, by: Vec<Id>) {
        if let Some(host) = self.host(id) {
            host.tell_hold(id, by);
        }
    }

    pub(crate) fn release(&self, id: &Id, by: Vec<Id>) {
        if let Some(host) = self.host(id) {
            host.release(id, by);
        }
    }

    pub(crate) async fn wake(&self, id: &Id) {
        if let Some(host) = self.host(id) {
            host.wake(id).await;
        }
    }

    /// Brings back what the store holds.
    pub(crate) fn restore(&self, store: &Store, tokens: &Tokens) -> Result<(), StoreError> {
        let mut lost = None;
        store.load(&mut |key, bytes| {
            let restored = match key.split_once('/') {
                Some((TOKENS, token)) => tokens.restore(token, bytes),
                Some((kind, id)) => self.0.get(kind).is_some_and(|host| host.restore(id, bytes)),
                None => false,
            };
            if !restored {
                lost = Some(key.to_owned());
            }
        })?;
        for host in self.hosts() {
            host.relink(self);
        }
        match lost {
            Some(key) => Err(StoreError(format!("the record {key} cannot be read"))),
            None => Ok(()),
        }
    }
}
