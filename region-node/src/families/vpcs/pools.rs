//! Where the blocks of a VPC come from: a client's word, Amazon, or a pool of an IPAM.

use archipelago_proto::ec2::v1::Tag;
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::entity::{Id, Undo};
use crate::families::ipam::{self, Pooled, Wanted};
use crate::request::{Context, ipv4_block, ipv6_block};

/// The parameters that say so.
pub(super) struct Pools<'a> {
    pub(super) ipv4_block: Option<&'a str>,
    pub(super) ipv4_ipam: Option<&'a str>,
    pub(super) ipv4_netmask: Option<i32>,
    pub(super) ipv6_ipam: Option<&'a str>,
    pub(super) ipv6_netmask: Option<i32>,
    pub(super) ipv6_pool: Option<&'a str>,
    pub(super) ipv6_block: Option<&'a str>,
    pub(super) ipv6_amazon: bool,
}

impl Pools<'_> {
    pub(super) fn check(&self) -> Ec2Result<()> {
        let combination = |message: &str| Err(Ec2Error::invalid_combination(message));
        // Pools of one's own addresses are made by actions that do not exist here, so that no id of one is known.
        if let Some(pool) = self.ipv6_pool {
            return Err(Ec2Error::new("InvalidPoolID.NotFound", format!("The pool ID '{pool}' does not exist")));
        }
        if self.ipv4_netmask.is_some() && self.ipv4_ipam.is_none() {
            return combination("The parameter ipv4NetmaskLength requires ipv4IpamPoolId");
        }
        if self.ipv6_netmask.is_some() && self.ipv6_ipam.is_none() {
            return combination("The parameter ipv6NetmaskLength requires ipv6IpamPoolId");
        }
        if self.ipv6_block.is_some() && self.ipv6_ipam.is_none() {
            return combination("The parameter ipv6CidrBlock requires ipv6Pool");
        }
        if self.ipv4_netmask.is_some() && self.ipv4_block.is_some() {
            return combination("The parameters cidrBlock and ipv4NetmaskLength may not be specified together");
        }
        if self.ipv6_netmask.is_some() && self.ipv6_block.is_some() {
            return combination("The parameters ipv6CidrBlock and ipv6NetmaskLength may not be specified together");
        }
        if self.ipv6_amazon && self.ipv6_ipam.is_some() {
            return combination(
                "The parameters amazonProvidedIpv6CidrBlock and ipv6IpamPoolId may not be specified together",
            );
        }
        Ok(())
    }

    pub(super) fn wants_ipv4(&self) -> bool {
        self.ipv4_block.is_some() || self.ipv4_ipam.is_some()
    }

    pub(super) fn wants_ipv6(&self) -> bool {
        self.ipv6_amazon || self.ipv6_ipam.is_some()
    }

    /// The IPv4 block, and the pool that it is from.
    pub(super) async fn take_ipv4(
        &self,
        cx: &Context,
        undo: &mut Undo,
        vpc: &Id,
        tags: &[Tag],
    ) -> Ec2Result<Option<(Ipv4Net, Option<Pooled>)>> {
        let block = self.ipv4_block.map(|text| vpc_block(ipv4_block("cidrBlock", text)?)).transpose()?;
        let Some(pool) = self.ipv4_ipam else { return Ok(block.map(|block| (block, None))) };
        let wanted = Wanted { pool, family: "ipv4", cidr: block.map(IpNet::from), length: self.ipv4_netmask };
        match ipam::allocate(cx, undo, &wanted, vpc, tags).await? {
            (IpNet::V4(block), pooled) => Ok(Some((vpc_block(block)?, Some(pooled)))),
            (IpNet::V6(_), _) => Err(Ec2Error::internal()),
        }
    }

    /// The IPv6 block, likewise.
    pub(super) async fn take_ipv6(
        &self,
        cx: &Context,
        undo: &mut Undo,
        vpc: &Id,
        tags: &[Tag],
    ) -> Ec2Result<Option<(Ipv6Net, Option<Pooled>)>> {
        if self.ipv6_amazon {
            return Ok(Some((take_from_amazon(cx, undo)?, None)));
        }
        let Some(pool) = self.ipv6_ipam else { return Ok(None) };
        let block = self.ipv6_block.map(|text| ipv6_block("ipv6CidrBlock", text)).transpose()?;
        let wanted = Wanted { pool, family: "ipv6", cidr: block.map(IpNet::from), length: self.ipv6_netmask };
        match ipam::allocate(cx, undo, &wanted, vpc, tags).await? {
            // AWS: "between /44 and /60 in increments of /4".
            (IpNet::V6(block), pooled) if (44..=60).contains(&block.prefix_len()) && block.prefix_len() % 4 == 0 => {
                Ok(Some((block, Some(pooled))))
            }
            (block, _) => Err(Ec2Error::new("InvalidVpc.Range", format!("The CIDR '{block}' is invalid."))),
        }
    }
}

/// AWS: "VPC CIDR blocks": sizes, and the networks that have other uses.
fn vpc_block(block: Ipv4Net) -> Ec2Result<Ipv4Net> {
    let first = block.network().octets();
    let reserved = matches!(first, [0 | 127, ..] | [169, 254, ..]) || first[0] >= 224;
    if !(16..=28).contains(&block.prefix_len()) || reserved {
        return Err(Ec2Error::new("InvalidVpc.Range", format!("The CIDR '{block}' is invalid.")));
    }
    Ok(block)
}

fn take_from_amazon(cx: &Context, undo: &mut Undo) -> Ec2Result<Ipv6Net> {
    let block = cx.ipv6_pool.take().ok_or_else(|| {
        Ec2Error::new("InsufficientAddressCapacity", "There are not enough free IPv6 addresses to satisfy the request.")
    })?;
    let region = cx.region.clone();
    undo.push(async move { region.ipv6_pool.free(block) });
    Ok(block)
}

/// From where the IPv6 block is announced: the region. Local Zones have no blocks of their own here.
pub(super) fn border_group(cx: &Context, group: Option<&str>, from_amazon: bool) -> Ec2Result<&'static str> {
    let Some(group) = group else { return Ok(cx.facts.name) };
    if !from_amazon {
        return Err(Ec2Error::invalid_combination(
            "The parameter ipv6CidrBlockNetworkBorderGroup requires amazonProvidedIpv6CidrBlock",
        ));
    }
    if group != cx.facts.name {
        return Err(Ec2Error::invalid_value("ipv6CidrBlockNetworkBorderGroup", group));
    }
    Ok(cx.facts.name)
}
