//! Taking instances into a group, and letting them go.

use std::sync::Arc;

use archipelago_proto::ec2::v1::InstanceTypeInfo;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::state::{PlacementGroupCommand, PlacementGroupState};
use crate::entity::{Id, Published, Undo};
use crate::request::Context;

/// Whether instances of a type go into a group, in that tenancy (AWS: "Placement group rules and limitations").
pub fn check(group: &PlacementGroupState, info: &InstanceTypeInfo, tenancy: &str) -> Ec2Result<()> {
    let strategies = info.placement_group_info.as_ref().map_or(&[][..], |info| &info.supported_strategies);
    let strategy = group.public.strategy();
    if !strategies.iter().any(|known| known == strategy) {
        let name = info.instance_type();
        return Err(Ec2Error::invalid_combination(match strategy {
            "cluster" => format!("Placement groups may not be used with instances of type '{name}'."),
            _ => format!("The strategy '{strategy}' may not be used with instances of type '{name}'."),
        }));
    }
    if tenancy == "host" || (tenancy == "dedicated" && strategy == "spread") {
        return Err(Ec2Error::invalid_combination(format!(
            "Instances with the tenancy '{tenancy}' cannot be launched into a {strategy} placement group."
        )));
    }
    Ok(())
}

/// Takes instances into a group; they leave it again when the workflow fails.
pub async fn place(
    cx: &Context,
    undo: &mut Undo,
    group: &Arc<Published<PlacementGroupState>>,
    ids: &[Id],
    zone: &str,
    partition: Option<i32>,
) -> Ec2Result<Vec<Option<i32>>> {
    let command = PlacementGroupCommand::Place { instances: ids.to_vec(), zone: zone.to_owned(), partition };
    let answer = cx.placement_groups.ask(&group.id, command).await?;
    let (cx_undo, group, ids) = (cx.clone(), group.id.clone(), ids.to_vec());
    undo.push(async move { leave(&cx_undo, &group, ids).await });
    Ok(answer.reply)
}

/// A group that is gone has no members.
pub async fn leave(cx: &Context, group: &str, ids: Vec<Id>) {
    let _ = cx.placement_groups.ask(&Id::new(group), PlacementGroupCommand::Leave(ids)).await;
}
