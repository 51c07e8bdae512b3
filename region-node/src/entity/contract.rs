//! What a family says about its resource: pure, synchronous, without clock or I/O.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::Tag;
use imbl::OrdSet;

use super::{Account, Claim, Id, Ids, Kind};
use crate::quotas::Weight;
use crate::time::{Lifecycle, Millis, Transition};

/// The state of one resource, and how it answers commands.
///
/// The lifecycle is the `match (state, command)` of [`decide`](Entity::decide): each illegal pair
/// names its EC2 error. What takes time puts a due time in the state; when it comes,
/// [`elapse`](Entity::elapse) says what follows.
pub trait Entity: Clone + Send + Sync + Sized + 'static {
    const KIND: Kind;
    type Command: Send + 'static;
    /// What a command answers beside the new state; `()` for most.
    type Reply: Send + 'static;

    fn decide(&self, command: Self::Command, facts: &Facts<'_>) -> Ec2Result<Decision<Self>>;

    /// When this resource changes by itself.
    fn due(&self) -> Option<Millis> {
        None
    }

    /// What it becomes at that time. It must not be due at the same time again.
    fn elapse(&self, _facts: &Facts<'_>) -> Next<Self> {
        Next::Keep
    }

    /// Whether clients may tag it; false for what has no tags of its own.
    const TAGGABLE: bool = true;

    fn tags(&self) -> &[Tag];

    fn tags_mut(&mut self) -> &mut Vec<Tag>;

    /// The account that has it too beside its owner, with the tags that it gives it: what two accounts agree on has the
    /// tags of each.
    fn guest(&self) -> Option<(&str, &[Tag])> {
        None
    }

    fn guest_tags_mut(&mut self) -> Option<&mut Vec<Tag>> {
        None
    }

    /// What of this resource has an id of its own but no life of its own: the rules of a group, the
    /// association of an address. The resource is found by these ids too ([`Host::of_part`](super::Host::of_part)).
    fn parts(&self) -> Vec<Part<'_>> {
        Vec::new()
    }

    /// The kinds of parts that clients may tag.
    const TAGGED_PARTS: &'static [Kind] = &[];

    fn part_tags_mut(&mut self, _part: &str) -> Option<&mut Vec<Tag>> {
        None
    }

    /// The resources that this one refers to: they have it among their dependents, and it is found by them.
    fn links(&self) -> Vec<Id> {
        Vec::new()
    }

    /// The name by which requests may name it instead of its id.
    fn name(&self) -> Option<&str> {
        None
    }

    /// What no other resource may have at the same time.
    fn claims(&self) -> Vec<Claim> {
        Vec::new()
    }

    /// Whether it counts among its owner's resources of this kind; false for what is only shown any more.
    fn counts(&self) -> bool {
        true
    }

    /// What it takes of quotas that do not count resources.
    fn weighs(&self, _id: &Id) -> Vec<Weight> {
        Vec::new()
    }

    /// Whether a command carries out what was decided before, so that no quota may stop it.
    fn is_owed(_command: &Self::Command) -> bool {
        false
    }

    /// Who sees it beside its owner.
    fn audience(&self) -> Audience<'_> {
        Audience::Owner
    }

    /// True while work that spans entities is owed; the family's follow-up does it, again after a restart.
    fn intent(&self) -> bool {
        false
    }

    /// What the store keeps.
    fn encode(&self) -> Vec<u8>;

    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// A part of a resource: its id, and its tags if it is of a kind that has any.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part<'a> {
    pub id: &'a str,
    pub tags: &'a [Tag],
}

impl<'a> Part<'a> {
    pub fn untagged(id: &'a str) -> Self {
        Self { id, tags: &[] }
    }
}

/// The outcome of a command.
pub struct Decision<E: Entity> {
    pub next: Next<E>,
    pub reply: E::Reply,
}

impl<E: Entity<Reply = ()>> Decision<E> {
    pub fn become_(state: E) -> Self {
        Self { next: Next::Become(state), reply: () }
    }

    pub fn keep() -> Self {
        Self { next: Next::Keep, reply: () }
    }

    pub fn gone(last: E) -> Self {
        Self { next: Next::Gone(last), reply: () }
    }
}

/// What a resource is after a decision.
pub enum Next<E> {
    Keep,
    Become(E),
    /// It exists no longer; the last state is what the answer shows.
    Gone(E),
}

/// Who sees a resource.
pub enum Audience<'a> {
    Owner,
    Everyone,
    Accounts(Vec<&'a str>),
}

/// What a decision may know beside the state.
pub struct Facts<'a> {
    pub id: &'a Id,
    pub account: &'a Account,
    pub now: Millis,
    pub region: &'a str,
    pub lifecycle: &'a Lifecycle,
    /// The resources that link to this one.
    pub dependents: &'a OrdSet<Id>,
    pub ids: &'a Ids,
}

impl Facts<'_> {
    /// When a transition that starts now is over.
    pub fn after(&self, transition: Transition) -> Millis {
        self.now + self.lifecycle.duration(transition)
    }

    /// The dependents of one kind, by its id prefix.
    pub fn dependents_of<'a>(&'a self, kind: &'a Kind) -> impl Iterator<Item = &'a Id> {
        self.dependents.iter().filter(move |id| id.is(kind))
    }
}

/// For a state that is a prost message with the resource's EC2 message in its field `public`.
macro_rules! resource {
    ($tags:ident) => {
        fn tags(&self) -> &[archipelago_proto::ec2::v1::Tag] {
            &self.public.$tags
        }

        fn tags_mut(&mut self) -> &mut Vec<archipelago_proto::ec2::v1::Tag> {
            &mut self.public.$tags
        }

        fn encode(&self) -> Vec<u8> {
            prost::Message::encode_to_vec(self)
        }

        fn decode(bytes: &[u8]) -> Option<Self> {
            prost::Message::decode(bytes).ok()
        }
    };
}
pub(crate) use resource;
