//! Instances in EC2-Classic: outside of any VPC, without interfaces. Their groups and addresses are their own
//! (reference: RunInstances, DescribeInstances).

use std::net::Ipv4Addr;

use archipelago_proto::ec2::v1::{GroupIdentifier, Instance};
use archipelago_proto::{Ec2Error, Ec2Result};
use dashmap::DashSet;
use prost::Message;

use super::lifecycle::Phase;
use super::settings::Setting;
use super::state::{InstanceCommand, InstanceState};
use crate::Region;
use crate::entity::{Facts, Id, Ids};
use crate::families::addresses::{self, AddressCommand};
use crate::families::network_interfaces::{private_name, public_name};
use crate::request::Context;

/// What an instance has there.
#[derive(Clone, PartialEq, Message)]
pub struct Classic {
    #[prost(message, repeated, tag = "1")]
    pub groups: Vec<GroupIdentifier>,
    /// While it is neither stopped nor terminated.
    #[prost(string, optional, tag = "2")]
    pub private_ip: Option<String>,
    /// What Amazon lends it, unless it has an elastic address.
    #[prost(string, optional, tag = "3")]
    pub public_ip: Option<String>,
    /// The VPC that it is linked to.
    #[prost(message, optional, tag = "4")]
    pub link: Option<ClassicLink>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ClassicLink {
    #[prost(string, tag = "1")]
    pub vpc: String,
    #[prost(message, repeated, tag = "2")]
    pub groups: Vec<GroupIdentifier>,
}

impl Classic {
    /// What it refers to.
    pub(super) fn links(&self) -> impl Iterator<Item = &String> {
        let link = self.link.iter();
        let groups = self.groups.iter().chain(link.clone().flat_map(|link| &link.groups));
        groups.filter_map(|group| group.group_id.as_ref()).chain(link.map(|link| &link.vpc))
    }
}

impl Classic {
    /// Links it to a VPC, or to none. Only what runs is linked, and to one VPC at a time.
    pub(super) fn link(&mut self, link: Option<ClassicLink>, phase: Phase, facts: &Facts<'_>) -> Ec2Result<()> {
        if let Some(link) = &link {
            if phase != Phase::Running {
                return Err(not_linkable(facts.id));
            }
            if self.link.as_ref().is_some_and(|known| known.vpc != link.vpc) {
                let message = format!("The instance '{}' is already linked to another VPC.", facts.id);
                return Err(Ec2Error::new("InstanceAlreadyLinked", message));
            }
        }
        self.link = link;
        Ok(())
    }
}

pub(crate) fn not_linkable(id: &str) -> Ec2Error {
    Ec2Error::new(
        "InvalidInstanceID.NotLinkable",
        format!("The instance '{id}' cannot be linked: it is not a running EC2-Classic instance."),
    )
}

impl InstanceState {
    pub fn is_classic(&self) -> bool {
        self.private.classic.is_some()
    }

    /// Whether it is one to associate an address with.
    pub fn has_network(&self) -> bool {
        matches!(self.phase(), Phase::Pending | Phase::Running)
    }
}

/// Reference: "10.0.0.0/8", where every instance gets an address when it is launched and when it is started.
const FIRST: u32 = 0x0a00_0000;
const SIZE: u64 = 1 << 24;

/// The private addresses that are taken. Who has which is written in their states.
#[derive(Default)]
pub struct ClassicPool(DashSet<Ipv4Addr>);

impl ClassicPool {
    pub(super) fn take(&self, ids: &Ids) -> Ec2Result<Ipv4Addr> {
        let random = || Ipv4Addr::from(FIRST + u32::try_from(ids.number() % SIZE).unwrap_or_default());
        // Of sixteen million addresses most are free.
        let mut tried = (0..4096).map(|_| random());
        let free = tried.find(|address| !matches!(address.octets()[3], 0 | 255) && self.0.insert(*address));
        free.ok_or_else(|| {
            Ec2Error::new("InsufficientAddressCapacity", "Not enough available addresses to satisfy your request.")
        })
    }

