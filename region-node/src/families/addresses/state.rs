//! An elastic address: allocated, associated, released.

use archipelago_proto::ec2::v1::{Address, AddressAttribute, PtrUpdateStatus};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::transfer::{Transfer, TransferCommand};
use crate::entity::{Audience, Decision, Entity, Facts, Id, Kind, Next, Part, resource};
use crate::quotas::Weight;
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct AddressState {
    /// Without the instance, which is the interface's.
    #[prost(message, required, tag = "1")]
    pub public: Address,
    /// The association that was last undone: to undo it again is no error.
    #[prost(string, optional, tag = "2")]
    pub former_association: Option<String>,
    /// Of all that are associated with one private address only the last counts.
    #[prost(uint64, tag = "3")]
    pub association_number: u64,
    /// The name that reverse DNS has for it.
    #[prost(string, optional, tag = "4")]
    ptr_record: Option<String>,
    /// What it will be; an empty one is none.
    #[prost(string, optional, tag = "5")]
    ptr_update: Option<String>,
    #[prost(int64, optional, tag = "6")]
    ptr_settles: Option<Millis>,
    /// The offer to another account, or the one that it came by.
    #[prost(message, optional, tag = "7")]
    pub(super) transfer: Option<Transfer>,
    /// It was allocated for EC2-Classic, and may go back there.
    #[prost(bool, tag = "8")]
    pub(super) from_classic: bool,
    /// When its move between EC2-Classic and VPCs is over.
    #[prost(int64, optional, tag = "9")]
    pub(super) move_settles: Option<Millis>,
    /// The instances in EC2-Classic that are to learn that the address came or went.
    #[prost(string, repeated, tag = "10")]
    pub(super) changed: Vec<String>,
}

/// With which private address an elastic one is to be associated.
#[derive(Clone, Debug)]
pub struct Association {
    pub interface: Id,
    pub interface_owner: String,
    pub private_ip: String,
    pub number: u64,
    /// Whether it may be taken from another.
    pub allow_reassociation: bool,
}

pub enum AddressCommand {
    Associate(Association),
    /// Undoes the association, or this one only.
    Disassociate(Option<String>),
    /// A new name for reverse DNS, or none.
    SetPtr(Option<String>),
    Transfer(TransferCommand),
    /// With an instance in EC2-Classic.
    AssociateClassic(Id),
    /// These instances know.
    Told(Vec<Id>),
    /// To VPCs, or back to EC2-Classic.
    Move,
    Release,
}

impl AddressState {
    pub fn new(public: Address) -> Self {
        Self { public, ..Self::default() }
    }

    pub fn is_associated(&self) -> bool {
        self.public.association_id.is_some() || self.public.instance_id.is_some()
    }

    /// Whether it is for instances in EC2-Classic.
    pub fn is_classic(&self) -> bool {
        self.public.domain() == "standard"
    }

    /// The instance in EC2-Classic that has it. One in a VPC is not known here, but by its interface.
    pub fn classic_instance(&self) -> Option<Id> {
        self.public.instance_id.as_deref().map(Id::new)
    }

    /// The instances in EC2-Classic that the address came to or went from.
    pub(crate) fn changed(&self) -> Vec<Id> {
        self.changed.iter().map(|id| Id::new(id)).collect()
    }

    /// Allocated for EC2-Classic. No client knows its id until it moves to VPCs.
    pub(super) fn classic(public: Address) -> Self {
        Self { public, from_classic: true, ..Self::default() }
    }

    pub fn interface(&self) -> Option<Id> {
        self.public.network_interface_id.as_deref().map(Id::new)
    }

    /// The attribute as DescribeAddressesAttribute shows it; None if there never was a name.
    pub fn domain_name(&self) -> Option<AddressAttribute> {
        if self.ptr_record.is_none() && self.ptr_update.is_none() {
            return None;
        }
        let update = self.ptr_update.as_ref().map(|value| PtrUpdateStatus {
            value: Some(value.clone()),
            status: Some("PENDING".into()),
            reason: None,
        });
        Some(AddressAttribute {
            public_ip: self.public.public_ip.clone(),
            allocation_id: self.public.allocation_id.clone(),
            ptr_record: self.ptr_record.clone(),
            ptr_record_update: update,
        })
    }

    fn associate(&mut self, with: Association, facts: &Facts<'_>) -> Ec2Result<()> {
        let public = &mut self.public;
        if let Some(known) = &public.association_id {
            let same = public.network_interface_id.as_deref() == Some(&*with.interface)
                && public.private_ip_address() == with.private_ip;
            if same {
                return Ok(());
            }
            if !with.allow_reassociation {
                let message = format!("resource {} is already associated with associate-id {known}", facts.id);
                return Err(Ec2Error::new("Resource.AlreadyAssociated", message));
            }
        }
        public.association_id = Some(facts.ids.prefixed("eipassoc").to_string());
        public.network_interface_id = Some(with.interface.to_string());
        public.network_interface_owner_id = Some(with.interface_owner);
        public.private_ip_address = Some(with.private_ip);
        self.association_number = with.number;
        Ok(())
    }

