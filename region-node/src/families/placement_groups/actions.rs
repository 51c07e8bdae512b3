//! The actions on placement groups (reference: CreatePlacementGroup, DescribePlacementGroups, DeletePlacementGroup).

use archipelago_proto::ec2::v1::{
    CreatePlacementGroupRequest, CreatePlacementGroupResult, DeletePlacementGroupRequest, DeletePlacementGroupResponse,
    DescribePlacementGroupsRequest, DescribePlacementGroupsResult, OperatorResponse, PlacementGroup,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::FILTERS;
use super::state::PlacementGroupCommand;
use super::{PlacementGroupState, names};
use crate::entity::{Entity as _, Undo, workflow};
use crate::request::{Action, Context, Describe, required, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_placement_group),
        Action::new(describe_placement_groups),
        Action::new(delete_placement_group),
    ]
}

async fn create_placement_group(
    cx: Context,
    input: CreatePlacementGroupRequest,
) -> Ec2Result<CreatePlacementGroupResult> {
    let kind = &PlacementGroupState::KIND;
    let name = required("GroupName", input.group_name.as_deref().filter(|name| !name.is_empty()))?;
    if name.len() > 255 || !name.is_ascii() {
        return Err(Ec2Error::invalid_value("GroupName", name));
    }
    let strategy = match (input.strategy.as_deref(), input.partition_count) {
        (Some(strategy), _) => strategy,
        (None, Some(_)) => "partition",
        (None, None) => return Err(Ec2Error::missing_parameter("strategy")),
    };
    if input.linked_group_id.is_some() || input.operator.is_some() {
        return Err(Ec2Error::unsupported("The parameters LinkedGroupId and Operator are reserved."));
    }
    let partition_count = partitions(strategy, input.partition_count)?;
    let spread_level = spread_level(strategy, input.spread_level.as_deref())?;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let id = cx.placement_groups.fresh_id();
    let public = PlacementGroup {
        group_name: Some(name.to_owned()),
        state: Some("available".to_owned()),
        strategy: Some(strategy.to_owned()),
        partition_count,
        group_id: Some(id.to_string()),
        tags,
        group_arn: Some(cx.arn(kind.resource_type, name)),
        spread_level,
        linked_group_id: None,
        operator: Some(OperatorResponse { managed: Some(false), ..OperatorResponse::default() }),
    };
    names::claim(&cx.region, &cx.account, name, &id).await?;
    let mut undo = Undo::default();
    let (cx_undo, name, id_undo) = (cx.clone(), name.to_owned(), id.clone());
    undo.push(async move { names::disclaim(&cx_undo.region, &cx_undo.account, &name, &id_undo).await });
    let outcome = async {
        let mut batch = cx.batch();
        batch.create(&cx.placement_groups, &id, PlacementGroupState::new(public.clone()))?;
        cx.commit(batch, CreatePlacementGroupResult { placement_group: Some(public) }).await
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await
}

/// AWS: up to seven; two if nothing is said.
fn partitions(strategy: &str, wanted: Option<i32>) -> Ec2Result<Option<i32>> {
    match (strategy, wanted) {
        ("partition", None) => Ok(Some(2)),
        ("partition", Some(count)) if (1..=7).contains(&count) => Ok(Some(count)),
        ("partition", Some(count)) => Err(Ec2Error::invalid_parameter(format!(
            "Value ({count}) for parameter partitionCount is invalid. Must be between 1 and 7."
        ))),
        (_, None) => Ok(None),
        (_, Some(_)) => Err(Ec2Error::invalid_combination(
            "The parameter PartitionCount may be specified only with the strategy 'partition'",
        )),
    }
}

fn spread_level(strategy: &str, wanted: Option<&str>) -> Ec2Result<Option<String>> {
    match (strategy, wanted) {
        ("spread", None | Some("rack")) => Ok(Some("rack".to_owned())),
        ("spread", Some(_)) => Err(Ec2Error::invalid_parameter(
            "The spread level 'host' may be used only with placement groups on Outposts.",
        )),
        (_, None) => Ok(None),
        (_, Some(_)) => Err(Ec2Error::invalid_combination(
            "The parameter SpreadLevel may be specified only with the strategy 'spread'",
        )),
    }
}

async fn describe_placement_groups(
    cx: Context,
    input: DescribePlacementGroupsRequest,
) -> Ec2Result<DescribePlacementGroupsResult> {
    let mut ids = input.group_ids.clone();
    for name in &input.group_names {
        ids.push(names::named(&cx, name)?.id.to_string());
    }
    let describe = Describe { ids: &ids, filters: &input.filters, ..Describe::default() };
    let page = describe.find(&cx, &cx.placement_groups, FILTERS)?;
    Ok(DescribePlacementGroupsResult { placement_groups: page.map(|group| group.state.public.clone()) })
}

async fn delete_placement_group(
    cx: Context,
    input: DeletePlacementGroupRequest,
) -> Ec2Result<DeletePlacementGroupResponse> {
    let named = required("GroupName", input.group_name.as_deref().filter(|name| !name.is_empty()))?;
    // The id does as well, since the name resolves to it.
    let group = match cx.placement_groups.find(&cx.account, named) {
        Ok(group) => group,
        Err(_) => names::named(&cx, named)?,
    };
    cx.placement_groups.ask(&group.id, PlacementGroupCommand::Delete).await?;
    names::disclaim(&cx.region, &cx.account, group.state.public.group_name(), &group.id).await;
    Ok(DeletePlacementGroupResponse {})
}
