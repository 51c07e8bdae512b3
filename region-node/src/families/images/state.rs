//! An image: pending until its snapshots are there, then available; it can be disabled and enabled again, and is
//! gone once it is deregistered.

use archipelago_proto::ec2::v1::{Image, ProductCode, StateReason};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::permissions::Change as Sharing;
use crate::entity::{Audience, Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::quotas::Weight;
use crate::time::Millis;

pub(super) const PENDING: &str = "pending";
pub(super) const AVAILABLE: &str = "available";
pub(super) const DISABLED: &str = "disabled";
pub(super) const FAILED: &str = "failed";
pub(super) const DEREGISTERED: &str = "deregistered";

/// For how long a deregistered image is told from one that never was.
const REMEMBERED: Millis = 3_600_000;
const DAY: Millis = 24 * 3_600_000;

#[derive(Clone, PartialEq, Message)]
pub struct ImageState {
    #[prost(message, required, tag = "1")]
    pub public: Image,
    /// Who may launch it beside its owner; everybody, if `public.public`.
    #[prost(string, repeated, tag = "2")]
    pub users: Vec<String>,
    #[prost(string, repeated, tag = "3")]
    pub organizations: Vec<String>,
    #[prost(string, repeated, tag = "4")]
    pub organizational_units: Vec<String>,
    /// When a new image is available, or a deregistered one forgotten.
    #[prost(int64, optional, tag = "5")]
    pub changes: Option<Millis>,
    /// Where it is copied from, until that is done.
    #[prost(message, optional, tag = "6")]
    pub copy: Option<ImageCopy>,
    #[prost(string, tag = "7")]
    pub uefi_data: String,
    /// Until when an image whose protection was taken off is protected yet.
    #[prost(int64, optional, tag = "8")]
    pub protected_until: Option<Millis>,
}

/// A copy under way: the image waits for its snapshots.
#[derive(Clone, PartialEq, Message)]
pub struct ImageCopy {
    #[prost(string, tag = "1")]
    pub region: String,
    #[prost(string, tag = "2")]
    pub image_id: String,
}

pub enum ImageCommand {
    Deregister,
    /// The snapshots of a copy are there.
    Complete,
    Fail {
        message: String,
    },
    /// Other accounts may launch it, or no longer.
    Share(Sharing),
    /// Nobody but the owner may launch it.
    Unshare,
    Describe(String),
    AddProductCodes(Vec<String>),
    RequireImdsV2,
    /// From this time on it is deprecated; never, without one.
    Deprecate(Option<String>),
    Disable,
    Enable,
    /// Protects it from being deregistered; with a cool-down also for a day after that is lifted.
    Protect {
        cooldown: bool,
    },
    Unprotect,
    /// An instance was started from it.
    Launched(String),
}

impl ImageState {
    /// Whether an account that does not own it may launch it.
    pub fn permits(&self, account: &str) -> bool {
        self.public.public() || self.users.iter().any(|user| user == account)
    }

    pub fn is_deregistered(&self) -> bool {
        self.public.state() == DEREGISTERED
    }

    /// The snapshots of its block devices.
    pub fn snapshots(&self) -> impl Iterator<Item = &str> {
        let devices = self.public.block_device_mappings.iter().filter_map(|device| device.ebs.as_ref());
        devices.filter_map(|ebs| ebs.snapshot_id.as_deref()).filter(|id| !id.is_empty())
    }

    fn is_protected(&self, now: Millis) -> bool {
        let protection = self.public.deregistration_protection();
        protection.starts_with("enabled") || self.protected_until.is_some_and(|until| until > now)
    }

    fn incorrect(&self, facts: &Facts<'_>) -> Ec2Error {
        let state = self.public.state();
        Ec2Error::new("IncorrectState", format!("The image ID '{}' is in the '{state}' state", facts.id))
    }
}

impl Entity for ImageState {
    const KIND: Kind = Kind {
        resource_type: "image",
        prefix: "ami",
        not_found: "InvalidAMIID.NotFound",
        malformed: "InvalidAMIID.Malformed",
        noun: "image id",
    };
    type Command = ImageCommand;
    type Reply = ();

    fn decide(&self, command: ImageCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        let public = &mut next.public;
        match (self.public.state(), command) {
            (DEREGISTERED, _) => {
                return Err(Ec2Error::new(
                    "InvalidAMIID.Unavailable",
                    format!("The image id '[{}]' is no longer available", facts.id),
                ));
            }
            (_, ImageCommand::Deregister) if self.is_protected(facts.now) => {
                return Err(Ec2Error::new(
                    "OperationNotPermitted",
                    format!("The image '{}' is protected from deregistration.", facts.id),
                ));
            }
            (_, ImageCommand::Deregister) => {
                public.state = Some(DEREGISTERED.into());
                public.tags.clear();
                (next.changes, next.copy) = (Some(facts.now + REMEMBERED), None);
            }
            (PENDING, ImageCommand::Complete) => {
                public.state = Some(AVAILABLE.into());
                next.copy = None;
            }
            (PENDING, ImageCommand::Fail { message }) => {
                public.state = Some(FAILED.into());
                let code = Some("Client.ImageCopyError".into());
                public.state_reason = Some(StateReason { code, message: Some(message) });
                next.copy = None;
            }
            // The copy has ended in the meantime.
            (_, ImageCommand::Complete | ImageCommand::Fail { .. }) => return Ok(Decision::keep()),
            (DISABLED, ImageCommand::Share(_) | ImageCommand::Unshare) => return Err(self.incorrect(facts)),
            (_, ImageCommand::Share(change)) => change.apply(&mut next),
            (_, ImageCommand::Unshare) => {
                public.public = Some(false);
                (next.users, next.organizations, next.organizational_units) = Default::default();
            }
            (_, ImageCommand::Describe(text)) => public.description = Some(text),
            (_, ImageCommand::AddProductCodes(codes)) => {
                for code in codes {
                    if !public.product_codes.iter().any(|known| known.product_code_id() == code) {
                        let product_code_type = Some("marketplace".into());
                        public.product_codes.push(ProductCode { product_code_id: Some(code), product_code_type });
                    }
                }
            }
            (_, ImageCommand::RequireImdsV2) => public.imds_support = Some("v2.0".into()),
            (_, ImageCommand::Deprecate(time)) => public.deprecation_time = time,
            (AVAILABLE, ImageCommand::Disable) => {
                public.state = Some(DISABLED.into());
                public.public = Some(false);
                next.users.clear();
                next.organizations.clear();
                next.organizational_units.clear();
            }
            (DISABLED, ImageCommand::Enable) => public.state = Some(AVAILABLE.into()),
            (DISABLED, ImageCommand::Disable) | (AVAILABLE, ImageCommand::Enable) => return Ok(Decision::keep()),
            (_, ImageCommand::Disable | ImageCommand::Enable) => return Err(self.incorrect(facts)),
            (_, ImageCommand::Protect { cooldown }) => {
                let protection = if cooldown { "enabled-with-cooldown" } else { "enabled-without-cooldown" };
                public.deregistration_protection = Some(protection.into());
                next.protected_until = None;
            }
            (_, ImageCommand::Unprotect) => {
                let cooldown = public.deregistration_protection() == "enabled-with-cooldown";
                next.protected_until = cooldown.then_some(facts.now + DAY).or(next.protected_until);
                next.public.deregistration_protection = Some("disabled".into());
            }
            (_, ImageCommand::Launched(time)) => public.last_launched_time = Some(time),
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.changes
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.changes = None;
        match self.public.state() {
            DEREGISTERED => return Next::Gone(next),
            PENDING => next.public.state = Some(AVAILABLE.into()),
            _ => {}
        }
        Next::Become(next)
    }

    fn links(&self) -> Vec<Id> {
        if self.is_deregistered() { Vec::new() } else { self.snapshots().map(Id::new).collect() }
    }

    fn audience(&self) -> Audience<'_> {
        match (self.public.public(), self.users.is_empty()) {
            (true, _) => Audience::Everyone,
            (false, true) => Audience::Owner,
            (false, false) => Audience::Accounts(self.users.iter().map(String::as_str).collect()),
        }
    }

    /// A copy waits for its snapshots.
    fn intent(&self) -> bool {
        self.copy.is_some()
    }

    fn counts(&self) -> bool {
        !matches!(self.public.state(), DEREGISTERED | FAILED)
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        vec![Weight::new("public-images", (self.public.public() && self.counts()).into())]
    }

    resource!(tags);
}
