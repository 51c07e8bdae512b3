//! All hosts of a region, for what concerns every kind: tags, dependents, alarms, boot and reset.

use std::collections::HashMap;
use std::sync::Arc;

use archipelago_proto::ec2::v1::Tag;
use archipelago_proto::{Ec2Error, Ec2Result};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use imbl::{OrdMap, OrdSet};
use tokio::sync::oneshot;

use super::actor::Request;
use super::record::Recorded;
use super::{Account, CATALOGUE, Entity, Host, Id, Kind, Published, Shelf, TagChange, TagIndex, Tagged, record, uuid};
use crate::quotas::{self, Quotas};
use crate::store::Write;

/// A host, whatever its kind.
pub(crate) trait AnyHost: Send + Sync {
    fn kind(&self) -> &'static Kind;
    fn taggable(&self) -> bool;
    /// The kinds of its parts that have tags.
    fn parts(&self) -> &'static [Kind];
    /// Whether a resource is an account's, or a part of one.
    fn has(&self, account: &str, id: &str) -> bool;
    /// The resource that has a part of this id.
    fn owner_of(&self, part: &str) -> Option<Id>;
    fn tag<'a>(&'a self, id: &'a Id, by: Account, change: TagChange) -> BoxFuture<'a, Ec2Result<()>>;
    fn hold<'a>(&'a self, id: &'a Id, by: Vec<Id>) -> BoxFuture<'a, Ec2Result<()>>;
    fn tell_hold(&self, id: &Id, by: Vec<Id>);
    fn release(&self, id: &Id, by: Vec<Id>);
    /// Has a resource go through what is due; returns the work that this leaves to do.
    fn wake<'a>(&'a self, id: &'a Id) -> BoxFuture<'a, Option<BoxFuture<'static, ()>>>;
    /// Its resources as they are now, but for the catalogue.
    fn recorded(&self) -> Vec<Arc<dyn Recorded>>;
    /// Whether a record can be read.
    fn reads(&self, id: &str, bytes: &[u8]) -> bool;
    fn restore(&self, id: &str, bytes: &[u8]) -> bool;
    fn relink(&self, registry: &Registry);
    fn adopt(&self, id: &Id, by: Vec<Id>);
    fn resume(&self);
    fn sweep(&self);
    /// Forgets the resources of an account, or all but the catalogue; returns what the store must forget.
    fn forget(&self, account: Option<&str>) -> Vec<Write>;
    /// Enters in the ledger what each resource takes.
    fn weigh(&self, quotas: &Quotas);
    /// Forgets all but the catalogue, and lets nobody know: what they link to is forgotten too.
    fn clear(&self);
    /// Whether others do not see yet what some of its resources are.
    fn lags(&self) -> bool;
    /// Whether others do not see yet that a resource exists.
    fn hides(&self, id: &str) -> bool;
    fn hides_name(&self, account: &str, name: &str) -> bool;
    /// The tags that are seen on those of its resources that lag; None where none is seen at all.
    fn lagging_tags(&self, account: &str) -> Vec<(Id, Option<Vec<Tag>>)>;
    fn resources(&self) -> usize;
    fn live(&self) -> usize;
}

