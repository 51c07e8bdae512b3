//! A subnet, its addresses and its associations.

use std::net::{Ipv4Addr, Ipv6Addr};

use archipelago_proto::ec2::v1::{Subnet, SubnetCidrReservation, SubnetIpv6CidrBlockAssociation, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use prost::Message;

use super::addresses::Addresses;
use super::attributes::Attribute;
use super::ipv6_addresses::Ipv6Addresses;
use super::reservations::RESERVATION;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, Part};
use crate::families::vpcs::no_association;
use crate::time::{Millis, Transition};

#[derive(Clone)]
pub struct SubnetState {
    /// Without the number of free addresses, which [`view`](Self::view) has.
    pub public: Subnet,
    pub network_acl: Association,
    /// None: the subnet follows its VPC's main route table.
    pub route_table: Option<Association>,
    pub(super) reservations: Vec<SubnetCidrReservation>,
    /// When it stops being pending.
    settles: Option<Millis>,
    /// Derived from the network interfaces; None in a subnet that has IPv6 only.
    pub(super) addresses: Option<Addresses>,
    pub(super) ipv6_addresses: Option<Ipv6Addresses>,
}

/// That a subnet uses a network ACL, or a route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Association {
    pub id: Id,
    pub to: Id,
}

/// What the store keeps.
#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(message, required, tag = "1")]
    public: Subnet,
    #[prost(string, tag = "2")]
    network_acl: String,
    #[prost(string, tag = "3")]
    acl_association: String,
    #[prost(string, optional, tag = "4")]
    route_table: Option<String>,
    #[prost(string, tag = "5")]
    table_association: String,
    #[prost(int64, optional, tag = "6")]
    settles: Option<Millis>,
    #[prost(message, repeated, tag = "7")]
    reservations: Vec<SubnetCidrReservation>,
}

/// A certain address, or any that is free.
pub type Wanted<A = Ipv4Addr> = Option<A>;

/// The addresses that a command has taken, in the order in which they were wanted.
#[derive(Debug, Default)]
pub struct Allocated {
    pub ipv4: Vec<Ipv4Addr>,
    pub ipv6: Vec<Ipv6Addr>,
    pub ipv6_prefixes: Vec<Ipv6Net>,
}

pub enum SubnetCommand {
    Delete,
    Set(Attribute),
    /// All or none.
    Allocate {
        by: Vec<Wanted>,
    },
    Free(Vec<Ipv4Addr>),
    /// All or none.
    AllocateIpv6 {
        by: Vec<Wanted<Ipv6Addr>>,
    },
    FreeIpv6(Vec<Ipv6Addr>),
    /// All or none, of the length that is delegated.
    AllocateIpv6Prefixes {
        by: Vec<Wanted<Ipv6Net>>,
    },
    FreeIpv6Prefixes(Vec<Ipv6Net>),
    AddIpv6(SubnetIpv6CidrBlockAssociation),
    /// By the association.
    RemoveIpv6(String),
    /// Another network ACL, if the association is still the current one.
    ReplaceAcl {
        association: Id,
        new: Association,
    },
    /// A route table, for a subnet that follows the main one.
    AssociateTable(Association),
    ReplaceTable {
        association: Id,
        new: Association,
    },
    DisassociateTable {
        association: Id,
    },
    Reserve(SubnetCidrReservation),
    /// By its id.
    Unreserve(String),
}

impl SubnetState {
    pub fn new(public: Subnet, network_acl: Association, settles: Millis) -> Self {
        Self::with_addresses(public, network_acl, None, Some(settles))
    }

    fn with_addresses(
        public: Subnet,
        network_acl: Association,
        route_table: Option<Association>,
        settles: Option<Millis>,
    ) -> Self {
        let addresses = ipv4_block(&public).map(Addresses::new);
        let ipv6_addresses = ipv6_block(&public).map(Ipv6Addresses::new);
        let reservations = Vec::new();
        Self { public, network_acl, route_table, reservations, settles, addresses, ipv6_addresses }
    }

    pub fn ipv4_block(&self) -> Option<Ipv4Net> {
        ipv4_block(&self.public)
    }

    pub fn ipv6_block(&self) -> Option<Ipv6Net> {
        self.ipv6_addresses.as_ref().map(|addresses| addresses.block)
    }

    /// All that it takes of its VPC's blocks.
    pub fn blocks(&self) -> Vec<IpNet> {
        self.ipv4_block().map(IpNet::from).into_iter().chain(self.ipv6_block().map(IpNet::from)).collect()
    }

    pub fn free_addresses(&self) -> u32 {
        self.addresses.as_ref().map_or(0, Addresses::free_count)
    }

    /// The subnet as a describe shows it.
    pub fn view(&self) -> Subnet {
        let available_ip_address_count = i32::try_from(self.free_addresses()).ok();
        Subnet { available_ip_address_count, ..self.public.clone() }
    }

    /// The association with a route table, if it is the one that is meant.
    fn route_table_association(&self, id: &Id) -> Ec2Result<&Association> {
        self.route_table.as_ref().filter(|association| association.id == *id).ok_or_else(|| no_association(id))
    }

    fn associations(&self) -> impl Iterator<Item = &Association> {
        std::iter::once(&self.network_acl).chain(&self.route_table)
    }
}

fn ipv4_block(public: &Subnet) -> Option<Ipv4Net> {
    public.cidr_block.as_deref().and_then(|block| block.parse().ok())
}

pub(super) fn ipv6_block(public: &Subnet) -> Option<Ipv6Net> {
    public.ipv6_cidr_block_association_set.iter().find_map(|block| block.ipv6_cidr_block().parse().ok())
}