    pub(super) fn disassociate(&mut self) {
        let public = &mut self.public;
        self.changed.extend(public.instance_id.take());
        if let Some(association) = public.association_id.take() {
            self.former_association = Some(association);
        }
        public.network_interface_id = None;
        public.network_interface_owner_id = None;
        public.private_ip_address = None;
    }
}

impl Entity for AddressState {
    const KIND: Kind = Kind {
        resource_type: "elastic-ip",
        prefix: "eipalloc",
        not_found: "InvalidAllocationID.NotFound",
        malformed: "InvalidAllocationID.Malformed",
        noun: "allocation ID",
    };
    type Command = AddressCommand;
    type Reply = ();

    fn decide(&self, command: AddressCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match command {
            AddressCommand::Associate(with) => next.associate(with, facts)?,
            AddressCommand::Disassociate(Some(association))
                if self.public.association_id.as_ref() != Some(&association) => {}
            AddressCommand::Disassociate(_) => next.disassociate(),
            AddressCommand::SetPtr(name) => {
                next.ptr_update = Some(name.unwrap_or_default());
                next.ptr_settles = Some(facts.after(Transition::AddressAttributeChange));
            }
            AddressCommand::Transfer(TransferCommand::Bury) if self.is_leaving() => return Ok(Decision::gone(next)),
            AddressCommand::Transfer(command) => next.transfer(command, facts)?,
            AddressCommand::Told(ids) => next.changed.retain(|id| !ids.iter().any(|told| **told == **id)),
            AddressCommand::AssociateClassic(_) | AddressCommand::Move | AddressCommand::Release
                if self.move_settles.is_some() =>
            {
                let message = format!("The address '{}' is being moved.", self.public.public_ip());
                return Err(Ec2Error::new("InvalidAddress.Moving", message));
            }
            AddressCommand::AssociateClassic(instance) => next.associate_classic(&instance),
            AddressCommand::Move => next.start_move(facts)?,
            AddressCommand::Release if self.is_offered(facts.now) => {
                let message = format!("The address {} is being transferred.", self.public.public_ip());
                return Err(Ec2Error::new("AddressTransferInProgress", message));
            }
            AddressCommand::Release if self.is_associated() => {
                let message = format!("Address {} is in use.", self.public.public_ip());
                return Err(Ec2Error::new("InvalidIPAddress.InUse", message));
            }
            AddressCommand::Release if self.ptr_record.is_some() => {
                return Err(Ec2Error::new(
                    "InvalidAddress.Locked",
                    format!(
                        "The address with allocation id {} cannot be released because it is locked to your account.",
                        facts.id
                    ),
                ));
            }
            AddressCommand::Release => return Ok(Decision::gone(next)),
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        let expires = self.transfer.as_ref().and_then(Transfer::due);
        self.ptr_settles.into_iter().chain(self.move_settles).chain(expires).min()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        if next.ptr_settles.is_some_and(|settles| settles <= facts.now) {
            next.ptr_settles = None;
            next.ptr_record = next.ptr_update.take().filter(|name| !name.is_empty());
        }
        if next.move_settles.is_some_and(|settles| settles <= facts.now) {
            next.moved(facts.id);
        }
        next.transfer = next.transfer.filter(|transfer| transfer.due().is_none_or(|due| due > facts.now));
        Next::Become(next)
    }

    fn intent(&self) -> bool {
        self.is_leaving() || !self.changed.is_empty()
    }

    /// The other side of a transfer: who may accept it, and who sees that it was accepted.
    fn audience(&self) -> Audience<'_> {
        match &self.transfer {
            Some(transfer) => Audience::Accounts(vec![transfer.other()]),
            None => Audience::Owner,
        }
    }

    fn links(&self) -> Vec<Id> {
        self.interface().into_iter().chain(self.classic_instance()).collect()
    }

    /// It is found by its number and by its associations.
    fn parts(&self) -> Vec<Part<'_>> {
        if self.is_arriving() {
            return Vec::new();
        }
        let associations = self.public.association_id.iter().chain(&self.former_association);
        std::iter::once(self.public.public_ip()).chain(associations.map(String::as_str)).map(Part::untagged).collect()
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        let quota = if self.is_classic() { "classic-addresses" } else { "addresses" };
        vec![Weight::new(quota, (!self.is_leaving()).into())]
    }

    resource!(tags);
}
