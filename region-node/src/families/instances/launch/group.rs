//! The placement group of a launch.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{InstanceTypeInfo, RunInstancesRequest};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::entity::{Entity as _, Id, Published, Undo};
use crate::families::placement_groups::{self, PlacementGroupState};
use crate::request::Context;

/// A group that instances go to, and the partition that was asked for.
pub(in super::super) struct Group {
    pub(in super::super) group: Arc<Published<PlacementGroupState>>,
    pub(in super::super) partition: Option<i32>,
}

/// The group that the request names, if any; by its name or its id.
pub(super) fn read(
    cx: &Context,
    input: &RunInstancesRequest,
    info: &InstanceTypeInfo,
    tenancy: &str,
) -> Ec2Result<Option<Group>> {
    let wanted = input.placement.clone().unwrap_or_default();
    let partition = wanted.partition_number;
    let Some(group) = named(cx, wanted.group_name.as_deref(), wanted.group_id.as_deref())? else {
        return match partition {
            None => Ok(None),
            Some(_) => Err(Ec2Error::invalid_combination(
                "The parameter PartitionNumber requires a placement group with the strategy 'partition'",
            )),
        };
    };
    placement_groups::check(&group.state, info, tenancy)?;
    Ok(Some(Group { group, partition }))
}

pub(in super::super) fn named(
    cx: &Context,
    name: Option<&str>,
    id: Option<&str>,
) -> Ec2Result<Option<Arc<Published<PlacementGroupState>>>> {
    match (name.filter(|name| !name.is_empty()), id.filter(|id| !id.is_empty())) {
        (Some(_), Some(_)) => {
            Err(Ec2Error::invalid_combination("The parameters GroupName and GroupId may not be specified together"))
        }
        (Some(name), None) => placement_groups::named(cx, name).map(Some),
        (None, Some(id)) => {
            PlacementGroupState::KIND.check(id)?;
            cx.placement_groups.find(&cx.account, id).map(Some)
        }
        (None, None) => Ok(None),
    }
}

/// Takes the instances into their group; tells the partition of each.
pub(super) async fn join(
    cx: &Context,
    undo: &mut Undo,
    group: Option<&Group>,
    ids: &[Id],
    zone: &str,
) -> Ec2Result<Vec<Option<i32>>> {
    match group {
        Some(Group { group, partition }) => placement_groups::place(cx, undo, group, ids, zone, *partition).await,
        None => Ok(vec![None; ids.len()]),
    }
}