impl<E: Entity> AnyHost for Host<E> {
    fn kind(&self) -> &'static Kind {
        &E::KIND
    }

    fn taggable(&self) -> bool {
        E::TAGGABLE
    }

    fn parts(&self) -> &'static [Kind] {
        E::TAGGED_PARTS
    }

    fn has(&self, account: &str, id: &str) -> bool {
        let found = self.index().get(id).or_else(|| self.index().of_part(id));
        found.is_some_and(|published| {
            let guest = published.state.guest().is_some_and(|(guest, _)| guest == account);
            *published.account == *account || guest
        })
    }

    fn owner_of(&self, part: &str) -> Option<Id> {
        self.index().of_part(part).map(|owner| owner.id.clone())
    }

    fn tag<'a>(&'a self, id: &'a Id, by: Account, change: TagChange) -> BoxFuture<'a, Ec2Result<()>> {
        async move {
            match self.index().of_part(id) {
                Some(owner) => {
                    let part = Some(id.clone());
                    self.request(&owner.id, |reply| Request::Tag(part, by, change, reply)).await
                }
                None => self.request(id, |reply| Request::Tag(None, by, change, reply)).await,
            }
        }
        .boxed()
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

    fn wake<'a>(&'a self, id: &'a Id) -> BoxFuture<'a, Option<BoxFuture<'static, ()>>> {
        async move {
            let due = self.index().get(id).and_then(|published| published.state.due());
            if due.is_none_or(|due| due > self.0.shell.clock.now()) {
                return None;
            }
            let elapse = |reply: oneshot::Sender<Ec2Result<()>>| Request::Elapse(reply);
            if let Err(error) = self.request(id, elapse).await {
                tracing::warn!(%id, %error, "a due change failed");
            }
            let owed = self.index().get(id).is_some_and(|published| published.state.intent());
            let (host, id) = (self.clone(), id.clone());
            owed.then(|| async move { host.follow_up(&id).await }.boxed())
        }
        .boxed()
    }

    fn recorded(&self) -> Vec<Arc<dyn Recorded>> {
        let own = self.index().all().into_iter().filter(|published| published.sequence >= CATALOGUE);
        own.map(|published| published as Arc<dyn Recorded>).collect()
    }

    fn reads(&self, id: &str, bytes: &[u8]) -> bool {
        record::restore::<E>(id, bytes).is_some()
    }

    fn restore(&self, id: &str, bytes: &[u8]) -> bool {
        let Some(published) = record::restore::<E>(id, bytes) else { return false };
        self.0.shell.continue_from(published.sequence + 1);
        self.0.publish_at_once(&self.0.shell.change(), None, &Arc::new(published));
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
        let gone: Vec<_> = gone.into_iter().filter(|published| published.sequence >= CATALOGUE).collect();
        let changing = self.0.shell.change();
        for published in &gone {
            self.0.lag.forget(&published.id);
            self.0.withdraw_at_once(&changing, published);
        }
        gone.iter().map(|published| record::delete::<E>(&published.id)).collect()
    }

    fn clear(&self) {
        self.0.lag.clear();
        let changing = self.0.shell.change();
        for published in self.index().all() {
            if published.sequence >= CATALOGUE {
                self.0.take_away(&changing, &published);
            } else {
                self.index().publish(&Arc::new(published.with_dependents(OrdSet::new())));
            }
        }
    }

    fn weigh(&self, quotas: &Quotas) {
        for published in self.index().all().into_iter().filter(|published| published.sequence >= CATALOGUE) {
            quotas.enter(&published.id, &[], &quotas::loads(&published));
        }
    }

    fn lags(&self) -> bool {
        !self.0.lag.is_empty()
    }

    fn hides(&self, id: &str) -> bool {
        self.index().get(id).is_some() && self.seen(id).is_none()
    }

    fn hides_name(&self, account: &str, name: &str) -> bool {
        let named = |published: &Published<E>| *published.account == *account && published.state.name() == Some(name);
        let hidden = self.0.lag.all(self.0.shell.clock.now()).into_iter().filter(|lagging| lagging.seen.is_none());
        hidden.filter_map(|lagging| self.index().get(&lagging.id)).any(|published| named(&published))
    }

    fn lagging_tags(&self, account: &str) -> Vec<(Id, Option<Vec<Tag>>)> {
        let all = self.0.lag.all(self.0.shell.clock.now()).into_iter();
        let own = all.filter(|lagging| {
            let known = lagging.seen.clone().or_else(|| self.index().get(&lagging.id));
            known.is_some_and(|known| *known.account == *account)
        });
        own.map(|lagging| (lagging.id, lagging.seen.map(|seen| seen.state.tags().to_vec()))).collect()
    }

    fn resources(&self) -> usize {
        self.index().len()
    }

    fn live(&self) -> usize {
        Self::live(self)
    }
}

pub struct Registry {
    hosts: HashMap<&'static str, Box<dyn AnyHost>>,
    /// The kinds of parts that have tags, and the kinds that they are parts of.
    parts: HashMap<&'static str, (&'static Kind, &'static Kind)>,
}

impl Registry {
    pub(crate) fn new(hosts: Vec<Box<dyn AnyHost>>) -> Self {
        let parts = hosts.iter().flat_map(|host| host.parts().iter().map(|part| (part.prefix, (part, host.kind()))));
        Self { parts: parts.collect(), hosts: hosts.into_iter().map(|host| (host.kind().prefix, host)).collect() }
    }

    pub(crate) fn hosts(&self) -> impl Iterator<Item = &dyn AnyHost> {
        self.hosts.values().map(AsRef::as_ref)
    }

