//! The blocks of a VPC: which ones it may have, AssociateVpcCidrBlock and DisassociateVpcCidrBlock.

use archipelago_proto::ec2::v1::{
    AssociateVpcCidrBlockRequest, AssociateVpcCidrBlockResult, DisassociateVpcCidrBlockRequest,
    DisassociateVpcCidrBlockResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{Ipv4Net, Ipv6Net};

use super::blocks::{NewBlock, block_state, no_block};
use super::creation;
use super::{VpcCommand, VpcState};
use crate::entity::{Id, Undo, workflow};
use crate::families::network_acls::{NetworkAclCommand, allow_ipv6};
use crate::families::security_groups::SecurityGroupCommand;
use crate::request::{Context, ipv4_block};

/// The parameters that refer to pools of addresses.
pub(super) struct Pools<'a> {
    pub(super) ipv4_ipam: Option<&'a str>,
    pub(super) ipv4_netmask: Option<i32>,
    pub(super) ipv6_ipam: Option<&'a str>,
    pub(super) ipv6_netmask: Option<i32>,
    pub(super) ipv6_pool: Option<&'a str>,
    pub(super) ipv6_block: Option<&'a str>,
}

/// Pools are made by actions that do not exist here, so that no id of one is known.
pub(super) fn refuse_pools(pools: &Pools<'_>) -> Ec2Result<()> {
    if let Some(pool) = pools.ipv4_ipam.or(pools.ipv6_ipam) {
        let message = format!("The ipam-pool ID '{pool}' does not exist");
        return Err(Ec2Error::new("InvalidIpamPoolId.NotFound", message));
    }
    if let Some(pool) = pools.ipv6_pool {
        return Err(Ec2Error::new("InvalidPoolID.NotFound", format!("The pool ID '{pool}' does not exist")));
    }
    if pools.ipv4_netmask.is_some() {
        return Err(Ec2Error::invalid_combination("The parameter ipv4NetmaskLength requires ipv4IpamPoolId"));
    }
    if pools.ipv6_netmask.is_some() {
        return Err(Ec2Error::invalid_combination("The parameter ipv6NetmaskLength requires ipv6IpamPoolId"));
    }
    if pools.ipv6_block.is_some() {
        return Err(Ec2Error::invalid_combination("The parameter ipv6CidrBlock requires ipv6Pool"));
    }
    Ok(())
}

/// AWS: "VPC CIDR blocks": sizes, and the networks that have other uses.
pub(super) fn vpc_block(block: Ipv4Net) -> Ec2Result<Ipv4Net> {
    let first = block.network().octets();
    let reserved = matches!(first, [0 | 127, ..] | [169, 254, ..]) || first[0] >= 224;
    if !(16..=28).contains(&block.prefix_len()) || reserved {
        return Err(Ec2Error::new("InvalidVpc.Range", format!("The CIDR '{block}' is invalid.")));
    }
    Ok(block)
}

pub(super) fn take_ipv6_block(cx: &Context, undo: &mut Undo) -> Ec2Result<Ipv6Net> {
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

/// The private networks of which a VPC has one at most (AWS: "IPv4 CIDR block association restrictions").
const PRIVATE: [Ipv4Net; 4] = [
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(192, 168, 0, 0), 16),
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(198, 19, 0, 0), 16),
];

fn check_range(vpc: &VpcState, block: Ipv4Net) -> Ec2Result<()> {
    let network = |block: &Ipv4Net| PRIVATE.iter().position(|network| network.contains(block));
    let first = vpc.public.cidr_block().parse().ok().and_then(|first| network(&first));
    if network(&block).is_some_and(|of_block| Some(of_block) != first) {
        return Err(Ec2Error::new(
            "InvalidVpc.Range",
            format!(
                "The CIDR '{block}' is restricted. Use a CIDR from the same private address range as the current VPC \
                 CIDR, or use a publicly-routable CIDR."
            ),
        ));
    }
    Ok(())
}

