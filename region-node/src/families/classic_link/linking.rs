//! Instances in EC2-Classic that are linked to VPCs (reference: AttachClassicLinkVpc).

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AttachClassicLinkVpcRequest, AttachClassicLinkVpcResult, ClassicLinkInstance, DescribeClassicLinkInstancesRequest,
    DescribeClassicLinkInstancesResult, DetachClassicLinkVpcRequest, DetachClassicLinkVpcResult, GroupIdentifier,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::entity::{Id, Published, Shelf, Undo, workflow};
use crate::families::instances::{ClassicLink, InstanceCommand, InstanceState, Setting, not_linkable};
use crate::request::{Column, Context, Describe, FilterTable};

fn link(instance: &InstanceState) -> Option<&ClassicLink> {
    instance.private.classic.as_ref()?.link.as_ref()
}

/// The instances that are linked to a VPC.
pub(super) fn linked_to(cx: &Context, vpc: &str) -> impl Iterator<Item = Arc<Published<InstanceState>>> {
    let known = cx.instances.linked_to(&Id::new(vpc));
    known
        .values()
        .filter(|known| link(&known.state).is_some_and(|link| link.vpc == vpc))
        .cloned()
        .collect::<Vec<_>>()
        .into_iter()
}

async fn set(cx: &Context, id: &Id, link: Option<ClassicLink>) -> Ec2Result<()> {
    let setting = Setting::ClassicLink(link);
    cx.instances.ask(id, InstanceCommand::Settle(Box::new(setting))).await.map(drop)
}

pub(super) async fn attach_classic_link_vpc(
    cx: Context,
    input: AttachClassicLinkVpcRequest,
) -> Ec2Result<AttachClassicLinkVpcResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    let mut groups: Vec<GroupIdentifier> = Vec::new();
    for id in &input.groups {
        let group = cx.security_groups.find(&cx.account, id)?;
        if !group.state.is_for(&vpc.id) {
            return Err(Ec2Error::new(
                "InvalidGroup.NotFound",
                "You have specified two resources that belong to different networks.",
            ));
        }
        let (group_id, group_name) = (Some(id.clone()), group.state.public.group_name.clone());
        groups.push(GroupIdentifier { group_id, group_name });
    }
    if !vpc.state.attributes.classic_link {
        return Err(Ec2Error::invalid_parameter(format!("The VPC '{}' is not enabled for ClassicLink.", vpc.id)));
    }
    if !instance.state.is_classic() {
        return Err(not_linkable(&instance.id));
    }
    if groups.is_empty() {
        return Err(Ec2Error::missing_parameter("SecurityGroupId"));
    }
    let mut undo = Undo::default();
    cx.hold(&mut undo, &cx.instances, &instance.id, &vpc.id).await?;
    let mut held = Ok(());
    for group in &input.groups {
        held = held.and(cx.hold(&mut undo, &cx.instances, &instance.id, &Id::new(group)).await);
    }
    let outcome = match held {
        Ok(()) => set(&cx, &instance.id, Some(ClassicLink { vpc: vpc.id.to_string(), groups })).await,
        Err(error) => Err(error),
    };
    workflow(undo, outcome).await?;
    Ok(AttachClassicLinkVpcResult { r#return: Some(true) })
}

pub(super) async fn detach_classic_link_vpc(
    cx: Context,
    input: DetachClassicLinkVpcRequest,
) -> Ec2Result<DetachClassicLinkVpcResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    let vpc = cx.vpcs.find(&cx.account, input.vpc_id())?;
    if !instance.state.is_classic() {
        return Err(not_linkable(&instance.id));
    }
    if link(&instance.state).is_none_or(|link| link.vpc != *vpc.id) {
        let message = format!("The instance '{}' is not linked to the VPC '{}'.", instance.id, vpc.id);
        return Err(Ec2Error::invalid_parameter(message));
    }
    set(&cx, &instance.id, None).await?;
    Ok(DetachClassicLinkVpcResult { r#return: Some(true) })
}

/// Reference: DescribeClassicLinkInstances.
const INSTANCES: FilterTable<InstanceState> = &[
    (
        "group-id",
        Column::Of(|instance, probe| {
            let groups = link(&instance.state).into_iter().flat_map(|link| &link.groups);
            groups.for_each(|group| probe.maybe(group.group_id.as_deref()));
        }),
    ),
    ("instance-id", Column::Id),
    ("vpc-id", Column::Of(|instance, probe| probe.maybe(link(&instance.state).map(|link| link.vpc.as_str())))),
];

pub(super) async fn describe_classic_link_instances(
    cx: Context,
    input: DescribeClassicLinkInstancesRequest,
) -> Ec2Result<DescribeClassicLinkInstancesResult> {
    for id in &input.instance_ids {
        let instance = cx.instances.find(&cx.account, id)?;
        if link(&instance.state).is_none() {
            return Err(not_linkable(id));
        }
    }
    let describe = Describe {
        ids: &input.instance_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let linked =
        |instance: &Published<InstanceState>| *instance.account == *cx.account && link(&instance.state).is_some();
    let shelves = [Shelf::Owner(cx.account.clone())];
    let page = describe.find_where(&cx.instances, INSTANCES, &shelves, linked, |instance| instance)?;
    let view = |instance: &Arc<Published<InstanceState>>| {
        let link = link(&instance.state).cloned().unwrap_or_default();
        ClassicLinkInstance {
            groups: link.groups,
            instance_id: Some(instance.id.to_string()),
            tags: instance.state.public.tags.clone(),
            vpc_id: Some(link.vpc),
        }
    };
    Ok(DescribeClassicLinkInstancesResult { instances: page.map(view), next_token: page.next_token })
}
