//! A network interface: what it is attached to, and which addresses it has.

use std::net::{Ipv4Addr, Ipv6Addr};

use archipelago_proto::ec2::v1::{
    Ipv4PrefixSpecification, Ipv6PrefixSpecification, NetworkInterface, NetworkInterfaceAttachment,
    NetworkInterfaceIpv6Address, NetworkInterfacePermission, NetworkInterfacePrivateIpAddress,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{Ipv4Net, Ipv6Net};
use prost::Message;

use super::attachment::{Attachment, AttachmentChange, not_attached};
use super::attributes::Attribute;
use super::limits::Limits;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, Part, resource};
use crate::quotas::Weight;
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct NetworkInterfaceState {
    /// Without its elastic addresses and DNS names, which [`view`](super::view) joins.
    #[prost(message, required, tag = "1")]
    pub public: NetworkInterface,
    /// The address that Amazon has lent to the primary private address.
    #[prost(string, optional, tag = "2")]
    pub public_ip: Option<String>,
    /// Whether it gets one when its instance starts.
    #[prost(bool, tag = "3")]
    pub wants_public_ip: bool,
    /// When attaching or detaching is over.
    #[prost(int64, optional, tag = "4")]
    pub(super) settles: Option<Millis>,
    /// It is about to go: first what refers to it lets go of it, elastic addresses above all.
    #[prost(bool, tag = "5")]
    pub leaving: bool,
    /// The private addresses that it has lost: elastic ones that were theirs follow, or let go.
    #[prost(string, repeated, tag = "6")]
    pub lost: Vec<String>,
    /// The resource that it serves, as a NAT gateway; it goes with it.
    #[prost(string, optional, tag = "20")]
    pub service: Option<String>,
    /// What other accounts may do with it.
    #[prost(message, repeated, tag = "21")]
    pub permissions: Vec<NetworkInterfacePermission>,
}

/// The addresses that an interface takes or hands back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    pub ipv4: Vec<Ipv4Addr>,
    pub ipv4_prefixes: Vec<Ipv4Net>,
    pub ipv6: Vec<Ipv6Addr>,
    pub ipv6_prefixes: Vec<Ipv6Net>,
    pub public: Option<Ipv4Addr>,
}

pub enum NetworkInterfaceCommand {
    Attach(Attachment),
    /// By the attachment's id. `force` does not wait for the instance.
    Detach {
        attachment: String,
        force: bool,
    },
    /// Its instance is terminated: it goes too, or is available again.
    InstanceGone,
    Change(AttachmentChange),
    Set(Attribute),
    /// Adds addresses that the subnet, or the pool, has given, as far as it may have so many; the IPv4 ones are
    /// secondary.
    Assign(Addresses, Limits),
    Unassign(Addresses),
    /// The public address goes back, as when an elastic one takes its place or the instance stops.
    ReleasePublicIp,
    Delete,
    Permit(NetworkInterfacePermission),
    /// By the permission's id. `force` does so even while the other account uses it.
    Forbid {
        permission: String,
        force: bool,
    },
    /// The elastic addresses have followed these private ones.
    Forget(Vec<String>),
    /// The last step of a leaving interface.
    Bury,
}

impl NetworkInterfaceState {
    /// Whether it is attached, in whichever state of attaching.
    pub fn instance(&self) -> Option<&str> {
        self.public.attachment.as_ref().and_then(|attachment| attachment.instance_id.as_deref())
    }

    pub fn subnet(&self) -> Id {
        Id::new(self.public.subnet_id())
    }

    pub fn has_private_ip(&self, address: &str) -> bool {
        self.public.private_ip_addresses.iter().any(|known| known.private_ip_address() == address)
    }

    /// All that goes back when it is gone.
    pub fn addresses(&self) -> Addresses {
        let parse = |text: &str| text.parse().ok();
        let public = &self.public;
        Addresses {
            ipv4: public.private_ip_addresses.iter().filter_map(|ip| ip.private_ip_address().parse().ok()).collect(),
            ipv4_prefixes: public.ipv4_prefixes.iter().filter_map(|block| block.ipv4_prefix().parse().ok()).collect(),
            ipv6: public.ipv6_addresses.iter().filter_map(|ip| ip.ipv6_address().parse().ok()).collect(),
            ipv6_prefixes: public.ipv6_prefixes.iter().filter_map(|block| block.ipv6_prefix().parse().ok()).collect(),
            public: self.public_ip.as_deref().and_then(parse),
        }
    }

