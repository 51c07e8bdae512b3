//! ModifyInstancePlacement (AWS: "Modify the tenancy and affinity of an instance").

use std::sync::Arc;

use archipelago_proto::ec2::v1::{ModifyInstancePlacementRequest, ModifyInstancePlacementResult, Placement};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::launch;
use super::lifecycle::Phase;
use super::settings::Setting;
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
    // Affinity alone may change at any time.
    let others = [&input.group_name, &input.group_id, &input.tenancy, &input.host_id];
    let only_affinity = others.iter().all(|given| given.is_none()) && input.partition_number.is_none();
    if !only_affinity && instance.state.phase() != Phase::Stopped {
        return Err(Ec2Error::new(
            "IncorrectInstanceState",
            format!("The instance '{}' is not in the 'stopped' state.", instance.id),
        ));
    }
    let mut placement = instance.state.public.placement.clone().unwrap_or_default();
    host(&cx, &input, &mut placement, instance.state.public.instance_type())?;
    let mut undo = Undo::default();
    let before = placement.group_id.clone();
    let outcome = async {
        group(&cx, &mut undo, &input, &instance, &mut placement).await?;
        let after = placement.group_id.clone();
        let setting = match placement.affinity.clone() {
            Some(affinity) if only_affinity => Setting::Affinity(affinity),
            _ => Setting::Placement(placement),
        };
        cx.instances.ask(&instance.id, InstanceCommand::Settle(Box::new(setting))).await?;
        Ok(after)
    };
    let outcome = outcome.await;
    let after = workflow(undo, outcome).await?;
    if let Some(old) = before.filter(|old| Some(old) != after.as_ref()) {
        placement_groups::leave(&cx, &old, vec![instance.id.clone()]).await;
    }
    Ok(ModifyInstancePlacementResult { r#return: Some(true) })
}

/// Tenancy, host and affinity as they shall be.
fn host(
    cx: &Context,
    input: &ModifyInstancePlacementRequest,
    placement: &mut Placement,
    instance_type: &str,
) -> Ec2Result<()> {
    if input.host_resource_group_arn.is_some() {
        return Err(Ec2Error::unsupported("Host resource groups are not supported."));
    }
    let given = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    if let Some(tenancy) = given(&input.tenancy).filter(|tenancy| tenancy != placement.tenancy()) {
        let allowed = matches!((placement.tenancy(), tenancy.as_str()), ("dedicated", "host") | ("host", "dedicated"));
        if !allowed || instance_type.starts_with("t3.") {
            return Err(Ec2Error::new(
                "InvalidRequest",
                format!("The tenancy cannot be changed from {} to {tenancy}.", placement.tenancy()),
            ));
        }
        if tenancy != "host" {
            (placement.host_id, placement.affinity) = (None, None);
        } else if placement.affinity.is_none() {
            placement.affinity = Some("default".to_owned());
        }
        placement.tenancy = Some(tenancy);
    }
    let (host, affinity) = (given(&input.host_id), given(&input.affinity));
    if (host.is_some() || affinity.is_some()) && placement.tenancy() != "host" {
        return Err(Ec2Error::invalid_combination("The parameters HostId and Affinity require the tenancy 'host'"));
    }
    if let Some(id) = host {
        let known = cx.hosts.find(&cx.account, &id)?;
        if known.state.public.availability_zone() != placement.availability_zone() {
            return Err(Ec2Error::invalid_combination(format!(
                "The host '{id}' is not in the zone {}.",
                placement.availability_zone()
            )));
        }
        placement.host_id = Some(id);
    }
    if affinity.is_some() {
        placement.affinity = affinity;
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
