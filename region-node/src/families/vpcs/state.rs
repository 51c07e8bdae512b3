//! A VPC: it decides which blocks its subnets have, and knows what comes and goes with it.

use archipelago_proto::ec2::v1::{Tag, Vpc, VpcCidrBlockAssociation, VpcIpv6CidrBlockAssociation};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{IpNet, Ipv6Net};
use prost::Message;

use super::blocks::{Blocks, NewBlock, block_state};
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, Part};
use crate::families::ipam::Pooled;
use crate::quotas::Weight;
use crate::time::{Millis, Transition};

#[derive(Clone)]
pub struct VpcState {
    pub public: Vpc,
    pub attributes: Attributes,
    pub main_route_table: Id,
    /// The id of the association between the VPC and its main route table.
    pub main_association: Id,
    pub default_acl: Id,
    pub default_group: Id,
    /// Its blocks that IPAM pools have handed out.
    pub pooled: Vec<Pooled>,
    /// When it stops being pending.
    settles: Option<Millis>,
    /// Derived from the subnets.
    pub(super) blocks: Blocks,
    /// The internet gateway that is attached. Derived from the gateways.
    gateway: Option<Id>,
    /// The virtual private gateway, likewise.
    vpn_gateway: Option<Id>,
}

/// What DescribeVpcAttribute shows, and what ClassicLink does.
#[allow(clippy::struct_excessive_bools)] // Each is an attribute of its own on AWS.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Attributes {
    #[prost(bool, tag = "1")]
    pub dns_support: bool,
    #[prost(bool, tag = "2")]
    pub dns_hostnames: bool,
    #[prost(bool, tag = "3")]
    pub address_usage_metrics: bool,
    /// EC2-Classic instances may be linked to it.
    #[prost(bool, tag = "4")]
    pub classic_link: bool,
    #[prost(bool, tag = "5")]
    pub classic_link_dns: bool,
}

/// What the store keeps.
#[derive(Clone, PartialEq, Message)]
struct Record {
    #[prost(message, required, tag = "1")]
    public: Vpc,
    #[prost(message, required, tag = "2")]
    attributes: Attributes,
    #[prost(string, tag = "3")]
    main_route_table: String,
    #[prost(string, tag = "4")]
    main_association: String,
    #[prost(string, tag = "5")]
    default_acl: String,
    #[prost(string, tag = "6")]
    default_group: String,
    #[prost(int64, optional, tag = "7")]
    settles: Option<Millis>,
    #[prost(message, repeated, tag = "8")]
    pooled: Vec<Pooled>,
}

/// The ids of what comes and goes with a VPC.
pub struct Parts {
    pub main_route_table: Id,
    pub main_association: Id,
    pub default_acl: Id,
    pub default_group: Id,
}

#[derive(Clone, Copy, Debug)]
pub enum Attribute {
    DnsSupport(bool),
    DnsHostnames(bool),
    AddressUsageMetrics(bool),
    ClassicLink(bool),
    ClassicLinkDns(bool),
}

pub enum VpcCommand {
    Delete,
    Set(Attribute),
    /// An id, or `default` for none.
    UseDhcpOptions(String),
    /// A subnet takes its blocks, all or none.
    TakeBlocks {
        blocks: Vec<IpNet>,
        by: Id,
    },
    FreeBlocks {
        blocks: Vec<IpNet>,
        by: Id,
    },
    /// The blocks that subnets have had before a restart.
    Recall(Vec<(IpNet, Id)>),
    /// An internet gateway takes the place of which a VPC has one.
    TakeGateway(Id),
    FreeGateway(Id),
    /// And a virtual private gateway another.
    TakeVpnGateway(Id),
    FreeVpnGateway(Id),
    AddBlock(NewBlock, Option<Box<Pooled>>),
    /// By its association.
    RemoveBlock(String),
    /// Instances may have any tenancy from now on.
    UseDefaultTenancy,
    /// Another route table becomes the main one, if the association is still the current one.
    ReplaceMain {
        association: Id,
        route_table: Id,
        new_association: Id,
    },
}

