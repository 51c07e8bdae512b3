//! The blocks that VPCs have from pools.

use archipelago_proto::ec2::v1::{IpamPoolAllocation, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;
use prost::Message;

use super::allocations::{ALLOCATION, Request};
use super::pool::{PoolCommand, PoolState};
use crate::entity::{Entity as _, Id, Undo};
use crate::request::Context;

/// Where a block of a VPC comes from.
#[derive(Clone, PartialEq, Message)]
pub struct Pooled {
    /// The association between the block and the VPC.
    #[prost(string, tag = "1")]
    pub association: String,
    #[prost(string, tag = "2")]
    pub pool: String,
    #[prost(string, tag = "3")]
    pub allocation: String,
    /// From a public scope.
    #[prost(bool, tag = "4")]
    pub public: bool,
}

/// The block that a VPC is to have.
pub struct Wanted<'a> {
    pub pool: &'a str,
    /// `ipv4` or `ipv6`.
    pub family: &'a str,
    pub cidr: Option<IpNet>,
    pub length: Option<i32>,
}

/// Takes a block for a VPC, which comes to exist with it.
pub async fn allocate(
    cx: &Context,
    undo: &mut Undo,
    wanted: &Wanted<'_>,
    vpc: &Id,
    tags: &[Tag],
) -> Ec2Result<(IpNet, Pooled)> {
    let pool = cx.ipam_pools.find(&cx.account, wanted.pool)?;
    let public = &pool.state.public;
    if public.address_family() != wanted.family {
        return Err(Ec2Error::invalid_parameter(format!(
            "The IPAM pool {} is of the address family {}.",
            pool.id,
            public.address_family()
        )));
    }
    if public.locale() != cx.facts.name {
        return Err(Ec2Error::invalid_parameter(format!(
            "The locale of the IPAM pool {} is {}. VPCs can be created only from pools with the locale {}.",
            pool.id,
            public.locale(),
            cx.facts.name
        )));
    }
    let tagged = |wanted: &str, value: &str| tags.iter().any(|tag| tag.key() == wanted && tag.value() == value);
    if let Some(missing) = public.allocation_resource_tags.iter().find(|tag| !tagged(tag.key(), tag.value())) {
        return Err(Ec2Error::invalid_parameter(format!(
            "The IPAM pool {} requires the tag {}={} of resources that use its CIDRs.",
            pool.id,
            missing.key(),
            missing.value()
        )));
    }
    let length = wanted.length.map(|length| {
        u8::try_from(length).map_err(|_| Ec2Error::invalid_parameter(format!("{length} is not a netmask length.")))
    });
    let id = cx.shell.ids.fresh(&ALLOCATION);
    let request = Request {
        cidr: wanted.cidr,
        length: length.transpose()?,
        allocation: IpamPoolAllocation {
            ipam_pool_allocation_id: Some(id.to_string()),
            resource_id: Some(vpc.to_string()),
            resource_type: Some("vpc".into()),
            resource_region: Some(cx.facts.name.to_owned()),
            resource_owner: Some(cx.account.to_string()),
            ..IpamPoolAllocation::default()
        },
        ruled: true,
        ..Request::default()
    };
    let given = cx.ipam_pools.ask(&pool.id, PoolCommand::Allocate(Box::new(request))).await?.reply;
    let pooled = Pooled {
        association: String::new(),
        pool: pool.id.to_string(),
        allocation: id.to_string(),
        public: public.ipam_scope_type() == "public",
    };
    let (own, taken) = (cx.clone(), pooled.clone());
    undo.push(async move { release(&own, &taken).await });
    let block = given.and_then(|given| given.cidr().parse().ok()).ok_or_else(Ec2Error::internal)?;
    Ok((block, pooled))
}

/// The VPC no longer has the block. The pool may be gone, with all that was in it.
pub async fn release(cx: &Context, pooled: &Pooled) {
    let release = PoolCommand::Release { allocation: pooled.allocation.clone(), cidr: None };
    match cx.ipam_pools.ask(&Id::new(&pooled.pool), release).await {
        Err(error) if ![PoolState::KIND.not_found, ALLOCATION.not_found].contains(&error.code.as_str()) => {
            tracing::warn!(pool = pooled.pool, %error, "a VPC's block does not go back");
        }
        _ => {}
    }
}