pub(super) async fn associate_vpc_cidr_block(
    cx: Context,
    input: AssociateVpcCidrBlockRequest,
) -> Ec2Result<AssociateVpcCidrBlockResult> {
    refuse_pools(&Pools {
        ipv4_ipam: input.ipv4_ipam_pool_id.as_deref(),
        ipv4_netmask: input.ipv4_netmask_length,
        ipv6_ipam: input.ipv6_ipam_pool_id.as_deref(),
        ipv6_netmask: input.ipv6_netmask_length,
        ipv6_pool: input.ipv6_pool.as_deref(),
        ipv6_block: input.ipv6_cidr_block.as_deref(),
    })?;
    let from_amazon = input.amazon_provided_ipv6_cidr_block();
    let group = border_group(&cx, input.ipv6_cidr_block_network_border_group.as_deref(), from_amazon)?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let result = AssociateVpcCidrBlockResult { vpc_id: Some(vpc.id.to_string()), ..Default::default() };
    match input.cidr_block.as_deref() {
        Some(_) if from_amazon => Err(Ec2Error::invalid_combination(
            "The parameters cidrBlock and amazonProvidedIpv6CidrBlock may not be specified together",
        )),
        Some(block) => {
            let block = vpc_block(ipv4_block("cidrBlock", block)?)?;
            check_range(&vpc.state, block)?;
            let new = creation::ipv4_block(&cx, block, "associating");
            cx.vpcs.ask(&vpc.id, VpcCommand::AddBlock(NewBlock::Ipv4(new.clone()))).await?;
            Ok(AssociateVpcCidrBlockResult { cidr_block_association: Some(new), ..result })
        }
        None if from_amazon => {
            let mut undo = Undo::default();
            let new = creation::ipv6_block(&cx, take_ipv6_block(&cx, &mut undo)?, group);
            let outcome = cx.vpcs.ask(&vpc.id, VpcCommand::AddBlock(NewBlock::Ipv6(new.clone()))).await;
            workflow(undo, outcome).await?;
            allow_everything(&cx, &vpc.state.default_acl).await?;
            for group in cx.security_groups.linked_to(&vpc.id).values() {
                // One that is deleted meanwhile needs no rule.
                let _ = cx.security_groups.ask(&group.id, SecurityGroupCommand::AllowIpv6Egress).await;
            }
            Ok(AssociateVpcCidrBlockResult { ipv6_cidr_block_association: Some(new), ..result })
        }
        None => Err(Ec2Error::missing_parameter("cidrBlock")),
    }
}

/// The default ACL lets IPv6 through too, from the first IPv6 block on (AWS: "Default network ACL").
async fn allow_everything(cx: &Context, default_acl: &Id) -> Ec2Result<()> {
    for entry in allow_ipv6() {
        match cx.network_acls.ask(default_acl, NetworkAclCommand::CreateEntry(entry)).await {
            Err(error) if error.code != "NetworkAclEntryAlreadyExists" => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

pub(super) async fn disassociate_vpc_cidr_block(
    cx: Context,
    input: DisassociateVpcCidrBlockRequest,
) -> Ec2Result<DisassociateVpcCidrBlockResult> {
    let association = input.association_id();
    let vpc = cx.vpcs.of_part(&cx.account, association).ok_or_else(|| no_block(association))?;
    cx.vpcs.ask(&vpc.id, VpcCommand::RemoveBlock(association.to_owned())).await?;
    let public = &vpc.state.public;
    let ipv4 = public.cidr_block_association_set.iter().find(|block| block.association_id() == association);
    let ipv6 = public.ipv6_cidr_block_association_set.iter().find(|block| block.association_id() == association);
    if let Some(block) = ipv6.and_then(|block| block.ipv6_cidr_block().parse().ok()) {
        cx.ipv6_pool.free(block);
    }
    let gone = Some(block_state("disassociating"));
    Ok(DisassociateVpcCidrBlockResult {
        cidr_block_association: ipv4.cloned().map(|mut block| {
            block.cidr_block_state.clone_from(&gone);
            block
        }),
        ipv6_cidr_block_association: ipv6.cloned().map(|mut block| {
            block.ipv6_cidr_block_state.clone_from(&gone);
            block
        }),
        vpc_id: Some(vpc.id.to_string()),
    })
}