impl VpcState {
    pub fn new(public: Vpc, parts: Parts, settles: Millis) -> Self {
        let attributes = Attributes { dns_support: true, dns_hostnames: public.is_default(), ..Attributes::default() };
        let Parts { main_route_table, main_association, default_acl, default_group } = parts;
        Self {
            public,
            attributes,
            main_route_table,
            main_association,
            default_acl,
            default_group,
            pooled: Vec::new(),
            settles: Some(settles),
            blocks: Blocks::default(),
            gateway: None,
            vpn_gateway: None,
        }
    }

    /// With subnets and a gateway that are created together with it.
    #[must_use]
    pub fn occupied(mut self, subnets: impl IntoIterator<Item = (IpNet, Id)>, gateway: Option<Id>) -> Self {
        subnets.into_iter().for_each(|(block, by)| self.blocks.insert(block, by));
        self.gateway = gateway;
        self
    }

    pub fn gateway(&self) -> Option<&Id> {
        self.gateway.as_ref()
    }

    pub fn ipv4_blocks(&self) -> impl Iterator<Item = IpNet> {
        self.public.cidr_block_association_set.iter().filter_map(|block| block.cidr_block().parse().ok())
    }

    pub fn ipv6_blocks(&self) -> impl Iterator<Item = Ipv6Net> {
        self.public.ipv6_cidr_block_association_set.iter().filter_map(|block| block.ipv6_cidr_block().parse().ok())
    }

    /// Those of them that Amazon has lent from its own.
    pub(super) fn amazon_blocks(&self) -> impl Iterator<Item = Ipv6Net> {
        let own = self.public.ipv6_cidr_block_association_set.iter();
        let own = own.filter(|block| !self.pooled.iter().any(|pooled| pooled.association == block.association_id()));
        own.filter_map(|block| block.ipv6_cidr_block().parse().ok())
    }

    fn set(&mut self, attribute: Attribute) -> Ec2Result<()> {
        let attributes = &mut self.attributes;
        match attribute {
            Attribute::DnsHostnames(true) if !attributes.dns_support => {
                return Err(Ec2Error::invalid_combination(
                    "DNS hostnames can be enabled only if DNS support is enabled for the VPC.",
                ));
            }
            Attribute::DnsHostnames(on) => attributes.dns_hostnames = on,
            Attribute::DnsSupport(on) => attributes.dns_support = on,
            Attribute::AddressUsageMetrics(on) => attributes.address_usage_metrics = on,
            Attribute::ClassicLink(on) => attributes.classic_link = on,
            Attribute::ClassicLinkDns(on) => attributes.classic_link_dns = on,
        }
        Ok(())
    }

    /// Only what it was created with may still depend on it.
    fn check_unused(&self, facts: &Facts<'_>) -> Ec2Result<()> {
        let parts = [&self.main_route_table, &self.default_acl, &self.default_group];
        let used = facts.dependents.iter().any(|id| !parts.contains(&id));
        if used || !self.blocks.is_empty() || self.gateway.is_some() {
            return Err(Ec2Error::dependency_violation(format!(
                "The vpc '{}' has dependencies and cannot be deleted.",
                facts.id
            )));
        }
        Ok(())
    }
}

impl Entity for VpcState {
    const KIND: Kind = Kind {
        resource_type: "vpc",
        prefix: "vpc",
        not_found: "InvalidVpcID.NotFound",
        malformed: "InvalidVpcID.Malformed",
        noun: "vpc ID",
    };
    type Command = VpcCommand;
    type Reply = ();

