//! What two regions agree on: each node keeps its side in a resource of its own, goes on by itself, and tells the other
//! until it has been heard (proto: `Peer.Agree`).

use std::sync::Arc;
use std::time::Duration;

use archipelago_proto::cluster::v1::peer_client::PeerClient;
use archipelago_proto::cluster::v1::{Agreement, Party, Stage};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::{Heard, line};
use crate::Region;
use crate::time::Millis;

/// A node that is being started is waited for; one that runs has to answer well within two seconds.
const STARTING: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_millis(1_500);

/// The first pause before the other side is told again; each further one is twice as long, up to a minute or so.
const FIRST_PAUSE: Millis = 1_000;
const MOST_DOUBLINGS: u32 = 6;

/// A resource's side of an agreement. Within one region there is but one resource, which is both sides.
#[derive(Clone, PartialEq, Message)]
pub struct Handshake {
    #[prost(message, required, tag = "1")]
    pub agreement: Agreement,
    /// This region.
    #[prost(string, tag = "2")]
    pub here: String,
    /// What this side has done and the other has not heard of yet.
    #[prost(message, optional, tag = "3")]
    owed: Option<Owed>,
}

#[derive(Clone, PartialEq, Message)]
struct Owed {
    #[prost(uint32, tag = "1")]
    failures: u32,
    /// When the other side is told again; none: now.
    #[prost(int64, optional, tag = "2")]
    next: Option<Millis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Requester,
    Accepter,
}

impl Role {
    pub(crate) const BOTH: [Self; 2] = [Self::Requester, Self::Accepter];
}

impl Handshake {
    /// A side that has something to tell, if there is another.
    pub(crate) fn proposed(agreement: Agreement, here: &str) -> Self {
        let mut side = Self { agreement, here: here.to_owned(), owed: None };
        side.owe();
        side
    }

    /// The side of who was asked.
    pub(crate) fn received(agreement: Agreement, here: &str) -> Self {
        Self { agreement, here: here.to_owned(), owed: None }
    }

    pub(crate) fn party(&self, role: Role) -> &Party {
        static NOBODY: Party = Party {
            region: String::new(),
            account: String::new(),
            resource: String::new(),
            terms: bytes::Bytes::new(),
            revision: 0,
        };
        let party = match role {
            Role::Requester => &self.agreement.requester,
            Role::Accepter => &self.agreement.accepter,
        };
        party.as_ref().unwrap_or(&NOBODY)
    }

    pub(crate) fn is_here(&self, role: Role) -> bool {
        self.party(role).region == self.here
    }

    /// The roles that an account has on this side.
    pub(crate) fn roles<'a>(&'a self, account: &'a str) -> impl Iterator<Item = Role> + 'a {
        Role::BOTH.into_iter().filter(move |role| self.is_here(*role) && self.party(*role).account == account)
    }

    /// The party that is not of this region, or the accepter.
    pub(crate) fn away(&self) -> &Party {
        let away = Role::BOTH.into_iter().find(|role| !self.is_here(*role));
        self.party(away.unwrap_or(Role::Accepter))
    }

    /// The other region, if there is one.
    pub(crate) fn elsewhere(&self) -> Option<&str> {
        let away = Role::BOTH.into_iter().find(|role| !self.is_here(*role))?;
        Some(&self.party(away).region)
    }

    pub(crate) fn stage(&self) -> Stage {
        self.agreement.stage()
    }

    /// Brings the agreement to a later stage.
    pub(crate) fn advance(&mut self, stage: Stage, by: &str) {
        self.agreement.set_stage(stage);
        by.clone_into(&mut self.agreement.by);
        self.owe();
    }

    /// What a party of this side says of itself from now on.
    pub(crate) fn say(&mut self, role: Role, terms: &impl Message) {
        let said = Party {
            terms: terms.encode_to_vec().into(),
            revision: self.party(role).revision + 1,
            ..self.party(role).clone()
        };
        match role {
            Role::Requester => self.agreement.requester = Some(said),
            Role::Accepter => self.agreement.accepter = Some(said),
        }
        self.owe();
    }

    /// The other side has to be told, now.
    pub(crate) fn owe(&mut self) {
        self.owed = self.elsewhere().map(|_| Owed::default());
    }

