//! The host of one kind: finds its resources, and wakes the actor that a command is for.

use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use archipelago_proto::{Ec2Error, Ec2Result};
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use imbl::{OrdMap, OrdSet};
use ractor::{ActorRef, ActorRuntime};
use tokio::sync::oneshot;
use tracing::Span;

use super::actor::{EntityActor, Lease, Message, Request};
use super::lag::Lag;
use super::{Account, CATALOGUE, Entity, Follower, Id, Index, Next, Published, Shelf, Shell};
use crate::consistency;

/// What a command comes back with.
pub struct Answer<E: Entity> {
    /// The resource as the command left it, before what was due by then has happened too.
    pub published: Arc<Published<E>>,
    pub reply: E::Reply,
}

/// The resources of one kind; cheap to clone.
pub struct Host<E: Entity>(pub(super) Inside<E>);

/// A host's inside, whose type the compiler does not look into: to prove that an action may move between
/// threads it would walk through the types of every kind of resource, in every action, for minutes.
pub(super) type Inside<E> = Arc<dyn Deref<Target = Inner<E>> + Send + Sync>;

impl<E: Entity> Clone for Host<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

pub(super) struct Inner<E: Entity> {
    pub(super) index: Index<E>,
    pub(super) shell: Arc<Shell>,
    pub(super) lag: Lag<E>,
    awake: DashMap<Id, Slot<E>>,
    follower: OnceLock<Follower<E>>,
    /// Whose intent is being carried out; true once it has to be looked at again.
    following: DashMap<Id, bool>,
    /// Counts sweeps; an actor that no sweep since the last but one has seen used is idle.
    sweeps: AtomicU64,
}

struct Slot<E: Entity> {
    actor: ActorRef<Message<E>>,
    lease: Lease,
    used: u64,
}

impl<E: Entity> Host<E> {
    pub fn new(shell: &Arc<Shell>) -> Self {
        Self(Arc::new(Box::new(Inner {
            index: Index::default(),
            shell: Arc::clone(shell),
            lag: Lag::default(),
            awake: DashMap::new(),
            follower: OnceLock::new(),
            following: DashMap::new(),
            sweeps: AtomicU64::new(0),
        })))
    }

    /// Says what carries out the intents of this kind.
    pub(crate) fn follow(&self, follower: Follower<E>) {
        let _ = self.0.follower.set(follower);
    }

    /// Makes a resource known that every world has, so that no store keeps it. `place` is its order among those.
    pub(crate) fn stock(&self, id: &Id, account: &Account, place: u64, state: E) {
        debug_assert!(place < CATALOGUE);
        let (id, account) = (id.clone(), account.clone());
        let published = Published { id, account, sequence: place, state, dependents: OrdSet::new() };
        self.0.publish_at_once(&self.0.shell.change(), None, &Arc::new(published));
    }

    pub fn index(&self) -> &Index<E> {
        &self.0.index
    }

    /// A resource as others see it, who may see a write later than it is made.
    pub fn seen(&self, id: &str) -> Option<Arc<Published<E>>> {
        if self.0.lag.is_empty() {
            return self.index().get(id);
        }
        self.0.lag.of(id, self.0.shell.clock.now()).unwrap_or_else(|| self.index().get(id))
    }

    /// Those of which others do not see what they are: what they see instead, by the place in the order of creation.
    pub(crate) fn lagging(&self) -> Vec<(u64, Option<Arc<Published<E>>>)> {
        if self.0.lag.is_empty() {
            return Vec::new();
        }
        let all = self.0.lag.all(self.0.shell.clock.now());
        all.into_iter().map(|lagging| (lagging.sequence, lagging.seen)).collect()
    }

    /// A resource of this account. Those of others are not found, as on AWS.
    pub fn find(&self, account: &str, id: &str) -> Ec2Result<Arc<Published<E>>> {
        let found = self.0.index.get(id).filter(|published| *published.account == *account);
        match found {
            Some(published) => Ok(published),
            None => E::KIND.check(id).and_then(|()| Err(E::KIND.not_found(id))),
        }
    }

    /// The resource of this account that has a part of this id.
    pub fn of_part(&self, account: &str, part: &str) -> Option<Arc<Published<E>>> {
        self.0.index.of_part(part).filter(|published| *published.account == *account)
    }

    /// The resources of this kind that link to another.
    pub fn linked_to(&self, id: &Id) -> OrdMap<u64, Arc<Published<E>>> {
        self.0.index.shelf(&Shelf::LinkedTo(id.clone()))
    }

    pub fn owned_by(&self, account: &str) -> OrdMap<u64, Arc<Published<E>>> {
        self.0.index.shelf(&Shelf::Owner(account.into()))
    }

    pub fn fresh_id(&self) -> Id {
        self.0.shell.ids.fresh(&E::KIND)
    }