    pub(super) fn add(&mut self, new: &Addresses) {
        for address in &new.ipv4 {
            let primary = self.public.private_ip_addresses.is_empty();
            if primary {
                self.public.private_ip_address = Some(address.to_string());
            }
            self.public.private_ip_addresses.push(NetworkInterfacePrivateIpAddress {
                primary: Some(primary),
                private_ip_address: Some(address.to_string()),
                ..NetworkInterfacePrivateIpAddress::default()
            });
        }
        let prefixes = new.ipv4_prefixes.iter().map(|block| Some(block.to_string()));
        self.public.ipv4_prefixes.extend(prefixes.map(|ipv4_prefix| Ipv4PrefixSpecification { ipv4_prefix }));
        let prefixes = new.ipv6_prefixes.iter().map(|block| Some(block.to_string()));
        self.public.ipv6_prefixes.extend(prefixes.map(|ipv6_prefix| Ipv6PrefixSpecification { ipv6_prefix }));
        for address in &new.ipv6 {
            self.public.ipv6_addresses.push(NetworkInterfaceIpv6Address {
                ipv6_address: Some(address.to_string()),
                is_primary_ipv6: Some(false),
                ..NetworkInterfaceIpv6Address::default()
            });
        }
        if let Some(public) = new.public {
            self.public_ip = Some(public.to_string());
        }
        self.show_first_ipv6();
    }

    fn show_first_ipv6(&mut self) {
        self.public.ipv6_address = self.public.ipv6_addresses.first().and_then(|first| first.ipv6_address.clone());
    }

    fn unassign(&mut self, old: &Addresses) -> Ec2Result<()> {
        for address in &old.ipv4 {
            let known = &mut self.public.private_ip_addresses;
            let at = known.iter().position(|known| known.private_ip_address() == address.to_string());
            match at {
                Some(at) if known[at].primary() => {
                    return Err(Ec2Error::invalid_parameter(format!(
                        "Primary IP address {address} cannot be unassigned from a network interface"
                    )));
                }
                Some(at) => drop(known.remove(at)),
                None => return Err(self.has_not(address)),
            }
        }
        for block in &old.ipv4_prefixes {
            let known = &mut self.public.ipv4_prefixes;
            match known.iter().position(|known| known.ipv4_prefix() == block.to_string()) {
                Some(at) => drop(known.remove(at)),
                None => return Err(self.has_not(block)),
            }
        }
        for address in &old.ipv6 {
            let known = &mut self.public.ipv6_addresses;
            match known.iter().position(|known| known.ipv6_address() == address.to_string()) {
                Some(at) => drop(known.remove(at)),
                None => return Err(self.has_not(address)),
            }
        }
        for block in &old.ipv6_prefixes {
            let known = &mut self.public.ipv6_prefixes;
            match known.iter().position(|known| known.ipv6_prefix() == block.to_string()) {
                Some(at) => drop(known.remove(at)),
                None => return Err(self.has_not(block)),
            }
        }
        self.show_first_ipv6();
        Ok(())
    }

    fn has_not(&self, address: &dyn std::fmt::Display) -> Ec2Error {
        Ec2Error::invalid_parameter(format!(
            "Some of the specified addresses are not assigned to interface {}: {address}",
            self.public.network_interface_id()
        ))
    }

    pub(super) fn detached(&mut self) {
        self.public.attachment = None;
        self.public.status = Some("available".into());
        self.settles = None;
    }

    /// Gone at once if nobody refers to it.
    fn leave(&self, facts: &Facts<'_>) -> Decision<Self> {
        if facts.dependents.is_empty() {
            return Decision { next: Next::Gone(self.clone()), reply: self.addresses() };
        }
        Decision { next: Next::Become(Self { leaving: true, ..self.clone() }), reply: Addresses::default() }
    }

    fn in_use(&self) -> Ec2Error {
        let id = self.public.network_interface_id();
        Ec2Error::new("InvalidNetworkInterface.InUse", format!("Network interface '{id}' is currently in use."))
    }

    fn release_public_ip(&mut self) -> Addresses {
        let public = self.public_ip.take().and_then(|address| address.parse().ok());
        Addresses { public, ..Addresses::default() }
    }
}

