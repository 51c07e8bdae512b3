//! The actor that every entity lives in while it is awake: receive, decide, persist, publish, reply.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};
use ractor::{Actor, ActorProcessingErr, ActorRef};
use tokio::sync::oneshot;
use tracing::{Instrument as _, Span};

use super::host::{Answer, Inside};
use super::{Account, Decision, Entity, Id, Next, Published, TagChange, record};
use crate::consistency;
use crate::quotas::{Before, loads};

/// Keeps the actor awake while a message is on its way.
pub(super) type Lease = Arc<()>;

pub(super) struct Message<E: Entity> {
    pub(super) request: Request<E>,
    pub(super) span: Span,
    /// What is being asked for, if anything is.
    pub(super) action: Option<&'static str>,
    pub(super) lease: Lease,
}

pub(super) type Reply<T> = oneshot::Sender<Ec2Result<T>>;

pub(super) enum Request<E: Entity> {
    Decide(E::Command, Reply<Answer<E>>),
    /// The time that the entity was due has come.
    Elapse(Reply<()>),
    /// Of the entity itself, or of the part that is named, by an account that has it.
    Tag(Option<Id>, Account, TagChange, Reply<()>),
    /// These resources link to the entity from now on.
    Hold(Vec<Id>, Option<Reply<()>>),
    /// And these no longer.
    Release(Vec<Id>),
}

pub(super) struct EntityActor<E: Entity> {
    pub(super) id: Id,
    pub(super) inner: Inside<E>,
}

impl<E: Entity> Actor for EntityActor<E> {
    type Msg = Message<E>;
    type State = ();
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Self::Msg>, (): ()) -> Result<(), ActorProcessingErr> {
        Ok(())
    }

    async fn handle(&self, _: ActorRef<Self::Msg>, message: Self::Msg, (): &mut ()) -> Result<(), ActorProcessingErr> {
        let Message { request, span: asker, action, lease } = message;
        // For traces. No log is at this level by itself, so that a span costs nothing where there are none.
        let span = tracing::debug_span!(parent: &asker, "actor", kind = E::KIND.resource_type, id = %self.id);
        let span = if span.is_disabled() { asker } else { span };
        // Boxed, since ractor moves a handler's future twice.
        Box::pin(consistency::during(action, self.answer(request)).instrument(span)).await;
        drop(lease);
        Ok(())
    }
}

impl<E: Entity> EntityActor<E> {
    /// Whoever asked may be gone by now, so that a reply that nobody takes is no failure.
    async fn answer(&self, request: Request<E>) {
        match request {
            Request::Decide(command, reply) => {
                let _ = reply.send(self.decide(command).await);
            }
            Request::Elapse(reply) => {
                let _ = reply.send(self.elapse().await);
            }
            Request::Tag(part, by, change, reply) => {
                let _ = reply.send(self.tag(part.as_ref(), &by, &change).await);
            }
            Request::Hold(by, reply) => {
                let outcome = self.current().map(|current| self.dependents(&current, |set| set.extend(by)));
                if let Some(reply) = reply {
                    let _ = reply.send(outcome);
                }
            }
            Request::Release(by) => {
                if let Ok(current) = self.current() {
                    self.dependents(&current, |set| {
                        for id in &by {
                            set.remove(id);
                        }
                    });
                }
            }
        }
    }

    fn current(&self) -> Ec2Result<Arc<Published<E>>> {
        self.inner.index.get(&self.id).ok_or_else(|| E::KIND.not_found(&self.id))
    }

    async fn decide(&self, command: E::Command) -> Ec2Result<Answer<E>> {
        let current = self.current()?;
        let facts = self.inner.shell.facts(&current.id, &current.account, &current.dependents);
        // `decide` is pure: after a panic nothing is half changed, and only this command is lost.
        let owed = E::is_owed(&command);
        let decided = catch_unwind(AssertUnwindSafe(|| current.state.decide(command, &facts)));
        let Decision { next, reply } = decided.map_err(|_| Ec2Error::internal())??;
        let state = match next {
            Next::Keep => Arc::clone(&current),
            Next::Become(state) => {
                let decided = Arc::new(current.with(state));
                self.settle(&current, Arc::clone(&decided), !owed).await?;
                decided
            }
            Next::Gone(last) => {
                self.remove(&current).await?;
                Arc::new(current.with(last))
            }
        };
        Ok(Answer { published: state, reply })
    }

    async fn elapse(&self) -> Ec2Result<()> {
        let current = self.current()?;
        self.settle(&current, Arc::clone(&current), false).await
    }

    async fn tag(&self, part: Option<&Id>, by: &Account, change: &TagChange) -> Ec2Result<()> {
        let current = self.current()?;
        let mut state = current.state.clone();
        let tags = match part {
            Some(part) => state.part_tags_mut(part).ok_or_else(|| part_not_found::<E>(part))?,
            None if *by == current.account => state.tags_mut(),
            None => state.guest_tags_mut().ok_or_else(|| E::KIND.not_found(&self.id))?,
        };
        change.apply(tags)?;
        self.settle(&current, Arc::new(current.with(state)), false).await
    }

    /// Goes through everything that is due by now, then persists and publishes where that ends. What is `asked` for
    /// needs room in the quotas.
    async fn settle(&self, before: &Arc<Published<E>>, decided: Arc<Published<E>>, asked: bool) -> Ec2Result<()> {
        match self.inner.settled(decided)? {
            Some(settled) if Arc::ptr_eq(&settled, before) => Ok(()),
            Some(settled) => {
                let claims = &self.inner.shell.claims;
                let taken = claims.take(settled.state.claims(), &self.id)?;
                let reserved = self.reserve(asked, &settled).inspect_err(|_| claims.free(&taken, &self.id))?;
                if self.inner.shell.store.keeps() {
                    let write = record::put(&settled.id, &settled.account, settled.sequence, &settled.state);
                    // What is derived is not stored: a subnet that hands out addresses waits for no disk.
                    if write != record::put(&before.id, &before.account, before.sequence, &before.state)
                        && let Err(error) = self.inner.shell.store.commit(vec![write]).await
                    {
                        claims.free(&taken, &self.id);
                        self.inner.shell.quotas.put_back(reserved);
                        return Err(error.into());
                    }
                }
                self.inner.publish(&self.inner.shell.change(), Some(before), &settled);
                Ok(())
            }
            None => self.remove(before).await,
        }
    }

    fn reserve(&self, asked: bool, settled: &Published<E>) -> Ec2Result<Vec<Before>> {
        let quotas = &self.inner.shell.quotas;
        if !asked || !quotas.on() {
            return Ok(Vec::new());
        }
        quotas.reserve(&[(self.id.clone(), loads(settled))], None)
    }

    async fn remove(&self, before: &Arc<Published<E>>) -> Ec2Result<()> {
        if self.inner.shell.store.keeps() {
            self.inner.shell.store.commit(vec![record::delete::<E>(&self.id)]).await?;
        }
        self.inner.withdraw(&self.inner.shell.change(), before);
        Ok(())
    }

    fn dependents(&self, current: &Arc<Published<E>>, change: impl FnOnce(&mut imbl::OrdSet<Id>)) {
        let mut dependents = current.dependents.clone();
        change(&mut dependents);
        self.inner.index.publish(&Arc::new(current.with_dependents(dependents)));
    }
}

/// The part was there when it was looked up, and is gone by now.
fn part_not_found<E: Entity>(part: &Id) -> Ec2Error {
    let kind = E::TAGGED_PARTS.iter().find(|kind| part.is(kind));
    kind.map_or_else(Ec2Error::internal, |kind| kind.not_found(part))
}
