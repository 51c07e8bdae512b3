//! How a state becomes the one that everybody sees: in the index, in the ledgers that follow from states, and to those that
//! it links to.

use std::sync::Arc;

use archipelago_proto::ec2::v1::Tag;

use super::claims::keys;
use super::host::Inner;
use super::shell::Changing;
use super::{CATALOGUE, Entity, Id, Kind, Part, Published};
use crate::quotas;
use crate::time::Alarm;

impl<E: Entity> Inner<E> {
    /// Makes a state the one that everybody sees, by and by.
    pub(super) fn publish(&self, changing: &Changing<'_>, before: Option<&Arc<Published<E>>>, new: &Arc<Published<E>>) {
        self.write_later(&new.id, before, Some(new));
        self.publish_at_once(changing, before, new);
    }

    fn write_later(&self, id: &Id, before: Option<&Arc<Published<E>>>, after: Option<&Arc<Published<E>>>) {
        let consistency = &self.shell.consistency;
        if consistency.is_on() || !self.lag.is_empty() {
            let delay = consistency.delay(E::KIND.resource_type);
            self.lag.write(id, before.cloned(), after.cloned(), self.shell.clock.now(), delay);
        }
    }

    pub(super) fn publish_at_once(
        &self,
        _: &Changing<'_>,
        before: Option<&Arc<Published<E>>>,
        new: &Arc<Published<E>>,
    ) {
        self.index.publish(new);
        self.publish_loads(before.map(AsRef::as_ref), new);
        self.publish_claims(before.map(AsRef::as_ref), new);
        self.publish_tags(before.map(AsRef::as_ref), new);
        if let Some(due) = new.state.due() {
            self.shell.scheduler.set(Alarm { due, id: new.id.clone() });
        }
        if let Some(before) = before {
            let (old, new_links) = (before.state.links(), new.state.links());
            for link in old.iter().filter(|link| !new_links.contains(link)) {
                self.shell.registry().release(link, vec![new.id.clone()]);
            }
            for link in new_links.into_iter().filter(|link| !old.contains(link)) {
                self.shell.registry().tell_hold(&link, vec![new.id.clone()]);
            }
        }
    }

    fn publish_loads(&self, before: Option<&Published<E>>, new: &Published<E>) {
        if self.shell.quotas.on() && new.sequence >= CATALOGUE {
            let old = before.map(quotas::loads).unwrap_or_default();
            self.shell.quotas.enter(&new.id, &old, &quotas::loads(new));
        }
    }

    /// What it claims it has by now, but for what was stored before a restart; what it no longer claims is free.
    fn publish_claims(&self, before: Option<&Published<E>>, new: &Published<E>) {
        let claims = new.state.claims();
        let kept: Vec<_> = claims.iter().map(|claim| claim.key.clone()).collect();
        if before.is_none() {
            let _ = self.shell.claims.take(claims, &new.id);
        }
        let mut old = before.map(|before| keys(before.state.claims())).unwrap_or_default();
        old.retain(|key| !kept.contains(key));
        self.shell.claims.free(&old, &new.id);
    }

    fn publish_tags(&self, before: Option<&Published<E>>, new: &Published<E>) {
        let tags = &self.shell.tags;
        tags.publish(&E::KIND, &new.account, &new.id, new.state.tags());
        let guest = new.state.guest();
        if let Some((old, _)) = before.and_then(|before| before.state.guest()).filter(|(old, _)| !is(guest, old)) {
            tags.publish(&E::KIND, &old.into(), &new.id, &[]);
        }
        if let Some((guest, given)) = guest {
            tags.publish(&E::KIND, &guest.into(), &new.id, given);
        }
        if E::TAGGED_PARTS.is_empty() {
            return;
        }
        let old: Vec<_> = before.into_iter().flat_map(|before| tagged_parts(&before.state)).collect();
        let parts: Vec<_> = tagged_parts(&new.state).collect();
        for (kind, part) in old.iter().filter(|(_, old)| !parts.iter().any(|(_, part)| part.id == old.id)) {
            tags.publish(kind, &new.account, &Id::new(part.id), &[]);
        }
        for (kind, part) in parts.iter().filter(|part| !old.contains(part)) {
            tags.publish(kind, &new.account, &Id::new(part.id), part.tags);
        }
    }

    pub(super) fn withdraw(&self, changing: &Changing<'_>, before: &Arc<Published<E>>) {
        self.write_later(&before.id, Some(before), None);
        self.withdraw_at_once(changing, before);
    }

    pub(super) fn withdraw_at_once(&self, changing: &Changing<'_>, before: &Published<E>) {
        self.take_away(changing, before);
        for link in before.state.links() {
            self.shell.registry().release(&link, vec![before.id.clone()]);
        }
    }

    /// Withdraws it without a word to those that it links to.
    pub(super) fn take_away(&self, _: &Changing<'_>, before: &Published<E>) {
        self.index.withdraw(&before.id);
        if self.shell.quotas.on() {
            self.shell.quotas.enter(&before.id, &quotas::loads(before), &[]);
        }
        self.shell.claims.free(&keys(before.state.claims()), &before.id);
        self.shell.tags.publish(&E::KIND, &before.account, &before.id, &[]);
        if let Some((guest, _)) = before.state.guest() {
            self.shell.tags.publish(&E::KIND, &guest.into(), &before.id, &[]);
        }
        for (kind, part) in tagged_parts(&before.state) {
            self.shell.tags.publish(kind, &before.account, &Id::new(part.id), &[]);
        }
    }
}

fn is(guest: Option<(&str, &[Tag])>, account: &str) -> bool {
    guest.is_some_and(|(guest, _)| guest == account)
}

/// The parts that have tags, each with its kind.
fn tagged_parts<E: Entity>(state: &E) -> impl Iterator<Item = (&'static Kind, Part<'_>)> {
    let tagged = state.parts().into_iter().filter(|part| !part.tags.is_empty());
    tagged.filter_map(|part| {
        let prefix = part.id.rsplit_once('-').map_or("", |(prefix, _)| prefix);
        Some((E::TAGGED_PARTS.iter().find(|kind| kind.prefix == prefix)?, part))
    })
}
