//! ModifyInstancePlacement (AWS: "Modify the tenancy and affinity of an instance").

use archipelago_proto::ec2::v1::{ModifyInstancePlacementRequest, ModifyInstancePlacementResult, Placement};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::families::instances::{InstanceCommand, Setting};
use crate::request::Context;

pub(super) async fn modify_instance_placement(
    cx: Context,
    input: ModifyInstancePlacementRequest,
) -> Ec2Result<ModifyInstancePlacementResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    let known = instance.state.public.placement.clone().unwrap_or_default();
    let mut placement = known.clone();
    refuse_others(&input)?;
    set_host(&cx, &input, &mut placement, instance.state.public.instance_type())?;
    if placement == known && input.tenancy.is_none() && input.affinity.is_none() && input.host_id.is_none() {
        return Err(Ec2Error::new("MissingParameter", "The request must contain a placement attribute to modify"));
    }
    // Affinity alone may change at any time.
    let only_affinity = input.tenancy.is_none() && input.host_id.is_none();
    let setting = match placement.affinity.clone() {
        Some(affinity) if only_affinity => Setting::Affinity(affinity),
        _ => Setting::Placement(placement),
    };
    cx.instances.ask(&instance.id, InstanceCommand::Settle(Box::new(setting))).await?;
    Ok(ModifyInstancePlacementResult { r#return: Some(true) })
}

fn refuse_others(input: &ModifyInstancePlacementRequest) -> Ec2Result<()> {
    if input.host_resource_group_arn.is_some() {
        return Err(Ec2Error::unsupported("Host resource groups are not supported."));
    }
    let group = input.group_name.as_deref().or(input.group_id.as_deref()).filter(|name| !name.is_empty());
    if let Some(group) = group {
        let message = format!("The placement group '{group}' is unknown.");
        return Err(Ec2Error::new("InvalidPlacementGroup.Unknown", message));
    }
    if input.partition_number.is_some() {
        return Err(Ec2Error::invalid_combination(
            "The parameter PartitionNumber requires a placement group with the strategy 'partition'",
        ));
    }
    Ok(())
}

/// Tenancy, host and affinity as they shall be.
fn set_host(
    cx: &Context,
    input: &ModifyInstancePlacementRequest,
    placement: &mut Placement,
    instance_type: &str,
) -> Ec2Result<()> {
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
