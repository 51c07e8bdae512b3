//! The blocks of a VPC: which ones it may have, AssociateVpcCidrBlock and DisassociateVpcCidrBlock.

use archipelago_proto::ec2::v1::{
    AssociateVpcCidrBlockRequest, AssociateVpcCidrBlockResult, DisassociateVpcCidrBlockRequest,
    DisassociateVpcCidrBlockResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::Ipv4Net;

use super::blocks::{NewBlock, block_state, no_block};
use super::creation;
use super::pools::{Pools, border_group};
use super::{VpcCommand, VpcState};
use crate::entity::{Id, Undo, workflow};
use crate::families::ipam::{self, Pooled};
use crate::families::network_acls::{NetworkAclCommand, allow_ipv6};
use crate::families::security_groups::SecurityGroupCommand;
use crate::request::Context;

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
    let from_amazon = input.amazon_provided_ipv6_cidr_block();
    let pools = Pools {
        ipv4_block: input.cidr_block.as_deref(),
        ipv4_ipam: input.ipv4_ipam_pool_id.as_deref(),
        ipv4_netmask: input.ipv4_netmask_length,
        ipv6_ipam: input.ipv6_ipam_pool_id.as_deref(),
        ipv6_netmask: input.ipv6_netmask_length,
        ipv6_pool: input.ipv6_pool.as_deref(),
        ipv6_block: input.ipv6_cidr_block.as_deref(),
        ipv6_amazon: from_amazon,
    };
    pools.check()?;
    let group = border_group(&cx, input.ipv6_cidr_block_network_border_group.as_deref(), from_amazon)?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    if pools.wants_ipv4() && pools.wants_ipv6() {
        return Err(Ec2Error::invalid_combination(
            "An IPv4 CIDR block and an IPv6 CIDR block may not be associated by the same request",
        ));
    }
    let mut undo = Undo::default();
    let outcome = async {
        let tags = &vpc.state.public.tags;
        if let Some((block, pooled)) = pools.take_ipv4(&cx, &mut undo, &vpc.id, tags).await? {
            check_range(&vpc.state, block)?;
            let new = creation::ipv4_block(&cx, block, "associating");
            let pooled = pooled.map(|pooled| Pooled { association: new.association_id().to_owned(), ..pooled });
            cx.vpcs.ask(&vpc.id, VpcCommand::AddBlock(NewBlock::Ipv4(new.clone()), pooled.map(Box::new))).await?;
            return Ok((Some(new), None));
        }
        let Some((block, pooled)) = pools.take_ipv6(&cx, &mut undo, &vpc.id, tags).await? else {
            return Err(Ec2Error::missing_parameter("cidrBlock"));
        };
        let new = creation::ipv6_block(&cx, block, group, pooled.as_ref());
        let pooled = pooled.map(|pooled| Pooled { association: new.association_id().to_owned(), ..pooled });
        cx.vpcs.ask(&vpc.id, VpcCommand::AddBlock(NewBlock::Ipv6(new.clone()), pooled.map(Box::new))).await?;
        Ok((None, Some(new)))
    }
    .await;
    let (cidr_block_association, ipv6_cidr_block_association) = workflow(undo, outcome).await?;
    if ipv6_cidr_block_association.is_some() {
        allow_everything(&cx, &vpc.state.default_acl).await?;
        for group in cx.security_groups.linked_to(&vpc.id).values() {
            // One that is deleted meanwhile needs no rule.
            let _ = cx.security_groups.ask(&group.id, SecurityGroupCommand::AllowIpv6Egress).await;
        }
    }
    Ok(AssociateVpcCidrBlockResult {
        ipv6_cidr_block_association,
        cidr_block_association,
        vpc_id: Some(vpc.id.to_string()),
    })
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
    match vpc.state.pooled.iter().find(|pooled| pooled.association == association) {
        Some(pooled) => ipam::release(&cx, pooled).await,
        None => {
            ipv6.and_then(|block| block.ipv6_cidr_block().parse().ok()).into_iter().for_each(|b| cx.ipv6_pool.free(b));
        }
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
