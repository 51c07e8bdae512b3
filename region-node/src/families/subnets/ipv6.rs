//! AssociateSubnetCidrBlock and DisassociateSubnetCidrBlock: the IPv6 block of a subnet.

use archipelago_proto::ec2::v1::{
    AssociateSubnetCidrBlockRequest, AssociateSubnetCidrBlockResult, DisassociateSubnetCidrBlockRequest,
    DisassociateSubnetCidrBlockResult, SubnetIpv6CidrBlockAssociation,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;

use super::creation::{block_state, ipv6_association};
use super::ipv6_addresses::Ipv6Addresses;
use super::state;
use super::{SubnetCommand, SubnetState};
use crate::entity::{Id, Undo, workflow};
use crate::families::vpcs::VpcCommand;
use crate::request::{Context, ipv6_block, required};

pub(super) async fn associate_subnet_cidr_block(
    cx: Context,
    input: AssociateSubnetCidrBlockRequest,
) -> Ec2Result<AssociateSubnetCidrBlockResult> {
    if let Some(pool) = &input.ipv6_ipam_pool_id {
        let message = format!("The ipam-pool ID '{pool}' does not exist");
        return Err(Ec2Error::new("InvalidIpamPoolId.NotFound", message));
    }
    if input.ipv6_netmask_length.is_some() {
        return Err(Ec2Error::invalid_combination("The parameter ipv6NetmaskLength requires ipv6IpamPoolId"));
    }
    let block = ipv6_block("ipv6CidrBlock", required("ipv6CidrBlock", input.ipv6_cidr_block.as_deref())?)?;
    if block.prefix_len() != 64 {
        return Err(Ec2Error::new("InvalidSubnet.Range", format!("The CIDR '{block}' is invalid.")));
    }
    let subnet = cx.subnets.find(&cx.account, input.subnet_id())?;
    let vpc = Id::new(subnet.state.public.vpc_id());
    subnet.state.check_no_ipv6(&subnet.id)?;

    let blocks = vec![IpNet::from(block)];
    let mut undo = Undo::default();
    cx.vpcs.ask(&vpc, VpcCommand::TakeBlocks { blocks: blocks.clone(), by: subnet.id.clone() }).await?;
    let (vpcs, by) = (cx.vpcs.clone(), subnet.id.clone());
    undo.push(async move { drop(vpcs.ask(&vpc, VpcCommand::FreeBlocks { blocks, by }).await) });
    let new = ipv6_association(&cx, block);
    let outcome = cx.subnets.ask(&subnet.id, SubnetCommand::AddIpv6(new.clone())).await;
    workflow(undo, outcome).await?;
    Ok(AssociateSubnetCidrBlockResult {
        ipv6_cidr_block_association: Some(new),
        subnet_id: Some(subnet.id.to_string()),
    })
}

pub(super) async fn disassociate_subnet_cidr_block(
    cx: Context,
    input: DisassociateSubnetCidrBlockRequest,
) -> Ec2Result<DisassociateSubnetCidrBlockResult> {
    let association = input.association_id();
    let subnet = cx.subnets.of_part(&cx.account, association).ok_or_else(|| no_block(association))?;
    let known = subnet.state.public.ipv6_cidr_block_association_set.iter();
    let mut known = known.filter(|known| known.association_id() == association).cloned();
    let mut gone = known.next().ok_or_else(|| no_block(association))?;
    cx.subnets.ask(&subnet.id, SubnetCommand::RemoveIpv6(association.to_owned())).await?;
    let blocks = gone.ipv6_cidr_block().parse().into_iter().collect();
    let free = VpcCommand::FreeBlocks { blocks, by: subnet.id.clone() };
    cx.vpcs.ask(&Id::new(subnet.state.public.vpc_id()), free).await?;
    gone.ipv6_cidr_block_state = Some(block_state("disassociating"));
    Ok(DisassociateSubnetCidrBlockResult {
        ipv6_cidr_block_association: Some(gone),
        subnet_id: Some(subnet.id.to_string()),
    })
}

impl SubnetState {
    /// A subnet has one IPv6 block at most.
    pub(super) fn check_no_ipv6(&self, id: &Id) -> Ec2Result<()> {
        match self.ipv6_block() {
            Some(block) => Err(Ec2Error::invalid_parameter(format!(
                "The subnet '{id}' already has the IPv6 CIDR block {block} associated"
            ))),
            None => Ok(()),
        }
    }

    pub(super) fn add_ipv6(&mut self, new: SubnetIpv6CidrBlockAssociation) {
        self.public.ipv6_cidr_block_association_set = vec![new];
        self.ipv6_addresses = state::ipv6_block(&self.public).map(Ipv6Addresses::new);
    }

    /// Nobody may have an address of it any more. What needs IPv6 is off from then on.
    pub(super) fn remove_ipv6(&mut self, association: &str) -> Ec2Result<()> {
        let known = self.public.ipv6_cidr_block_association_set.iter();
        if !known.map(SubnetIpv6CidrBlockAssociation::association_id).any(|known| known == association) {
            return Err(no_block(association));
        }
        if self.addresses.is_none() || self.ipv6_addresses.as_ref().is_some_and(|taken| !taken.is_unused()) {
            let message = format!("The subnet CIDR block with association ID {association} is currently in use");
            return Err(Ec2Error::new("InvalidCidrBlock.InUse", message));
        }
        self.public.ipv6_cidr_block_association_set.clear();
        self.ipv6_addresses = None;
        self.public.assign_ipv6_address_on_creation = Some(false);
        self.public.enable_dns64 = Some(false);
        Ok(())
    }
}

fn no_block(association: &str) -> Ec2Error {
    let message = format!("The subnet CIDR block with association ID '{association}' does not exist");
    Ec2Error::new("InvalidSubnetCidrBlockAssociationID.NotFound", message)
}