    pub(crate) fn owes(&self) -> bool {
        self.owed.is_some()
    }

    /// Takes in what was heard of the other side.
    pub(crate) fn hear(&mut self, heard: Heard, now: Millis) {
        match heard {
            // It is told the outcome in the answer, but may not get that.
            Heard::Told(other) => {
                self.agreement.merge(&other);
                if self.agreement == *other {
                    self.owed = None;
                } else if let Some(owed) = &mut self.owed {
                    *owed = Owed { failures: 0, next: Some(now + FIRST_PAUSE) };
                }
            }
            // If this side has gone on meanwhile, it goes on telling.
            Heard::Answered(answer) => {
                self.agreement.merge(&answer);
                self.owed = (self.agreement != *answer).then(Owed::default);
            }
            Heard::Nothing => {
                if let Some(owed) = &mut self.owed {
                    let pause = FIRST_PAUSE << owed.failures.min(MOST_DOUBLINGS);
                    *owed = Owed { failures: owed.failures + 1, next: Some(now + pause) };
                }
            }
            Heard::Restarted if self.agreement.is_over() && !self.owes() => {}
            Heard::Restarted => self.owe(),
        }
    }

    /// When the other side is told again.
    pub(crate) fn due(&self) -> Option<Millis> {
        self.owed.as_ref().and_then(|owed| owed.next)
    }

    pub(crate) fn elapse(&mut self, now: Millis) {
        if let Some(owed) = self.owed.as_mut().filter(|owed| owed.next.is_some_and(|next| next <= now)) {
            owed.next = None;
        }
    }

    /// The other side is to be told now.
    pub(crate) fn intent(&self) -> bool {
        self.owed.as_ref().is_some_and(|owed| owed.next.is_none())
    }
}

/// Tells another region how far an agreement is; returns how far it is there then.
pub(crate) async fn agree(region: &Arc<Region>, with: &str, agreement: Agreement) -> Ec2Result<Agreement> {
    let silent =
        || Ec2Error::unavailable(format!("The region {with} cannot be reached at the moment. Please try again later."));
    let located = tokio::time::timeout(STARTING, line::channel(region, with)).await.map_err(|_| silent())?;
    let mut client = PeerClient::new(located.map_err(|_| silent())?);
    let request = line::request(region, "", agreement);
    let answer = tokio::time::timeout(PATIENCE, client.agree(request)).await.map_err(|_| silent())?;
    match answer.map_err(Ec2Error::from) {
        Ok(answer) => Ok(answer.into_inner()),
        Err(error) if error.code == "Unavailable" => Err(silent()),
        Err(error) => Err(error),
    }
}

/// Fails unless the other region listens: what both must know is not begun without it.
pub(crate) async fn check_heard(region: &Arc<Region>, with: &str) -> Ec2Result<()> {
    agree(region, with, Agreement::default()).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(here: &str) -> Handshake {
        let party = |region: &str| Some(Party { region: region.into(), revision: 1, ..Party::default() });
        let agreement = Agreement { requester: party("a"), accepter: party("b"), ..Agreement::default() };
        Handshake::proposed(agreement, here)
    }

    #[test]
    fn a_side_tells_until_it_is_heard_and_pauses_longer_each_time() {
        let mut here = side("a");
        assert!(here.intent());
        here.hear(Heard::Nothing, 0);
        assert_eq!((here.intent(), here.due()), (false, Some(1_000)));
        here.elapse(1_000);
        assert!(here.intent());
        here.hear(Heard::Nothing, 1_000);
        assert_eq!(here.due(), Some(3_000));
        here.elapse(3_000);
        let answer = here.agreement.clone();
        here.hear(Heard::Answered(Box::new(answer.clone())), 0);
        assert!(!here.owes());
    }

    #[test]
    fn what_was_done_while_the_answer_was_on_its_way_is_told_too() {
        let mut here = side("a");
        let answer = here.agreement.clone();
        here.advance(Stage::Deleted, "1");
        here.hear(Heard::Answered(Box::new(answer.clone())), 0);
        assert!(here.intent());
        let mut there = Handshake::received(answer, "b");
        there.hear(Heard::Told(Box::new(here.agreement.clone())), 0);
        assert_eq!(there.agreement, here.agreement);
    }
}
