//! The actions on ClassicLink (reference: "ClassicLink").

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    ClassicLinkDnsSupport, DescribeVpcClassicLinkDnsSupportRequest, DescribeVpcClassicLinkDnsSupportResult,
    DescribeVpcClassicLinkRequest, DescribeVpcClassicLinkResult, DisableVpcClassicLinkDnsSupportRequest,
    DisableVpcClassicLinkDnsSupportResult, DisableVpcClassicLinkRequest, DisableVpcClassicLinkResult,
    EnableVpcClassicLinkDnsSupportRequest, EnableVpcClassicLinkDnsSupportResult, EnableVpcClassicLinkRequest,
    EnableVpcClassicLinkResult, VpcClassicLink,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::enabling;
use super::linking::{self, attach_classic_link_vpc, describe_classic_link_instances, detach_classic_link_vpc};
use crate::entity::Published;
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
    if linking::linked_to(&cx, input.vpc_id()).next().is_some() {
        let message = format!("The VPC '{}' has EC2-Classic instances linked to it.", input.vpc_id());
        return Err(Ec2Error::dependency_violation(message));
    }
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