    fn decide(&self, command: VpcCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match command {
            VpcCommand::Delete => {
                self.check_unused(facts)?;
                return Ok(Decision::gone(next));
            }
            VpcCommand::Set(attribute) => next.set(attribute)?,
            VpcCommand::UseDhcpOptions(id) => next.public.dhcp_options_id = Some(id),
            VpcCommand::TakeBlocks { blocks, by } => {
                blocks.into_iter().try_for_each(|block| next.take(block, &by))?;
            }
            VpcCommand::FreeBlocks { blocks, by } => blocks.into_iter().for_each(|b| next.blocks.remove(b, &by)),
            VpcCommand::Recall(blocks) => blocks.into_iter().for_each(|(block, by)| next.blocks.insert(block, by)),
            VpcCommand::TakeGateway(id) => match &self.gateway {
                Some(_) => {
                    return Err(Ec2Error::invalid_parameter(format!(
                        "Network {} already has an internet gateway attached",
                        facts.id
                    )));
                }
                None => next.gateway = Some(id),
            },
            VpcCommand::FreeGateway(id) => next.gateway = next.gateway.filter(|known| *known != id),
            VpcCommand::TakeVpnGateway(id) => match &self.vpn_gateway {
                Some(known) if *known != id => {
                    return Err(Ec2Error::invalid_parameter(format!(
                        "Network {} already has the virtual private gateway {known} attached",
                        facts.id
                    )));
                }
                _ => next.vpn_gateway = Some(id),
            },
            VpcCommand::FreeVpnGateway(id) => next.vpn_gateway = next.vpn_gateway.filter(|known| *known != id),
            VpcCommand::AddBlock(block, pooled) => {
                next.add(block)?;
                next.pooled.extend(pooled.map(|pooled| *pooled));
                next.settles = Some(facts.after(Transition::VpcCreate));
            }
            VpcCommand::RemoveBlock(association) => {
                next.remove(&association)?;
                next.pooled.retain(|pooled| pooled.association != association);
            }
            VpcCommand::UseDefaultTenancy => next.public.instance_tenancy = Some("default".into()),
            VpcCommand::ReplaceMain { association, route_table, new_association } => {
                if association != self.main_association {
                    return Err(no_association(&association));
                }
                next.main_route_table = route_table;
                next.main_association = new_association;
            }
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        next.public.state = Some("available".into());
        let ipv4 = next.public.cidr_block_association_set.iter_mut().map(|block| &mut block.cidr_block_state);
        let ipv6 = next.public.ipv6_cidr_block_association_set.iter_mut().map(|block| &mut block.ipv6_cidr_block_state);
        ipv4.chain(ipv6).for_each(|state| *state = Some(block_state("associated")));
        Next::Become(next)
    }

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.public.tags
    }

    /// The DHCP options and the main route table stay while it has them.
    fn links(&self) -> Vec<Id> {
        let mut links = vec![self.main_route_table.clone()];
        if self.public.dhcp_options_id() != "default" {
            links.push(Id::new(self.public.dhcp_options_id()));
        }
        links
    }

    fn parts(&self) -> Vec<Part<'_>> {
        let ipv4 = self.public.cidr_block_association_set.iter().map(VpcCidrBlockAssociation::association_id);
        let ipv6 = self.public.ipv6_cidr_block_association_set.iter().map(VpcIpv6CidrBlockAssociation::association_id);
        std::iter::once(&*self.main_association).chain(ipv4).chain(ipv6).map(Part::untagged).collect()
    }

    fn weighs(&self, id: &Id) -> Vec<Weight> {
        let blocks = &self.public;
        vec![
            Weight::new("ipv4-blocks-per-vpc", blocks.cidr_block_association_set.len()).per(id),
            Weight::new("ipv6-blocks-per-vpc", blocks.ipv6_cidr_block_association_set.len()).per(id),
        ]
    }

    fn encode(&self) -> Vec<u8> {
        let record = Record {
            public: self.public.clone(),
            attributes: self.attributes,
            main_route_table: self.main_route_table.to_string(),
            main_association: self.main_association.to_string(),
            default_acl: self.default_acl.to_string(),
            default_group: self.default_group.to_string(),
            settles: self.settles,
            pooled: self.pooled.clone(),
        };
        record.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let record = Record::decode(bytes).ok()?;
        Some(Self {
            public: record.public,
            attributes: record.attributes,
            main_route_table: Id::new(&record.main_route_table),
            main_association: Id::new(&record.main_association),
            default_acl: Id::new(&record.default_acl),
            default_group: Id::new(&record.default_group),
            pooled: record.pooled,
            settles: record.settles,
            blocks: Blocks::default(),
            gateway: None,
            vpn_gateway: None,
        })
    }
}

/// No subnet, gateway or VPC has this association.
pub fn no_association(id: &str) -> Ec2Error {
    Ec2Error::new("InvalidAssociationID.NotFound", format!("The association ID '{id}' does not exist"))
}
