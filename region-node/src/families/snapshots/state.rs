//! A snapshot: pending until its blocks are there, then completed; a copy that fails ends in error.

use archipelago_proto::ec2::v1::{ProductCode, Snapshot};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::Content;
use super::attributes::Change as Sharing;
use crate::entity::{Audience, Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::quotas::Weight;
use crate::time::Millis;

pub(super) const PENDING: &str = "pending";
pub(super) const COMPLETED: &str = "completed";
pub(super) const ERROR: &str = "error";

#[derive(Clone, PartialEq, Message)]
pub struct SnapshotState {
    #[prost(message, required, tag = "1")]
    pub public: Snapshot,
    /// What its blocks hold: see [`Content`].
    #[prost(uint64, tag = "2")]
    pub seed: u64,
    /// The accounts that may make volumes from it.
    #[prost(string, repeated, tag = "3")]
    pub users: Vec<String>,
    /// Everybody may.
    #[prost(bool, tag = "4")]
    pub everyone: bool,
    #[prost(message, repeated, tag = "5")]
    pub product_codes: Vec<ProductCode>,
    /// When a snapshot of a volume is completed.
    #[prost(int64, optional, tag = "6")]
    pub completes: Option<Millis>,
    /// Where it is copied from, until that is done.
    #[prost(message, optional, tag = "7")]
    pub copy: Option<Copy>,
    /// Of the volume that it is being made of.
    #[prost(string, tag = "8")]
    pub volume_type: String,
}

/// A copy under way.
#[derive(Clone, PartialEq, Message)]
pub struct Copy {
    #[prost(string, tag = "1")]
    pub region: String,
    #[prost(string, tag = "2")]
    pub snapshot_id: String,
    /// The image that is copied with it, if any.
    #[prost(string, tag = "3")]
    pub image_id: String,
    #[prost(uint64, tag = "4")]
    pub blocks: u64,
    #[prost(uint64, tag = "5")]
    pub done: u64,
    /// When the next blocks are fetched; none while they are.
    #[prost(int64, optional, tag = "6")]
    pub next: Option<Millis>,
    /// How often the source has failed to answer since it last did.
    #[prost(uint32, tag = "7")]
    pub failures: u32,
    /// Why it is going to fail, as its source has said.
    #[prost(string, optional, tag = "8")]
    pub refusal: Option<String>,
}

impl Copy {
    pub(super) fn percent(&self) -> i64 {
        i64::try_from(self.done * 100 / self.blocks.max(1)).unwrap_or_default().min(99)
    }
}

pub enum SnapshotCommand {
    Delete,
    /// Other accounts may make volumes from it, or no longer.
    Share(Sharing),
    /// Nobody but the owner may.
    Unshare,
    AddProductCodes(Vec<String>),
    /// A copy has got its blocks up to this one; the next are fetched then.
    Received {
        up_to: u64,
        next: Millis,
    },
    /// The source did not answer; it is asked again then.
    Retry {
        next: Millis,
    },
    Fail {
        message: String,
    },
}

impl SnapshotState {
    pub fn content(&self) -> Content {
        Content { seed: self.seed, gib: u64::try_from(self.public.volume_size()).unwrap_or_default() }
    }

    pub fn is_completed(&self) -> bool {
        self.public.state() == COMPLETED
    }

    /// Whether an account that does not own it may make volumes from it.
    pub fn permits(&self, account: &str) -> bool {
        self.everyone || self.users.iter().any(|user| user == account)
    }

    pub(super) fn complete(&mut self, now: Millis) {
        self.public.state = Some(COMPLETED.into());
        self.public.progress = Some("100%".into());
        self.public.completion_time = Some(now);
        self.public.full_snapshot_size_in_bytes = Some(i64::from(self.public.volume_size()) << 30);
        self.completes = None;
        self.copy = None;
    }

    fn fail(&mut self, message: String) {
        self.public.state = Some(ERROR.into());
        self.public.state_message = Some(message);
        self.copy = None;
    }
}

impl Entity for SnapshotState {
    const KIND: Kind = Kind {
        resource_type: "snapshot",
        prefix: "snap",
        not_found: "InvalidSnapshot.NotFound",
        malformed: "InvalidSnapshotID.Malformed",
        noun: "snapshot",
    };
    type Command = SnapshotCommand;
    type Reply = ();

    fn decide(&self, command: SnapshotCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (command, &mut next.copy) {
            (SnapshotCommand::Delete, _) => {
                return match facts.dependents.iter().next() {
                    None => Ok(Decision::gone(next)),
                    Some(image) => Err(Ec2Error::new(
                        "InvalidSnapshot.InUse",
                        format!("The snapshot {} is currently in use by {image}", facts.id),
                    )),
                };
            }
            (SnapshotCommand::Share(change), _) => {
                change.apply(&mut next);
                if next.everyone && self.public.encrypted() {
                    return Err(Ec2Error::new(
                        "OperationNotPermitted",
                        format!("Encrypted snapshots cannot be shared publicly: {}", facts.id),
                    ));
                }
            }
            (SnapshotCommand::Unshare, _) => (next.users, next.everyone) = Default::default(),
            (SnapshotCommand::AddProductCodes(codes), _) => {
                for code in codes {
                    if !next.product_codes.iter().any(|known| known.product_code_id() == code) {
                        let product_code_type = Some("marketplace".into());
                        next.product_codes.push(ProductCode { product_code_id: Some(code), product_code_type });
                    }
                }
            }
            (SnapshotCommand::Received { up_to, next: then }, Some(copy)) => {
                (copy.done, copy.next, copy.failures) = (up_to.max(copy.done), Some(then), 0);
                if copy.done >= copy.blocks {
                    next.complete(facts.now);
                }
            }
            (SnapshotCommand::Retry { next: then }, Some(copy)) => {
                (copy.next, copy.failures) = (Some(then), copy.failures + 1);
            }
            (SnapshotCommand::Fail { message }, Some(_)) => next.fail(message),
            // The copy has ended in the meantime.
            (SnapshotCommand::Received { .. } | SnapshotCommand::Retry { .. } | SnapshotCommand::Fail { .. }, None) => {
                return Ok(Decision::keep());
            }
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        match &self.copy {
            Some(copy) => copy.next,
            None => self.completes,
        }
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        match &mut next.copy {
            Some(copy) => copy.next = None,
            None => next.complete(facts.now),
        }
        Next::Become(next)
    }

    fn audience(&self) -> Audience<'_> {
        match (self.everyone, self.users.is_empty()) {
            (true, _) => Audience::Everyone,
            (false, true) => Audience::Owner,
            (false, false) => Audience::Accounts(self.users.iter().map(String::as_str).collect()),
        }
    }

    /// Blocks are to be fetched now.
    fn intent(&self) -> bool {
        self.copy.as_ref().is_some_and(|copy| copy.next.is_none())
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        if self.public.state() != PENDING {
            return Vec::new();
        }
        let mut weights = vec![Weight::new("pending-snapshots", 1)];
        if self.copy.is_none() {
            let quota = match self.volume_type.as_str() {
                "st1" | "sc1" => "concurrent-snapshots-per-hdd-volume",
                _ => "concurrent-snapshots-per-volume",
            };
            weights.push(Weight::new(quota, 1).per(self.public.volume_id()));
        }
        weights
    }

    resource!(tags);
}