    pub(crate) fn host(&self, id: &str) -> Option<&dyn AnyHost> {
        self.hosts.get(uuid::prefix(id)).map(AsRef::as_ref)
    }

    /// What may be tagged under this id: a resource, or a part of one.
    fn tagged(&self, id: &str) -> Ec2Result<(&dyn AnyHost, &'static Kind)> {
        let unknown = || Ec2Error::new("InvalidID", format!("The ID '{id}' is not valid"));
        let prefix = uuid::prefix(id);
        let (kind, of) = match self.parts.get(prefix) {
            Some((kind, of)) => (Some(*kind), of.prefix),
            None => (None, prefix),
        };
        let host = self.hosts.get(of).filter(|host| kind.is_some() || host.taggable()).ok_or_else(unknown)?;
        Ok((host.as_ref(), kind.unwrap_or(host.kind())))
    }

    /// The kind of a resource of this account, or the error that EC2 has for the id.
    pub fn kind_of(&self, account: &str, id: &str) -> Ec2Result<&'static Kind> {
        let (host, kind) = self.tagged(id)?;
        kind.check(id)?;
        if host.has(account, id) { Ok(kind) } else { Err(kind.not_found(id)) }
    }

    /// The resource type that an id tells, and the resource that it names: for the id of a part that has no tags of
    /// its own, the one whose part it is. Whether it exists, and whose it is, is another question.
    pub(crate) fn named(&self, id: &str) -> Option<(&'static str, Id)> {
        let prefix = uuid::prefix(id);
        let own = self.parts.get(prefix).map(|(kind, _)| *kind).or_else(|| Some(self.hosts.get(prefix)?.kind()));
        if let Some(kind) = own {
            return kind.check(id).is_ok().then(|| (kind.resource_type, Id::new(id)));
        }
        let mut hosts = self.hosts();
        hosts.find_map(|host| Some((host.kind().resource_type, host.owner_of(id)?)))
    }

    /// Whether others do not see yet what some resource is.
    pub(crate) fn any_lags(&self) -> bool {
        self.hosts().any(AnyHost::lags)
    }

    /// The kind of a resource that exists, and of which nobody sees that yet.
    pub(crate) fn hidden(&self, id: &str) -> Option<&'static Kind> {
        self.host(id).filter(|host| host.lags() && host.hides(id)).map(AnyHost::kind)
    }

    /// The same for one that goes by a name.
    pub(crate) fn hidden_by_name(&self, account: &str, resource_type: &str, name: &str) -> Option<&'static Kind> {
        let mut hosts = self.hosts().filter(|host| host.lags() && host.kind().resource_type == resource_type);
        hosts.find(|host| host.hides_name(account, name)).map(AnyHost::kind)
    }

    /// An account's tags as they are seen.
    pub(crate) fn seen_tags(&self, tags: &TagIndex, account: &str) -> OrdMap<Id, Tagged> {
        let mut seen = tags.of(account);
        for host in self.hosts().filter(|host| host.lags()) {
            for (id, tags) in host.lagging_tags(account) {
                match tags.filter(|tags| !tags.is_empty()) {
                    Some(tags) => {
                        seen.insert(id, Tagged { resource_type: host.kind().resource_type, tags: tags.into() })
                    }
                    None => seen.remove(&id),
                };
            }
        }
        seen
    }

    /// Changes the tags of a resource of any kind, or of a part.
    pub async fn tag(&self, id: &Id, by: &Account, change: TagChange) -> Ec2Result<()> {
        self.tagged(id)?.0.tag(id, by.clone(), change).await
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

    pub(crate) async fn wake(&self, id: &Id) -> Option<BoxFuture<'static, ()>> {
        self.host(id)?.wake(id).await
    }

    /// Whether there is a kind whose record this is, by the two parts of its key.
    pub(crate) fn reads(&self, kind: &str, id: &str, bytes: &[u8]) -> bool {
        self.hosts.get(kind).is_some_and(|host| host.reads(id, bytes))
    }

    /// Brings a resource back. Who links to whom is for [`relink`](Self::relink), when all are back.
    pub(crate) fn restore(&self, kind: &str, id: &str, bytes: &[u8]) -> bool {
        self.hosts.get(kind).is_some_and(|host| host.restore(id, bytes))
    }

    pub(crate) fn relink(&self) {
        for host in self.hosts() {
            host.relink(self);
        }
    }
}