    /// Sends a command; carries out the intent that it leaves, if any, before it returns.
    pub async fn ask(&self, id: &Id, command: E::Command) -> Ec2Result<Answer<E>> {
        let answer = self.request(id, |reply| Request::Decide(command, reply)).await?;
        self.follow_up(id).await;
        Ok(answer)
    }

    /// Carries out what the resource is left to do. One at a time for each resource: who comes meanwhile has it looked
    /// at once more.
    pub(crate) async fn follow_up(&self, id: &Id) {
        let Some(follower) = self.0.follower.get() else { return };
        let intent = || self.0.index.get(id).filter(|published| published.state.intent());
        if intent().is_none() {
            return;
        }
        match self.0.following.entry(id.clone()) {
            Entry::Occupied(mut again) => {
                again.insert(true);
                return;
            }
            Entry::Vacant(free) => drop(free.insert(false)),
        }
        loop {
            if let Some(published) = intent() {
                follower(published).await;
            }
            if self.0.following.remove_if(id, |_, again| !*again || intent().is_none()).is_some() {
                return;
            }
            self.0.following.insert(id.clone(), false);
        }
    }

    pub(super) async fn request<T>(
        &self,
        id: &Id,
        request: impl FnOnce(oneshot::Sender<Ec2Result<T>>) -> Request<E>,
    ) -> Ec2Result<T> {
        if self.0.index.get(id).is_none() {
            return Err(E::KIND.not_found(id));
        }
        let (reply, answer) = oneshot::channel();
        self.send(id, request(reply));
        // A dropped reply means that the actor has died under the command.
        answer.await.unwrap_or_else(|_| {
            self.0.awake.remove(id);
            Err(Ec2Error::internal())
        })
    }

    pub(super) fn send(&self, id: &Id, request: Request<E>) {
        let mut request = request;
        loop {
            let (actor, lease) = self.wake(id);
            let (span, action) = (Span::current(), consistency::action());
            match actor.send_message(Message { request, span, action, lease }) {
                // The actor stopped in between. The message comes back: wake another and send it there.
                Err(ractor::MessagingErr::SendErr(message)) => request = message.request,
                Ok(()) | Err(_) => return,
            }
            self.0.awake.remove_if(id, |_, slot| slot.actor.get_id() == actor.get_id());
        }
    }

    fn wake(&self, id: &Id) -> (ActorRef<Message<E>>, Lease) {
        let mut slot = self.0.awake.entry(id.clone()).or_insert_with(|| {
            metrics::counter!("archipelago_actor_activations_total", "kind" => E::KIND.resource_type).increment(1);
            let entity = EntityActor { id: id.clone(), inner: Arc::clone(&self.0) };
            let (actor, _) = ActorRuntime::spawn_instant(None, entity, ()).expect("an actor without a name starts");
            Slot { actor, lease: Lease::default(), used: 0 }
        });
        slot.used = self.0.sweeps.load(Ordering::Relaxed);
        (slot.actor.clone(), Lease::clone(&slot.lease))
    }

    /// Lets actors go that nobody has used since the last sweep but one. A lease that is still out,
    /// in a message on its way or in hand, keeps its actor.
    pub(super) fn sweep(&self) {
        if !self.0.lag.is_empty() {
            self.0.lag.sweep(self.0.shell.clock.now());
        }
        let sweep = self.0.sweeps.fetch_add(1, Ordering::Relaxed);
        self.0.awake.retain(|_, slot| {
            let keep = slot.used + 1 >= sweep || Arc::strong_count(&slot.lease) > 1;
            if !keep {
                slot.actor.stop(None);
            }
            keep
        });
    }

    pub(super) fn live(&self) -> usize {
        self.0.awake.len()
    }
}

impl<E: Entity> Inner<E> {
    /// What the resource becomes by everything that is due by now; None when it is gone.
    pub(super) fn settled(&self, mut published: Arc<Published<E>>) -> Ec2Result<Option<Arc<Published<E>>>> {
        let facts = self.shell.facts(&published.id, &published.account, &published.dependents);
        let mut next = Next::Keep;
        // Bounded, so that an entity that is due for ever hurts nobody else.
        for _ in 0..64 {
            let state = match &next {
                Next::Become(state) => state,
                _ => &published.state,
            };
            if state.due().is_none_or(|due| due > facts.now) {
                break;
            }
            let elapsed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| state.elapse(&facts)));
            match elapsed.map_err(|_| Ec2Error::internal())? {
                Next::Keep => break,
                Next::Become(state) => next = Next::Become(state),
                Next::Gone(_) => return Ok(None),
            }
        }
        if let Next::Become(state) = next {
            published = Arc::new(published.with(state));
        }
        Ok(Some(published))
    }
}
