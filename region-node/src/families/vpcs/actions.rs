//! The actions on VPCs (reference: CreateVpc, DeleteVpc, DescribeVpcs, ModifyVpcAttribute, AssociateDhcpOptions).

use archipelago_proto::ec2::v1::{
    AssociateDhcpOptionsRequest, AssociateDhcpOptionsResponse, AttributeBooleanValue, CreateVpcRequest,
    CreateVpcResult, DeleteVpcRequest, DeleteVpcResponse, DescribeVpcAttributeRequest, DescribeVpcAttributeResult,
    DescribeVpcsRequest, DescribeVpcsResult, ModifyVpcAttributeRequest, ModifyVpcAttributeResponse,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::{Ipv4Net, Ipv6Net};

use super::creation::{NewVpc, create};
use super::filters::FILTERS;
use super::{Attribute, VpcCommand, VpcState};
use crate::entity::{Entity as _, Undo, workflow};
use crate::families::accounts;
use crate::families::network_acls::NetworkAclCommand;
use crate::families::route_tables::RouteTableCommand;
use crate::families::security_groups::SecurityGroupCommand;
use crate::request::{Context, Describe, family, ipv4_block, tags_for};

family! {
    VpcsService in vpcs_service_server {
        associate_dhcp_options(AssociateDhcpOptionsRequest),
        create_vpc(CreateVpcRequest),
        delete_vpc(DeleteVpcRequest),
        describe_vpc_attribute(DescribeVpcAttributeRequest),
        describe_vpcs(DescribeVpcsRequest),
        modify_vpc_attribute(ModifyVpcAttributeRequest),
    }
}

async fn create_vpc(cx: Context, input: CreateVpcRequest) -> Ec2Result<CreateVpcResult> {
    let kind = &VpcState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    refuse_pools(&input)?;
    let Some(cidr_block) = input.cidr_block.as_deref() else {
        return Err(Ec2Error::new("MissingParameter", "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided."));
    };
    let cidr_block = vpc_block(ipv4_block("cidrBlock", cidr_block)?)?;
    let tenancy = match input.instance_tenancy.as_deref() {
        None | Some("default") => "default",
        Some("dedicated") => "dedicated",
        Some(other) => return Err(Ec2Error::invalid_value("instanceTenancy", other)),
    };
    let mut undo = Undo::default();
    let ipv6 = if input.amazon_provided_ipv6_cidr_block() { Some(take_ipv6_block(&cx, &mut undo)?) } else { None };
    let new = NewVpc {
        cidr_block,
        ipv6: ipv6.zip(Some(border_group(&cx, &input)?)),
        tenancy,
        dhcp_options: accounts::default_dhcp_options(&cx),
        default: false,
        tags,
        subnets: Vec::new(),
        gateway: None,
        routes: Vec::new(),
    };
    let outcome = async {
        let mut batch = cx.batch();
        let (_, vpc) = create(&cx, &mut batch, new)?;
        cx.commit(batch, CreateVpcResult { vpc: Some(vpc.public) }).await
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await
}

/// Address pools are made by actions that do not exist here, so that no id of one is known.
fn refuse_pools(input: &CreateVpcRequest) -> Ec2Result<()> {
    for pool in [&input.ipv4_ipam_pool_id, &input.ipv6_ipam_pool_id].into_iter().flatten() {
        let message = format!("The ipam-pool ID '{pool}' does not exist");
        return Err(Ec2Error::new("InvalidIpamPoolId.NotFound", message));
    }
    if let Some(pool) = &input.ipv6_pool {
        return Err(Ec2Error::new("InvalidPoolID.NotFound", format!("The pool ID '{pool}' does not exist")));
    }
    if input.ipv4_netmask_length.is_some() {
        return Err(Ec2Error::invalid_combination("The parameter ipv4NetmaskLength requires ipv4IpamPoolId"));
    }
    if input.ipv6_netmask_length.is_some() {
        return Err(Ec2Error::invalid_combination("The parameter ipv6NetmaskLength requires ipv6IpamPoolId"));
    }
    if input.ipv6_cidr_block.is_some() {
        return Err(Ec2Error::invalid_combination("The parameter ipv6CidrBlock requires ipv6Pool"));
    }
    if input.vpc_encryption_control.is_some() {
        return Err(Ec2Error::unsupported("VPC encryption controls are not supported."));
    }
    Ok(())
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

fn take_ipv6_block(cx: &Context, undo: &mut Undo) -> Ec2Result<Ipv6Net> {
    let block = cx.ipv6_pool.take().ok_or_else(|| {
        Ec2Error::new("InsufficientAddressCapacity", "There are not enough free IPv6 addresses to satisfy the request.")
    })?;
    let region = cx.region.clone();
    undo.push(async move { region.ipv6_pool.free(block) });
    Ok(block)
}

/// From where the IPv6 block is announced: the region, or one of its groups of zones.
fn border_group<'a>(cx: &'a Context, input: &'a CreateVpcRequest) -> Ec2Result<&'a str> {
    let Some(group) = input.ipv6_cidr_block_network_border_group.as_deref() else { return Ok(cx.facts.name) };
    if !input.amazon_provided_ipv6_cidr_block() {
        return Err(Ec2Error::invalid_combination(
            "The parameter ipv6CidrBlockNetworkBorderGroup requires amazonProvidedIpv6CidrBlock",
        ));
    }
    if group != cx.facts.name {
        return Err(Ec2Error::invalid_value("ipv6CidrBlockNetworkBorderGroup", group));
    }
    Ok(group)
}

async fn delete_vpc(cx: Context, input: DeleteVpcRequest) -> Ec2Result<DeleteVpcResponse> {
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let gone = cx.vpcs.ask(&vpc.id, VpcCommand::Delete).await?.published;
    gone.state.ipv6_blocks().for_each(|block| cx.ipv6_pool.free(block));
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
    let vpcs = page.map(|vpc| vpc.state.public.clone());
    Ok(DescribeVpcsResult { next_token: page.next_token, vpcs })
}

async fn describe_vpc_attribute(
    cx: Context,
    input: DescribeVpcAttributeRequest,
) -> Ec2Result<DescribeVpcAttributeResult> {
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let attributes = vpc.state.attributes;
    let mut result = DescribeVpcAttributeResult { vpc_id: input.vpc_id, ..DescribeVpcAttributeResult::default() };
    let value = |value| Some(AttributeBooleanValue { value: Some(value) });
    match input.attribute.as_deref() {
        Some("enableDnsSupport") => result.enable_dns_support = value(attributes.dns_support),
        Some("enableDnsHostnames") => result.enable_dns_hostnames = value(attributes.dns_hostnames),
        Some("enableNetworkAddressUsageMetrics") => {
            result.enable_network_address_usage_metrics = value(attributes.address_usage_metrics);
        }
        other => return Err(Ec2Error::invalid_value("attribute", other.unwrap_or_default())),
    }
    Ok(result)
}

/// One attribute a call (reference: ModifyVpcAttribute).
async fn modify_vpc_attribute(cx: Context, input: ModifyVpcAttributeRequest) -> Ec2Result<ModifyVpcAttributeResponse> {
    let value = |value: &Option<AttributeBooleanValue>| value.as_ref().map(AttributeBooleanValue::value);
    let given: Vec<_> = [
        ("enableDnsSupport", value(&input.enable_dns_support).map(Attribute::DnsSupport)),
        ("enableDnsHostnames", value(&input.enable_dns_hostnames).map(Attribute::DnsHostnames)),
        (
            "enableNetworkAddressUsageMetrics",
            value(&input.enable_network_address_usage_metrics).map(Attribute::AddressUsageMetrics),
        ),
    ]
    .into_iter()
    .filter_map(|(name, attribute)| attribute.map(|attribute| (name, attribute)))
    .collect();
    let attribute = match given[..] {
        [(_, attribute)] => attribute,
        [] => return Err(Ec2Error::invalid_combination("No attributes specified.")),
        _ => {
            let names: Vec<_> = given.iter().map(|(name, _)| *name).collect();
            let message = format!("Fields for multiple attribute types specified: {}", names.join(", "));
            return Err(Ec2Error::invalid_combination(message));
        }
    };
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    cx.vpcs.ask(&vpc.id, VpcCommand::Set(attribute)).await?;
    Ok(ModifyVpcAttributeResponse {})
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
        cx.hold(&mut undo, options, &vpc.id).await?;
    }
    let options = options.map_or_else(|| "default".to_owned(), String::from);
    let outcome = cx.vpcs.ask(&vpc.id, VpcCommand::UseDhcpOptions(options)).await;
    workflow(undo, outcome).await?;
    Ok(AssociateDhcpOptionsResponse {})
}
