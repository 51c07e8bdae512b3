//! ModifyInstancePlacement (AWS: ModifyInstancePlacement).

use std::sync::Arc;

use archipelago_proto::ec2::v1::{ModifyInstancePlacementRequest, ModifyInstancePlacementResult, Placement};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::launch;
use super::lifecycle::Phase;
use super::state::{InstanceCommand, InstanceState};
use crate::entity::{Published, Undo, workflow};
use crate::families::{instance_types, placement_groups};
use crate::request::Context;

type Instance = Arc<Published<InstanceState>>;

pub(super) async fn modify_instance_placement(
    cx: Context,
    input: ModifyInstancePlacementRequest,
) -> Ec2Result<ModifyInstancePlacementResult> {
    let given = [&input.group_name, &input.group_id, &input.tenancy, &input.affinity, &input.host_id];
    if given.iter().all(|given| given.is_none())
        && input.partition_number.is_none()
        && input.host_resource_group_arn.is_none()
    {
        return Err(Ec2Error::new("MissingParameter", "The request must contain at least one placement attribute"));
    }
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    if instance.state.phase() != Phase::Stopped {
        return Err(Ec2Error::new(
            "IncorrectInstanceState",
            format!("The instance '{}' is not in the 'stopped' state.", instance.id),
        ));
    }
    let mut placement = instance.state.public.placement.clone().unwrap_or_default();
    host(&input, &mut placement)?;
    let mut undo = Undo::default();
    let before = placement.group_id.clone();
    let outcome = async {
        group(&cx, &mut undo, &input, &instance, &mut placement).await?;
        let after = placement.group_id.clone();
        cx.instances.ask(&instance.id, InstanceCommand::SetPlacement(Box::new(placement))).await?;
        Ok(after)
    };
    let outcome = outcome.await;
    let after = workflow(undo, outcome).await?;
    if let Some(old) = before.filter(|old| Some(old) != after.as_ref()) {
        placement_groups::leave(&cx, &old, vec![instance.id.clone()]).await;
    }
    Ok(ModifyInstancePlacementResult { r#return: Some(true) })
}

/// Dedicated hosts: their part of a placement.
fn host(input: &ModifyInstancePlacementRequest, placement: &mut Placement) -> Ec2Result<()> {
    if input.host_resource_group_arn.is_some() {
        return Err(Ec2Error::unsupported("Host resource groups are not supported."));
    }
    if let Some(host) = input.host_id.as_deref().filter(|host| !host.is_empty()) {
        return Err(Ec2Error::new("InvalidHostID.NotFound", format!("The host ID '{host}' does not exist")));
    }
    let tenancy = placement.tenancy();
    match input.tenancy.as_deref() {
        Some(wanted) if wanted != tenancy => {
            return Err(Ec2Error::new(
                "InvalidRequest",
                format!("The tenancy of an instance cannot be changed from '{tenancy}' to '{wanted}'."),
            ));
        }
        _ => {}
    }
    if input.affinity.is_some() && tenancy != "host" {
        return Err(Ec2Error::invalid_combination("The parameter Affinity requires the tenancy 'host'"));
    }
    Ok(())
}

/// An empty name takes the instance out of its group.
async fn group(
    cx: &Context,
    undo: &mut Undo,
    input: &ModifyInstancePlacementRequest,
    instance: &Instance,
    placement: &mut Placement,
) -> Ec2Result<()> {
    if input.group_name.as_deref() == Some("") && input.partition_number.is_none() {
        (placement.group_name, placement.group_id, placement.partition_number) = (Some(String::new()), None, None);
        return Ok(());
    }
    let wanted = launch::named_group(cx, input.group_name.as_deref(), input.group_id.as_deref())?;
    let group = match wanted {
        Some(group) => group,
        None if input.partition_number.is_none() => return Ok(()),
        // Another partition of the same group.
        None => launch::named_group(cx, None, placement.group_id.as_deref())?.ok_or_else(|| {
            Ec2Error::invalid_combination(
                "The parameter PartitionNumber requires a placement group with the strategy 'partition'",
            )
        })?,
    };
    let info = instance_types::find(instance.state.public.instance_type()).ok_or_else(Ec2Error::internal)?.info();
    placement_groups::check(&group.state, &info, placement.tenancy())?;
    let (ids, zone) = ([instance.id.clone()], placement.availability_zone().to_owned());
    let placed = placement_groups::place(cx, undo, &group, &ids, &zone, input.partition_number).await?;
    placement.group_name.clone_from(&group.state.public.group_name);
    placement.group_id = Some(group.id.to_string());
    placement.partition_number = placed.first().copied().flatten();
    Ok(())
}
