//! Creation: new resources of any kinds, stored and published together or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use archipelago_proto::Ec2Result;
use imbl::OrdSet;

use super::host::Inside;
use super::shell::Changing;
use super::{Account, Claim, Entity, Host, Id, Published, Shell, record};
use crate::store::Write;

/// Resources that are about to exist.
pub struct Batch {
    shell: Arc<Shell>,
    account: Account,
    new: Vec<Box<dyn Newborn>>,
    writes: Vec<Write>,
    done: Vec<Box<dyn FnOnce() + Send>>,
}

impl Batch {
    pub fn new(shell: &Arc<Shell>, account: &Account) -> Self {
        Self {
            shell: Arc::clone(shell),
            account: account.clone(),
            new: Vec::new(),
            writes: Vec::new(),
            done: Vec::new(),
        }
    }

    /// Adds a resource. What is due at once has happened by the time it is published.
    pub fn create<E: Entity>(&mut self, host: &Host<E>, id: &Id, state: E) -> Ec2Result<()> {
        let published = Arc::new(Published {
            id: id.clone(),
            account: self.account.clone(),
            sequence: self.shell.next_sequence(),
            state,
            dependents: OrdSet::new(),
        });
        if let Some(published) = host.0.settled(published)? {
            if self.shell.store.keeps() {
                self.writes.push(record::put(id, &self.account, published.sequence, &published.state));
            }
            self.new.push(Box::new(Ready { host: Arc::clone(&host.0), published }));
        }
        Ok(())
    }

    /// Adds a record of the same transaction that is not an entity.
    pub(crate) fn write(&mut self, write: Write) {
        self.writes.push(write);
    }

    /// Is done as the resources come to exist.
    pub(crate) fn when_done(&mut self, done: impl FnOnce() + Send + 'static) {
        self.done.push(Box::new(done));
    }

    /// Every resource that the new ones link to learns of them first, and must still exist.
    pub async fn commit(mut self) -> Ec2Result<()> {
        let claimed = self.claim()?;
        let registry = self.shell.registry();
        let mut held: Vec<(Id, Vec<Id>)> = Vec::new();
        let release = |held: Vec<(Id, Vec<Id>)>| {
            held.into_iter().for_each(|(link, by)| registry.release(&link, by));
            claimed.iter().for_each(|(by, keys)| self.shell.claims.free(keys, by));
        };
        for (link, by) in links(&mut self.new) {
            if let Err(error) = registry.hold(&link, by.clone()).await {
                release(held);
                return Err(error);
            }
            held.push((link, by));
        }
        if let Err(error) = self.shell.store.commit(self.writes).await {
            release(held);
            return Err(error.into());
        }
        let changing = self.shell.change();
        for new in self.new {
            new.publish(&changing);
        }
        self.done.into_iter().for_each(|done| done());
        Ok(())
    }
}

impl Batch {
    /// Takes what the new ones claim: for all of them, or for none.
    fn claim(&self) -> Ec2Result<Vec<(Id, Vec<String>)>> {
        let mut claimed: Vec<(Id, Vec<String>)> = Vec::new();
        for new in &self.new {
            match self.shell.claims.take(new.claims(), new.id()) {
                Ok(keys) => claimed.push((new.id().clone(), keys)),
                Err(taken) => {
                    claimed.iter().for_each(|(by, keys)| self.shell.claims.free(keys, by));
                    return Err(taken);
                }
            }
        }
        Ok(claimed)
    }
}

/// The links to resources that exist already, and who has them. Links among the new ones are made here.
fn links(new: &mut [Box<dyn Newborn>]) -> BTreeMap<Id, Vec<Id>> {
    let mut links: BTreeMap<Id, Vec<Id>> = BTreeMap::new();
    for newborn in &*new {
        for link in newborn.links() {
            links.entry(link).or_default().push(newborn.id().clone());
        }
    }
    for newborn in new {
        if let Some(by) = links.remove(newborn.id()) {
            newborn.adopt(by);
        }
    }
    links
}

/// A new resource, whatever its kind.
trait Newborn: Send + Sync {
    fn id(&self) -> &Id;
    fn links(&self) -> Vec<Id>;
    fn claims(&self) -> Vec<Claim>;
    fn adopt(&mut self, by: Vec<Id>);
    fn publish(self: Box<Self>, changing: &Changing<'_>);
}

struct Ready<E: Entity> {
    host: Inside<E>,
    published: Arc<Published<E>>,
}

impl<E: Entity> Newborn for Ready<E> {
    fn id(&self) -> &Id {
        &self.published.id
    }

    fn links(&self) -> Vec<Id> {
        self.published.state.links()
    }

    fn claims(&self) -> Vec<Claim> {
        self.published.state.claims()
    }

    fn adopt(&mut self, by: Vec<Id>) {
        if let Some(published) = Arc::get_mut(&mut self.published) {
            published.dependents.extend(by);
        }
    }

    fn publish(self: Box<Self>, changing: &Changing<'_>) {
        self.host.publish(changing, None, &self.published);
    }
}
