//! The actions on exclusions.

use archipelago_proto::ec2::v1::{
    CreateVpcBlockPublicAccessExclusionRequest, CreateVpcBlockPublicAccessExclusionResult,
    DeleteVpcBlockPublicAccessExclusionRequest, DeleteVpcBlockPublicAccessExclusionResult,
    DescribeVpcBlockPublicAccessExclusionsRequest, DescribeVpcBlockPublicAccessExclusionsResult,
    ModifyVpcBlockPublicAccessExclusionRequest, ModifyVpcBlockPublicAccessExclusionResult,
    VpcBlockPublicAccessExclusion,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::ExclusionState;
use super::exclusion::ExclusionCommand;
use crate::entity::Entity as _;
use crate::request::{Column, Context, Describe, FilterTable, one_of, tags_for};
use crate::time::Transition;

/// AWS: DescribeVpcBlockPublicAccessExclusions.
const FILTERS: FilterTable<ExclusionState> = &[
    (
        "internet-gateway-exclusion-mode",
        Column::Of(|exclusion, probe| probe.maybe(exclusion.state.public.internet_gateway_exclusion_mode.as_deref())),
    ),
    ("resource-arn", Column::Of(|exclusion, probe| probe.maybe(exclusion.state.public.resource_arn.as_deref()))),
    ("state", Column::Of(|exclusion, probe| probe.maybe(exclusion.state.public.state.as_deref()))),
];

pub(super) async fn create_vpc_block_public_access_exclusion(
    cx: Context,
    input: CreateVpcBlockPublicAccessExclusionRequest,
) -> Ec2Result<CreateVpcBlockPublicAccessExclusionResult> {
    let kind = &ExclusionState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    one_of(("VpcId", input.vpc_id.as_deref()), ("SubnetId", input.subnet_id.as_deref()))?;
    let (resource, arn) = match (&input.vpc_id, &input.subnet_id) {
        (Some(id), _) => (cx.vpcs.find(&cx.account, id)?.id.clone(), cx.arn("vpc", id)),
        (None, id) => {
            let subnet = cx.subnets.find(&cx.account, id.as_deref().unwrap_or_default())?;
            (subnet.id.clone(), cx.arn("subnet", &subnet.id))
        }
    };
    if let Some(known) = cx.vpc_block_public_access_exclusions.linked_to(&resource).values().next() {
        let message = format!("The resource {resource} already has the exclusion {}.", known.id);
        return Err(Ec2Error::new("VpcBlockPublicAccessExclusionAlreadyExists", message));
    }
    let id = cx.vpc_block_public_access_exclusions.fresh_id();
    let now = cx.shell.clock.now();
    let public = VpcBlockPublicAccessExclusion {
        exclusion_id: Some(id.to_string()),
        internet_gateway_exclusion_mode: input.internet_gateway_exclusion_mode,
        resource_arn: Some(arn),
        state: Some("create-in-progress".into()),
        creation_timestamp: Some(now),
        last_update_timestamp: Some(now),
        tags,
        ..VpcBlockPublicAccessExclusion::default()
    };
    let settles = now + cx.shell.lifecycle.duration(Transition::BlockPublicAccess);
    let mut batch = cx.batch();
    let state = ExclusionState::new(public.clone(), &resource, settles);
    batch.create(&cx.vpc_block_public_access_exclusions, &id, state)?;
    let response = CreateVpcBlockPublicAccessExclusionResult { vpc_block_public_access_exclusion: Some(public) };
    cx.commit(batch, response).await
}

async fn command(cx: &Context, id: &str, command: ExclusionCommand) -> Ec2Result<VpcBlockPublicAccessExclusion> {
    let exclusion = cx.vpc_block_public_access_exclusions.find(&cx.account, id)?;
    let changed = cx.vpc_block_public_access_exclusions.ask(&exclusion.id, command).await?.published;
    Ok(changed.state.public.clone())
}

pub(super) async fn modify_vpc_block_public_access_exclusion(
    cx: Context,
    input: ModifyVpcBlockPublicAccessExclusionRequest,
) -> Ec2Result<ModifyVpcBlockPublicAccessExclusionResult> {
    let modify = ExclusionCommand::Modify(input.internet_gateway_exclusion_mode.clone());
    let changed = command(&cx, input.exclusion_id(), modify).await?;
    Ok(ModifyVpcBlockPublicAccessExclusionResult { vpc_block_public_access_exclusion: Some(changed) })
}

pub(super) async fn delete_vpc_block_public_access_exclusion(
    cx: Context,
    input: DeleteVpcBlockPublicAccessExclusionRequest,
) -> Ec2Result<DeleteVpcBlockPublicAccessExclusionResult> {
    let gone = command(&cx, input.exclusion_id(), ExclusionCommand::Delete).await?;
    Ok(DeleteVpcBlockPublicAccessExclusionResult { vpc_block_public_access_exclusion: Some(gone) })
}

pub(super) async fn describe_vpc_block_public_access_exclusions(
    cx: Context,
    input: DescribeVpcBlockPublicAccessExclusionsRequest,
) -> Ec2Result<DescribeVpcBlockPublicAccessExclusionsResult> {
    let describe = Describe {
        ids: &input.exclusion_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.vpc_block_public_access_exclusions, FILTERS)?;
    let vpc_block_public_access_exclusions = page.map(|exclusion| exclusion.state.public.clone());
    Ok(DescribeVpcBlockPublicAccessExclusionsResult { vpc_block_public_access_exclusions, next_token: page.next_token })
}