impl Entity for NetworkInterfaceState {
    const KIND: Kind = Kind {
        resource_type: "network-interface",
        prefix: "eni",
        not_found: "InvalidNetworkInterfaceID.NotFound",
        malformed: "InvalidNetworkInterfaceId.Malformed",
        noun: "networkInterface ID",
    };
    type Command = NetworkInterfaceCommand;
    /// What goes back to the subnet and to the pool.
    type Reply = Addresses;

    fn decide(&self, command: NetworkInterfaceCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        use NetworkInterfaceCommand as Command;
        let mut next = self.clone();
        let mut reply = Addresses::default();
        let attachment = self.public.attachment.as_ref();
        match (attachment, command) {
            (_, Command::Bury) if self.leaving => {
                return Ok(Decision { next: Next::Gone(next), reply: self.addresses() });
            }
            _ if self.leaving => return Err(Self::KIND.not_found(facts.id)),
            (_, Command::Bury) => {}
            (_, Command::Forget(lost)) => next.lost.retain(|address| !lost.contains(address)),
            (None, Command::Attach(to)) => next.attach(&to, facts),
            (Some(_), Command::Attach(_) | Command::Delete) => return Err(self.in_use()),
            (Some(known), Command::Detach { .. }) if known.attachment_id().starts_with("ela-attach-") => {
                let message = "You are not allowed to manage 'ela-attach' attachments.";
                return Err(Ec2Error::new("OperationNotPermitted", message));
            }
            (Some(known), Command::Detach { attachment, force }) if known.attachment_id() == attachment => {
                next.start_detaching(force, facts.after(Transition::InterfaceDetach))?;
            }
            (_, Command::Permit(permission)) => next.permit(permission)?,
            (_, Command::Forbid { permission, force }) => next.forbid(&permission, force)?,
            (_, Command::Detach { attachment, .. }) => return Err(not_attached(&attachment)),
            (Some(known), Command::InstanceGone) if known.delete_on_termination() => return Ok(self.leave(facts)),
            (Some(_), Command::InstanceGone) => {
                next.detached();
                reply = next.release_public_ip();
            }
            (None, Command::InstanceGone) => return Ok(Decision { next: Next::Keep, reply }),
            (_, Command::Change(change)) => next.change_attachment(change)?,
            (_, Command::Set(attribute)) => attribute.apply(&mut next)?,
            (_, Command::Assign(addresses, limits)) => {
                next.add(&addresses);
                limits.check(&next.addresses())?;
            }
            (_, Command::Unassign(addresses)) => {
                next.unassign(&addresses)?;
                if !facts.dependents.is_empty() {
                    next.lost.extend(addresses.ipv4.iter().map(ToString::to_string));
                }
                reply = addresses;
            }
            (_, Command::ReleasePublicIp) => reply = next.release_public_ip(),
            (None, Command::Delete) if self.public.requester_managed() => {
                return Err(Ec2Error::new(
                    "OperationNotPermitted",
                    "You are not allowed to manage this network interface: it is managed by an AWS service.",
                ));
            }
            (None, Command::Delete) => return Ok(self.leave(facts)),
        }
        Ok(Decision { next: Next::Become(next), reply })
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        match &mut next.public.attachment {
            Some(attachment) if attachment.status() == "detaching" => next.detached(),
            Some(attachment) => attachment.status = Some("attached".into()),
            None => {}
        }
        Next::Become(next)
    }

    fn intent(&self) -> bool {
        self.leaving || !self.lost.is_empty()
    }

    fn links(&self) -> Vec<Id> {
        let groups = self.public.groups.iter().map(|group| Id::new(group.group_id()));
        let mut links: Vec<Id> = groups.collect();
        links.extend([Id::new(self.public.vpc_id()), self.subnet()]);
        links.extend(self.instance().map(Id::new));
        links.extend(self.service.as_deref().map(Id::new));
        links
    }

    /// It is found by the ids of its attachment and of its permissions.
    fn parts(&self) -> Vec<Part<'_>> {
        let attachment = self.public.attachment.iter();
        let permissions = self.permissions.iter().map(NetworkInterfacePermission::network_interface_permission_id);
        attachment.map(NetworkInterfaceAttachment::attachment_id).chain(permissions).map(Part::untagged).collect()
    }

    fn weighs(&self, id: &Id) -> Vec<Weight> {
        vec![Weight::new("security-groups-per-interface", self.public.groups.len()).per(id)]
    }

    resource!(tag_set);
}