impl Entity for SubnetState {
    const KIND: Kind = Kind {
        resource_type: "subnet",
        prefix: "subnet",
        not_found: "InvalidSubnetID.NotFound",
        malformed: "InvalidSubnetID.Malformed",
        noun: "subnet ID",
    };
    const TAGGED_PARTS: &'static [Kind] = &[RESERVATION];
    type Command = SubnetCommand;
    type Reply = Allocated;

    fn decide(&self, command: SubnetCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        let mut reply = Allocated::default();
        match command {
            SubnetCommand::Delete if facts.dependents.is_empty() => {
                return Ok(Decision { next: Next::Gone(next), reply });
            }
            SubnetCommand::Delete => {
                return Err(Ec2Error::dependency_violation(format!(
                    "The subnet '{}' has dependencies and cannot be deleted.",
                    facts.id
                )));
            }
            SubnetCommand::Set(attribute) => attribute.apply(&mut next.public)?,
            SubnetCommand::Allocate { by } => reply.ipv4 = next.allocate(by, facts.id)?,
            SubnetCommand::AllocateIpv6 { by } => reply.ipv6 = next.allocate_ipv6(by, facts)?,
            SubnetCommand::AllocateIpv6Prefixes { by } => {
                reply.ipv6_prefixes = next.allocate_ipv6_prefixes(by, facts)?;
            }
            SubnetCommand::FreeIpv6Prefixes(prefixes) => {
                let known = next.ipv6_addresses.iter_mut();
                known.for_each(|known| prefixes.iter().for_each(|prefix| known.give_back_prefix(*prefix)));
            }
            SubnetCommand::Free(addresses) => {
                let known = next.addresses.iter_mut();
                known.for_each(|known| addresses.iter().for_each(|address| known.give_back(*address)));
            }
            SubnetCommand::FreeIpv6(addresses) => {
                let known = next.ipv6_addresses.iter_mut();
                known.for_each(|known| addresses.iter().for_each(|address| known.give_back(*address)));
            }
            SubnetCommand::AddIpv6(new) => {
                self.check_no_ipv6(facts.id)?;
                next.add_ipv6(new);
                next.settles = Some(facts.after(Transition::SubnetCreate));
            }
            SubnetCommand::RemoveIpv6(association) => next.remove_ipv6(&association)?,
            SubnetCommand::ReplaceAcl { association, new } => {
                if association != self.network_acl.id {
                    return Err(no_association(&association));
                }
                next.network_acl = new;
            }
            SubnetCommand::AssociateTable(new) => match &self.route_table {
                // To associate it with the table that it has already changes nothing.
                Some(known) if known.to == new.to => return Ok(Decision { next: Next::Keep, reply }),
                Some(_) => {
                    let message = format!(
                        "the specified association for route table {} conflicts with an existing association",
                        new.to
                    );
                    return Err(Ec2Error::new("Resource.AlreadyAssociated", message));
                }
                None => next.route_table = Some(new),
            },
            SubnetCommand::ReplaceTable { association, new } => {
                next.route_table_association(&association)?;
                next.route_table = Some(new);
            }
            SubnetCommand::DisassociateTable { association } => {
                next.route_table_association(&association)?;
                next.route_table = None;
            }
            SubnetCommand::Reserve(new) => next.reserve(new)?,
            SubnetCommand::Unreserve(id) => next.unreserve(&id)?,
        }
        Ok(Decision { next: Next::Become(next), reply })
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        next.public.state = Some("available".into());
        let ipv6 = next.public.ipv6_cidr_block_association_set.iter_mut();
        ipv6.filter_map(|block| block.ipv6_cidr_block_state.as_mut()).for_each(|state| {
            state.state = Some("associated".into());
        });
        Next::Become(next)
    }

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.public.tags
    }

    fn links(&self) -> Vec<Id> {
        let vpc = Id::new(self.public.vpc_id());
        std::iter::once(vpc).chain(self.associations().map(|association| association.to.clone())).collect()
    }

    fn parts(&self) -> Vec<Part<'_>> {
        let blocks =
            self.public.ipv6_cidr_block_association_set.iter().map(SubnetIpv6CidrBlockAssociation::association_id);
        let untagged = self.associations().map(|association| &*association.id).chain(blocks).map(Part::untagged);
        let reservations = self.reservations.iter();
        let reservations = reservations.map(|known| Part { id: known.subnet_cidr_reservation_id(), tags: &known.tags });
        untagged.chain(reservations).collect()
    }

    fn part_tags_mut(&mut self, part: &str) -> Option<&mut Vec<Tag>> {
        let known = self.reservations.iter_mut().find(|known| known.subnet_cidr_reservation_id() == part);
        known.map(|known| &mut known.tags)
    }

    fn encode(&self) -> Vec<u8> {
        let table = self.route_table.as_ref();
        let record = Record {
            public: self.public.clone(),
            network_acl: self.network_acl.to.to_string(),
            acl_association: self.network_acl.id.to_string(),
            route_table: table.map(|association| association.to.to_string()),
            table_association: table.map(|association| association.id.to_string()).unwrap_or_default(),
            settles: self.settles,
            reservations: self.reservations.clone(),
        };
        record.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let record = Record::decode(bytes).ok()?;
        let network_acl = Association { id: Id::new(&record.acl_association), to: Id::new(&record.network_acl) };
        let table = record.route_table.as_deref().map(Id::new);
        let route_table = table.map(|to| Association { id: Id::new(&record.table_association), to });
        let mut state = Self::with_addresses(record.public, network_acl, route_table, record.settles);
        state.reservations = record.reservations;
        state.apply_reservations();
        Some(state)
    }
}
