//! The actions on subnets (reference: CreateSubnet, DeleteSubnet, DescribeSubnets, ModifySubnetAttribute).

use archipelago_proto::ec2::v1::{
    CreateSubnetRequest, CreateSubnetResult, DeleteSubnetRequest, DeleteSubnetResponse, DescribeSubnetsRequest,
    DescribeSubnetsResult, ModifySubnetAttributeRequest, ModifySubnetAttributeResponse, Subnet,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{Ipv4Net, Ipv6Net};

use super::attributes::Attribute;
use super::creation::{NewSubnet, create, zone};
use super::default_subnet::create_default_subnet;
use super::filters::FILTERS;
use super::ipv6::{associate_subnet_cidr_block, disassociate_subnet_cidr_block};
use super::reservations::{
    create_subnet_cidr_reservation, delete_subnet_cidr_reservation, get_subnet_cidr_reservations,
};
use super::{SubnetCommand, SubnetState};
use crate::entity::{Entity as _, Id};
use crate::families::vpcs::{VpcCommand, block_public_access};
use crate::request::{Action, Context, Describe, ipv4_block, ipv6_block, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(associate_subnet_cidr_block),
        Action::new(create_default_subnet),
        Action::new(create_subnet),
        Action::new(delete_subnet),
        Action::new(describe_subnets),
        Action::new(disassociate_subnet_cidr_block),
        Action::new(modify_subnet_attribute),
        Action::new(create_subnet_cidr_reservation),
        Action::new(delete_subnet_cidr_reservation),
        Action::new(get_subnet_cidr_reservations),
    ]
}

async fn create_subnet(cx: Context, input: CreateSubnetRequest) -> Ec2Result<CreateSubnetResult> {
    let kind = &SubnetState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    refuse_pools(&input)?;
    let (ipv4, ipv6) = blocks(&input)?;
    let zone = zone(&cx, input.availability_zone.as_deref(), input.availability_zone_id.as_deref())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;

    let new = NewSubnet { vpc: &vpc.id, zone, ipv4, ipv6, default: false, tags };
    create(&cx, &vpc, new, |subnet| CreateSubnetResult { subnet: Some(subnet) }).await
}

/// Address pools and Outposts are made by actions that do not exist here, so that no id of one is known.
fn refuse_pools(input: &CreateSubnetRequest) -> Ec2Result<()> {
    if let Some(pool) = input.ipv4_ipam_pool_id.as_ref().or(input.ipv6_ipam_pool_id.as_ref()) {
        let message = format!("The ipam-pool ID '{pool}' does not exist");
        return Err(Ec2Error::new("InvalidIpamPoolId.NotFound", message));
    }
    if input.ipv4_netmask_length.is_some() || input.ipv6_netmask_length.is_some() {
        return Err(Ec2Error::invalid_combination("A netmask length requires an IPAM pool"));
    }
    match &input.outpost_arn {
        Some(arn) => Err(Ec2Error::new("InvalidOutpostArn.NotFound", format!("The Outpost '{arn}' does not exist"))),
        None => Ok(()),
    }
}

/// IPv4 from /16 to /28; IPv6 /64, on its own only in an IPv6-native subnet.
fn blocks(input: &CreateSubnetRequest) -> Ec2Result<(Option<Ipv4Net>, Option<Ipv6Net>)> {
    let out_of_range = |block: &str| Ec2Error::new("InvalidSubnet.Range", format!("The CIDR '{block}' is invalid."));
    let ipv4 = input.cidr_block.as_deref().map(|text| ipv4_block("cidrBlock", text)).transpose()?;
    let ipv6 = input.ipv6_cidr_block.as_deref().map(|text| ipv6_block("ipv6CidrBlock", text)).transpose()?;
    match (ipv4, ipv6) {
        (Some(block), _) if input.ipv6_native() => {
            let message = format!("An IPv6-only subnet cannot have the IPv4 CIDR block {block}");
            Err(Ec2Error::invalid_combination(message))
        }
        (None, None) if input.ipv6_native() => Err(Ec2Error::missing_parameter("ipv6CidrBlock")),
        (None, _) if !input.ipv6_native() => {
            Err(Ec2Error::new("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided."))
        }
        (Some(block), _) if !(16..=28).contains(&block.prefix_len()) => Err(out_of_range(&block.to_string())),
        (_, Some(block)) if block.prefix_len() != 64 => Err(out_of_range(&block.to_string())),
        both => Ok(both),
    }
}

async fn delete_subnet(cx: Context, input: DeleteSubnetRequest) -> Ec2Result<DeleteSubnetResponse> {
    let subnet = cx.subnets.find(&cx.account, input.subnet_id())?;
    let gone = cx.subnets.ask(&subnet.id, SubnetCommand::Delete).await?.published;
    let free = VpcCommand::FreeBlocks { blocks: gone.state.blocks(), by: gone.id.clone() };
    cx.vpcs.ask(&Id::new(gone.state.public.vpc_id()), free).await?;
    Ok(DeleteSubnetResponse {})
}

async fn describe_subnets(cx: Context, input: DescribeSubnetsRequest) -> Ec2Result<DescribeSubnetsResult> {
    let describe = Describe {
        ids: &input.subnet_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.subnets, FILTERS)?;
    let subnets = page.map(|subnet| Subnet {
        block_public_access_states: Some(block_public_access(
            &cx,
            &subnet.account,
            &[&subnet.id, subnet.state.public.vpc_id()],
        )),
        ..subnet.state.view()
    });
    Ok(DescribeSubnetsResult { next_token: page.next_token, subnets })
}

async fn modify_subnet_attribute(
    cx: Context,
    input: ModifySubnetAttributeRequest,
) -> Ec2Result<ModifySubnetAttributeResponse> {
    let attribute = Attribute::of(&input)?;
    let subnet = cx.subnets.find(&cx.account, input.subnet_id())?;
    cx.subnets.ask(&subnet.id, SubnetCommand::Set(attribute)).await?;
    Ok(ModifySubnetAttributeResponse {})
}