    pub(super) fn give_back(&self, address: Ipv4Addr) {
        self.0.remove(&address);
    }
}

fn parse(address: Option<&String>) -> Option<Ipv4Addr> {
    address.and_then(|address| address.parse().ok())
}

/// The addresses of the instances that there are, and no others.
pub(crate) fn claim_classic_addresses(region: &Region) {
    region.classic_addresses.0.clear();
    for instance in region.instances.index().all() {
        let Some(classic) = &instance.state.private.classic else { continue };
        if let Some(address) = parse(classic.private_ip.as_ref()) {
            region.classic_addresses.0.insert(address);
        }
        if let Some(address) = parse(classic.public_ip.as_ref()) {
            region.public_addresses.claim(address);
        }
    }
}

/// What Amazon lends to the instances of one account, or of all.
pub(crate) fn public_addresses(region: &Region, account: Option<&str>) -> Vec<Ipv4Addr> {
    let all = region.instances.index().all();
    let own = all.iter().filter(|instance| account.is_none_or(|account| *instance.account == *account));
    own.filter_map(|instance| parse(instance.state.private.classic.as_ref()?.public_ip.as_ref())).collect()
}

/// Its addresses and groups, as they are described.
pub(super) fn show(cx: &Context, classic: &Classic, shown: &mut Instance) {
    shown.security_groups.clone_from(&classic.groups);
    shown.private_ip_address.clone_from(&classic.private_ip);
    if let Some(address) = parse(classic.private_ip.as_ref()) {
        shown.private_dns_name = Some(private_name(cx.facts.name, address));
    }
    if let Some(address) = public_ip(cx, classic, &Id::new(shown.instance_id())) {
        shown.public_ip_address = Some(address.to_string());
        shown.public_dns_name = Some(public_name(cx.facts, address));
    }
}

/// The elastic address, or else the lent one.
pub(super) fn public_ip(cx: &Context, classic: &Classic, id: &Id) -> Option<Ipv4Addr> {
    let elastic = addresses::of_classic_instance(cx, id);
    let elastic = elastic.and_then(|address| address.state.public.public_ip().parse().ok());
    elastic.or_else(|| parse(classic.public_ip.as_ref()))
}

async fn settle(cx: &Context, id: &Id, setting: Setting) -> Ec2Result<()> {
    cx.instances.ask(id, InstanceCommand::Settle(Box::new(setting))).await.map(drop)
}

/// It starts, and gets new addresses. Bears repetition.
pub(super) async fn started(cx: &Context, id: &Id, classic: &Classic) -> Ec2Result<()> {
    if classic.private_ip.is_some() {
        return Ok(());
    }
    let private_ip = cx.classic_addresses.take(&cx.shell.ids)?;
    let public_ip = cx.public_addresses.take(&cx.shell.ids)?;
    let (private_ip, public_ip) = (Some(private_ip.to_string()), Some(public_ip.to_string()));
    settle(cx, id, Setting::ClassicAddresses { private_ip, public_ip }).await
}

/// It has stopped or is terminated: it has no addresses any more, no elastic one either, and is linked to no VPC.
/// Bears repetition.
pub(super) async fn stopped(cx: &Context, id: &Id, classic: &Classic) -> Ec2Result<()> {
    let (private_ip, public_ip) = (parse(classic.private_ip.as_ref()), parse(classic.public_ip.as_ref()));
    for address in cx.addresses.linked_to(id).values() {
        Box::pin(cx.addresses.ask(&address.id, AddressCommand::Disassociate(None))).await?;
    }
    settle(cx, id, Setting::ClassicLink(None)).await?;
    settle(cx, id, Setting::ClassicAddresses { private_ip: None, public_ip: None }).await?;
    if let Some(address) = private_ip {
        cx.classic_addresses.give_back(address);
    }
    if let Some(address) = public_ip {
        cx.public_addresses.give_back(address);
    }
    Ok(())
}

/// An elastic address came, so that the lent one goes; or it went, and another is lent.
pub(crate) async fn public_address_changed(cx: &Context, id: &Id) {
    let Some(instance) = cx.instances.index().get(id) else { return };
    let Some(classic) = instance.state.private.classic.clone().filter(|_| instance.state.has_network()) else { return };
    let has_elastic = addresses::of_classic_instance(cx, id).is_some();
    let public_ip = match (&classic.public_ip, has_elastic) {
        (Some(_), true) => None,
        (None, false) => cx.public_addresses.take(&cx.shell.ids).ok(),
        _ => return,
    };
    let public_ip = public_ip.map(|address| address.to_string());
    let setting = Setting::ClassicAddresses { private_ip: classic.private_ip.clone(), public_ip };
    if settle(cx, id, setting).await.is_ok()
        && let Some(address) = parse(classic.public_ip.as_ref()).filter(|_| has_elastic)
    {
        cx.public_addresses.give_back(address);
    }
}
