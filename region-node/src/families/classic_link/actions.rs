//! The actions on ClassicLink (reference: "ClassicLink").

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AttachClassicLinkVpcRequest, AttachClassicLinkVpcResult, ClassicLinkDnsSupport,
    DescribeClassicLinkInstancesRequest, DescribeClassicLinkInstancesResult, DescribeVpcClassicLinkDnsSupportRequest,
    DescribeVpcClassicLinkDnsSupportResult, DescribeVpcClassicLinkRequest, DescribeVpcClassicLinkResult,
    DetachClassicLinkVpcRequest, DetachClassicLinkVpcResult, DisableVpcClassicLinkDnsSupportRequest,
    DisableVpcClassicLinkDnsSupportResult, DisableVpcClassicLinkRequest, DisableVpcClassicLinkResult,
    EnableVpcClassicLinkDnsSupportRequest, EnableVpcClassicLinkDnsSupportResult, EnableVpcClassicLinkRequest,
    EnableVpcClassicLinkResult, VpcClassicLink,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::enabling;
use crate::entity::Published;
use crate::families::instances::InstanceState;
use crate::families::vpcs::{Attribute, VpcCommand, VpcState};
use crate::request::{Action, Column, Context, Describe, FilterTable, required};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(attach_classic_link_vpc),
        Action::new(detach_classic_link_vpc),
        Action::new(describe_classic_link_instances),
        Action::new(enable_vpc_classic_link),
        Action::new(disable_vpc_classic_link),
        Action::new(describe_vpc_classic_link),
        Action::new(enable_vpc_classic_link_dns_support),
        Action::new(disable_vpc_classic_link_dns_support),
        Action::new(describe_vpc_classic_link_dns_support),
    ]
}

fn not_linkable(id: &str) -> Ec2Error {
    Ec2Error::new("InvalidInstanceID.NotLinkable", format!("The instance '{id}' is not an EC2-Classic instance."))
}

async fn attach_classic_link_vpc(
    cx: Context,
    input: AttachClassicLinkVpcRequest,
) -> Ec2Result<AttachClassicLinkVpcResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    for group in &input.groups {
        cx.security_groups.find(&cx.account, group)?;
    }
    if !vpc.state.attributes.classic_link {
        return Err(Ec2Error::invalid_parameter(format!("The VPC '{}' is not enabled for ClassicLink.", vpc.id)));
    }
    Err(not_linkable(&instance.id))
}

async fn detach_classic_link_vpc(
    cx: Context,
    input: DetachClassicLinkVpcRequest,
) -> Ec2Result<DetachClassicLinkVpcResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    cx.vpcs.find(&cx.account, input.vpc_id())?;
    Err(not_linkable(&instance.id))
}

/// Reference: DescribeClassicLinkInstances.
const INSTANCES: FilterTable<InstanceState> = &[
    ("group-id", Column::Of(|_, _| {})),
    ("instance-id", Column::Id),
    ("vpc-id", Column::Of(|_, _| {})),
    ("vpc-ids", Column::Of(|_, _| {})),
];

async fn describe_classic_link_instances(
    cx: Context,
    input: DescribeClassicLinkInstancesRequest,
) -> Ec2Result<DescribeClassicLinkInstancesResult> {
    let describe = Describe {
        ids: &input.instance_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    describe.find(&cx, &cx.instances, INSTANCES)?;
    match input.instance_ids.first() {
        Some(id) => Err(not_linkable(id)),
        None => Ok(DescribeClassicLinkInstancesResult::default()),
    }
}

async fn set(cx: &Context, id: &str, attribute: Attribute) -> Ec2Result<()> {
    let vpc = cx.vpcs.find(&cx.account, id)?;
    cx.vpcs.ask(&vpc.id, VpcCommand::Set(attribute)).await.map(drop)
}

async fn enable_vpc_classic_link(
    cx: Context,
    input: EnableVpcClassicLinkRequest,
) -> Ec2Result<EnableVpcClassicLinkResult> {
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    enabling::check(&cx, &vpc)?;
    set(&cx, &vpc.id, Attribute::ClassicLink(true)).await?;
    Ok(EnableVpcClassicLinkResult { r#return: Some(true) })
}

async fn disable_vpc_classic_link(
    cx: Context,
    input: DisableVpcClassicLinkRequest,
) -> Ec2Result<DisableVpcClassicLinkResult> {
    set(&cx, input.vpc_id(), Attribute::ClassicLink(false)).await?;
    Ok(DisableVpcClassicLinkResult { r#return: Some(true) })
}

/// Reference: DescribeVpcClassicLink.
const VPCS: FilterTable<VpcState> =
    &[("is-classic-link-enabled", Column::Of(|vpc, probe| probe.flag(Some(vpc.state.attributes.classic_link))))];

async fn describe_vpc_classic_link(
    cx: Context,
    input: DescribeVpcClassicLinkRequest,
) -> Ec2Result<DescribeVpcClassicLinkResult> {
    let describe = Describe { ids: &input.vpc_ids, filters: &input.filters, ..Describe::default() };
    let page = describe.find(&cx, &cx.vpcs, VPCS)?;
    let view = |vpc: &Arc<Published<VpcState>>| VpcClassicLink {
        classic_link_enabled: Some(vpc.state.attributes.classic_link),
        tags: vpc.state.public.tags.clone(),
        vpc_id: Some(vpc.id.to_string()),
    };
    Ok(DescribeVpcClassicLinkResult { vpcs: page.map(view) })
}

async fn enable_vpc_classic_link_dns_support(
    cx: Context,
    input: EnableVpcClassicLinkDnsSupportRequest,
) -> Ec2Result<EnableVpcClassicLinkDnsSupportResult> {
    set(&cx, required("VpcId", input.vpc_id.as_deref())?, Attribute::ClassicLinkDns(true)).await?;
    Ok(EnableVpcClassicLinkDnsSupportResult { r#return: Some(true) })
}

async fn disable_vpc_classic_link_dns_support(
    cx: Context,
    input: DisableVpcClassicLinkDnsSupportRequest,
) -> Ec2Result<DisableVpcClassicLinkDnsSupportResult> {
    set(&cx, required("VpcId", input.vpc_id.as_deref())?, Attribute::ClassicLinkDns(false)).await?;
    Ok(DisableVpcClassicLinkDnsSupportResult { r#return: Some(true) })
}

async fn describe_vpc_classic_link_dns_support(
    cx: Context,
    input: DescribeVpcClassicLinkDnsSupportRequest,
) -> Ec2Result<DescribeVpcClassicLinkDnsSupportResult> {
    let describe = Describe {
        ids: &input.vpc_ids,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.vpcs, VPCS)?;
    let view = |vpc: &Arc<Published<VpcState>>| ClassicLinkDnsSupport {
        classic_link_dns_supported: Some(vpc.state.attributes.classic_link_dns),
        vpc_id: Some(vpc.id.to_string()),
    };
    Ok(DescribeVpcClassicLinkDnsSupportResult { vpcs: page.map(view), next_token: page.next_token })
}
