//! The actions on VPCs (reference: CreateVpc, DeleteVpc, DescribeVpcs, ModifyVpcAttribute, AssociateDhcpOptions).

use archipelago_proto::ec2::v1::{
    AssociateDhcpOptionsRequest, AssociateDhcpOptionsResponse, CreateDefaultVpcRequest, CreateDefaultVpcResult,
    CreateVpcRequest, CreateVpcResult, DeleteVpcRequest, DeleteVpcResponse, DescribeVpcsRequest, DescribeVpcsResult,
    Vpc,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::attributes::{describe_vpc_attribute, modify_vpc_attribute, modify_vpc_tenancy};
use super::cidr_blocks::{associate_vpc_cidr_block, disassociate_vpc_cidr_block};
use super::creation::{NewVpc, create};
use super::filters::FILTERS;
use super::pools::{Pools, border_group};
use super::{VpcCommand, VpcState, block_public_access};
use crate::entity::{Entity as _, Undo, workflow};
use crate::families::accounts;
use crate::families::ipam;
use crate::families::network_acls::NetworkAclCommand;
use crate::families::route_tables::RouteTableCommand;
use crate::families::security_groups::SecurityGroupCommand;
use crate::request::{Action, Context, Describe, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(associate_dhcp_options),
        Action::new(associate_vpc_cidr_block),
        Action::new(create_default_vpc),
        Action::new(create_vpc),
        Action::new(delete_vpc),
        Action::new(describe_vpc_attribute),
        Action::new(describe_vpcs),
        Action::new(disassociate_vpc_cidr_block),
        Action::new(modify_vpc_attribute),
        Action::new(modify_vpc_tenancy),
    ]
}

async fn create_vpc(cx: Context, input: CreateVpcRequest) -> Ec2Result<CreateVpcResult> {
    let kind = &VpcState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let pools = Pools {
        ipv4_block: input.cidr_block.as_deref(),
        ipv4_ipam: input.ipv4_ipam_pool_id.as_deref(),
        ipv4_netmask: input.ipv4_netmask_length,
        ipv6_ipam: input.ipv6_ipam_pool_id.as_deref(),
        ipv6_netmask: input.ipv6_netmask_length,
        ipv6_pool: input.ipv6_pool.as_deref(),
        ipv6_block: input.ipv6_cidr_block.as_deref(),
        ipv6_amazon: input.amazon_provided_ipv6_cidr_block(),
    };
    pools.check()?;
    if input.vpc_encryption_control.is_some() {
        return Err(Ec2Error::unsupported("VPC encryption controls are not supported."));
    }
    let tenancy = match input.instance_tenancy.as_deref() {
        None | Some("default") => "default",
        Some("dedicated") => "dedicated",
        Some(other) => return Err(Ec2Error::invalid_value("instanceTenancy", other)),
    };
    let group = input.ipv6_cidr_block_network_border_group.as_deref();
    let group = border_group(&cx, group, input.amazon_provided_ipv6_cidr_block())?;
    let id = cx.vpcs.fresh_id();
    let mut undo = Undo::default();
    let outcome = async {
        let Some((cidr_block, ipv4_pool)) = pools.take_ipv4(&cx, &mut undo, &id, &tags).await? else {
            let message = "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.";
            return Err(Ec2Error::new("MissingParameter", message));
        };
        let ipv6 = pools.take_ipv6(&cx, &mut undo, &id, &tags).await?;
        let (ipv6, ipv6_pool) = ipv6.map_or((None, None), |(block, pooled)| (Some((block, group)), pooled));
        let new = NewVpc {
            id,
            cidr_block,
            ipv6,
            pooled: (ipv4_pool, ipv6_pool),
            tenancy,
            dhcp_options: accounts::default_dhcp_options(&cx),
            default: false,
            tags,
            subnets: Vec::new(),
            gateway: None,
            routes: Vec::new(),
        };
        let mut batch = cx.batch();
        let (_, vpc) = create(&cx, &mut batch, new)?;
        cx.commit(batch, CreateVpcResult { vpc: Some(vpc.public) }).await
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await
}

async fn delete_vpc(cx: Context, input: DeleteVpcRequest) -> Ec2Result<DeleteVpcResponse> {
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let gone = cx.vpcs.ask(&vpc.id, VpcCommand::Delete).await?.published;
    gone.state.amazon_blocks().for_each(|block| cx.ipv6_pool.free(block));
    for pooled in &gone.state.pooled {
        ipam::release(&cx, pooled).await;
    }
    // Should the node die here, the next start finds what is left (`restart.rs`).
    let VpcState { main_route_table, default_acl, default_group, .. } = &gone.state;
    cx.route_tables.ask(main_route_table, RouteTableCommand::Delete).await?;
    cx.network_acls.ask(default_acl, NetworkAclCommand::DeleteWithVpc).await?;
    cx.security_groups.ask(default_group, SecurityGroupCommand::DeleteWithVpc).await?;
    Ok(DeleteVpcResponse {})
}

async fn describe_vpcs(cx: Context, input: DescribeVpcsRequest) -> Ec2Result<DescribeVpcsResult> {
    let describe = Describe {
        ids: &input.vpc_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.vpcs, FILTERS)?;
    let vpcs = page.map(|vpc| Vpc {
        block_public_access_states: Some(block_public_access(&cx, &vpc.account, &[&vpc.id])),
        ..vpc.state.public.clone()
    });
    Ok(DescribeVpcsResult { next_token: page.next_token, vpcs })
}

async fn associate_dhcp_options(
    cx: Context,
    input: AssociateDhcpOptionsRequest,
) -> Ec2Result<AssociateDhcpOptionsResponse> {
    let options = match input.dhcp_options_id() {
        "default" => None,
        id => Some(cx.dhcp_options.find(&cx.account, id)?.id.clone()),
    };
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let mut undo = Undo::default();
    if let Some(options) = &options {
        cx.hold(&mut undo, &cx.vpcs, &vpc.id, options).await?;
    }
    let options = options.map_or_else(|| "default".to_owned(), String::from);
    let outcome = cx.vpcs.ask(&vpc.id, VpcCommand::UseDhcpOptions(options)).await;
    workflow(undo, outcome).await?;
    Ok(AssociateDhcpOptionsResponse {})
}

/// Default VPCs are made one at a time, since an account has one at most.
async fn create_default_vpc(cx: Context, _: CreateDefaultVpcRequest) -> Ec2Result<CreateDefaultVpcResult> {
    let _one = cx.settling.lock().await;
    if cx.vpcs.owned_by(&cx.account).values().any(|vpc| vpc.state.public.is_default()) {
        let message = "A Default VPC already exists for this account in this region.";
        return Err(Ec2Error::new("DefaultVpcAlreadyExists", message));
    }
    if cx.has_classic() {
        return Err(Ec2Error::unsupported(
            "A default VPC cannot be created: this account supports EC2-Classic in this region.",
        ));
    }
    let mut batch = cx.batch();
    let vpc = accounts::create_default_vpc(&cx, &mut batch, &accounts::default_dhcp_options(&cx))?;
    cx.commit(batch, CreateDefaultVpcResult { vpc: Some(vpc.public) }).await
}
