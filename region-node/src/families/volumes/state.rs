//! A volume: creating, available, in use, deleting. Its attachments and its modification go through states of their own.

use archipelago_proto::ec2::v1::{ProductCode, Volume, VolumeModification};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::{attachments, modification};
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::quotas::Weight;
use crate::time::{Millis, Transition};

pub(super) const CREATING: &str = "creating";
pub(super) const AVAILABLE: &str = "available";
pub(super) const IN_USE: &str = "in-use";
pub(super) const DELETING: &str = "deleting";

#[derive(Clone, PartialEq, Message)]
pub struct VolumeState {
    #[prost(message, required, tag = "1")]
    pub public: Volume,
    #[prost(bool, tag = "2")]
    pub auto_enable_io: bool,
    #[prost(message, repeated, tag = "3")]
    pub product_codes: Vec<ProductCode>,
    /// When it is created or deleted.
    #[prost(int64, optional, tag = "4")]
    pub changes: Option<Millis>,
    /// When each attachment is attached or detached.
    #[prost(message, repeated, tag = "5")]
    pub attachment_changes: Vec<AttachmentChange>,
    /// The latest modification, and when it goes on.
    #[prost(message, optional, tag = "6")]
    pub modification: Option<VolumeModification>,
    #[prost(int64, optional, tag = "7")]
    pub modification_changes: Option<Millis>,
    /// Which key its data are encrypted with, shared along a line of snapshots and volumes; empty if they are not.
    #[prost(string, tag = "8")]
    pub data_key: String,
    /// Since when I/O is off, as its data may be inconsistent.
    #[prost(int64, optional, tag = "9")]
    pub io_disabled_since: Option<Millis>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct AttachmentChange {
    #[prost(string, tag = "1")]
    pub instance_id: String,
    #[prost(int64, tag = "2")]
    pub at: Millis,
}

/// An attachment that is asked for.
#[derive(Clone, Debug, Default)]
pub struct Attach {
    pub instance_id: String,
    pub device: String,
    pub delete_on_termination: bool,
    pub ebs_card_index: Option<i32>,
}

pub enum VolumeCommand {
    Attach(Attach),
    /// From the instance, or from the only one.
    Detach {
        instance_id: Option<String>,
        device: Option<String>,
        force: bool,
    },
    SetDeleteOnTermination {
        instance_id: String,
        value: bool,
    },
    /// The instance has terminated: the volume is detached at once, and gone if it was to be deleted then.
    InstanceTerminated {
        instance_id: String,
    },
    Modify(Box<modification::Target>),
    AutoEnableIo(bool),
    /// Its data may be inconsistent: no I/O until it is enabled, by hand or by the volume's own setting.
    DisableIo,
    EnableIo,
    Delete,
}

impl VolumeState {
    pub(super) fn incorrect(&self, facts: &Facts<'_>) -> Ec2Error {
        let message = format!("The volume '{}' is in the '{}' state.", facts.id, self.public.state());
        Ec2Error::new("IncorrectState", message)
    }

    /// In use while anything is attached.
    pub(super) fn settle_state(&mut self) {
        let state = if self.public.attachments.is_empty() { AVAILABLE } else { IN_USE };
        self.public.state = Some(state.into());
    }
}

impl Entity for VolumeState {
    const KIND: Kind = Kind {
        resource_type: "volume",
        prefix: "vol",
        not_found: "InvalidVolume.NotFound",
        malformed: "InvalidVolumeID.Malformed",
        noun: "volume",
    };
    type Command = VolumeCommand;
    type Reply = ();

    fn decide(&self, command: VolumeCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.public.state(), command) {
            (DELETING, _) => return Err(Self::KIND.not_found(facts.id)),
            (_, VolumeCommand::Attach(attach)) => attachments::attach(&mut next, attach, facts)?,
            (_, VolumeCommand::Detach { instance_id, device, force }) => {
                attachments::detach(&mut next, instance_id.as_deref(), device.as_deref(), force, facts)?;
            }
            (_, VolumeCommand::SetDeleteOnTermination { instance_id, value }) => {
                attachments::of(&mut next, &instance_id, facts)?.delete_on_termination = Some(value);
            }
            (_, VolumeCommand::InstanceTerminated { instance_id }) => {
                if attachments::terminated(&mut next, &instance_id) {
                    return Ok(Decision::gone(next));
                }
            }
            (CREATING, VolumeCommand::Modify(_)) => return Err(self.incorrect(facts)),
            (_, VolumeCommand::Modify(target)) => modification::begin(&mut next, *target, facts)?,
            (_, VolumeCommand::AutoEnableIo(on)) => next.auto_enable_io = on,
            (_, VolumeCommand::DisableIo) => {
                let since = self.io_disabled_since.unwrap_or(facts.now);
                next.io_disabled_since = (!self.auto_enable_io).then_some(since);
            }
            (_, VolumeCommand::EnableIo) => next.io_disabled_since = None,
            (AVAILABLE | "error", VolumeCommand::Delete) => {
                next.public.state = Some(DELETING.into());
                next.changes = Some(facts.after(Transition::VolumeDelete));
            }
            (IN_USE, VolumeCommand::Delete) => {
                let instance =
                    self.public.attachments.first().map(archipelago_proto::ec2::v1::VolumeAttachment::instance_id);
                return Err(Ec2Error::new(
                    "VolumeInUse",
                    format!("Volume {} is currently attached to {}", facts.id, instance.unwrap_or_default()),
                ));
            }
            (_, VolumeCommand::Delete) => return Err(self.incorrect(facts)),
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        let attachments = self.attachment_changes.iter().map(|change| change.at);
        attachments.chain(self.changes).chain(self.modification_changes).min()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        if self.changes.is_some_and(|at| at <= facts.now) {
            next.changes = None;
            match self.public.state() {
                DELETING => return Next::Gone(next),
                CREATING => next.settle_state(),
                _ => {}
            }
        }
        attachments::elapse(&mut next, facts.now);
        if self.modification_changes.is_some_and(|at| at <= facts.now) {
            modification::go_on(&mut next, facts);
        }
        Next::Become(next)
    }

    /// The instances that it is attached to. Not its snapshot, which it outlives.
    fn links(&self) -> Vec<Id> {
        self.public.attachments.iter().map(|attachment| Id::new(attachment.instance_id())).collect()
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        // Of what is being modified the target counts.
        let target = self.modification.as_ref().filter(|known| known.modification_state() == modification::MODIFYING);
        let (kind, size, iops) = match target {
            Some(target) => (target.target_volume_type(), target.target_size, target.target_iops),
            None => (self.public.volume_type(), self.public.size, self.public.iops),
        };
        let (storage, provisioned) = match kind {
            "gp2" => ("gp2-storage", None),
            "gp3" => ("gp3-storage", None),
            "io1" => ("io1-storage", Some("io1-iops")),
            "io2" => ("io2-storage", Some("io2-iops")),
            "st1" => ("st1-storage", None),
            "sc1" => ("sc1-storage", None),
            _ => ("standard-storage", None),
        };
        let iops = provisioned.map(|quota| Weight::of_figure(quota, iops));
        std::iter::once(Weight::of_figure(storage, size)).chain(iops).collect()
    }

    resource!(tags);
}
