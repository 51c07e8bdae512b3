//! The actions on volumes (reference: "Amazon EBS").

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    AttributeBooleanValue, CreateVolumeRequest, DeleteVolumeRequest, DeleteVolumeResponse,
    DescribeVolumeAttributeRequest, DescribeVolumeAttributeResult, DescribeVolumeStatusRequest,
    DescribeVolumeStatusResult, DescribeVolumesModificationsRequest, DescribeVolumesModificationsResult,
    DescribeVolumesRequest, DescribeVolumesResult, EnableVolumeIoRequest, EnableVolumeIoResponse,
    ModifyVolumeAttributeRequest, ModifyVolumeAttributeResponse, ModifyVolumeRequest, ModifyVolumeResult, Volume,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::{FILTERS, MODIFICATION_FILTERS, ModificationRow, STATUS_FILTERS};
use super::modification::Target;
use super::{VolumeCommand, VolumeState, create, modification, status};
use crate::entity::{Published, Shelf};
use crate::request::{Action, Context, Describe, required};
use crate::time::Transition;

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_volume),
        Action::new(delete_volume),
        Action::new(describe_volumes),
        Action::new(describe_volume_attribute),
        Action::new(modify_volume_attribute),
        Action::new(describe_volume_status),
        Action::new(enable_volume_io),
        Action::new(modify_volume),
        Action::new(describe_volumes_modifications),
    ]
}

async fn create_volume(cx: Context, input: CreateVolumeRequest) -> Ec2Result<Volume> {
    create::create(&cx, &input).await
}

async fn delete_volume(cx: Context, input: DeleteVolumeRequest) -> Ec2Result<DeleteVolumeResponse> {
    let volume = cx.volumes.find(&cx.account, input.volume_id())?;
    cx.volumes.ask(&volume.id, VolumeCommand::Delete).await?;
    Ok(DeleteVolumeResponse {})
}

async fn describe_volumes(cx: Context, input: DescribeVolumesRequest) -> Ec2Result<DescribeVolumesResult> {
    let describe = Describe {
        ids: &input.volume_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.volumes, FILTERS)?;
    let volumes = page.map(|volume| volume.state.public.clone());
    Ok(DescribeVolumesResult { next_token: page.next_token, volumes })
}

async fn describe_volume_attribute(
    cx: Context,
    input: DescribeVolumeAttributeRequest,
) -> Ec2Result<DescribeVolumeAttributeResult> {
    let attribute = required("attribute", input.attribute.as_deref())?;
    let volume = cx.volumes.find(&cx.account, input.volume_id())?;
    let mut result = DescribeVolumeAttributeResult {
        volume_id: Some(volume.id.to_string()),
        ..DescribeVolumeAttributeResult::default()
    };
    match attribute {
        "autoEnableIO" => {
            result.auto_enable_io = Some(AttributeBooleanValue { value: Some(volume.state.auto_enable_io) });
        }
        "productCodes" => result.product_codes.clone_from(&volume.state.product_codes),
        other => return Err(Ec2Error::invalid_value("attribute", other)),
    }
    Ok(result)
}

async fn modify_volume_attribute(
    cx: Context,
    input: ModifyVolumeAttributeRequest,
) -> Ec2Result<ModifyVolumeAttributeResponse> {
    let auto = required("AutoEnableIO", input.auto_enable_io.as_ref())?;
    let auto = *required("AutoEnableIO.Value", auto.value.as_ref())?;
    let volume = cx.volumes.find(&cx.account, input.volume_id())?;
    cx.volumes.ask(&volume.id, VolumeCommand::AutoEnableIo(auto)).await?;
    Ok(ModifyVolumeAttributeResponse {})
}

async fn describe_volume_status(
    cx: Context,
    input: DescribeVolumeStatusRequest,
) -> Ec2Result<DescribeVolumeStatusResult> {
    let describe = Describe {
        ids: &input.volume_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let dark_since = |volume: &VolumeState| cx.dark_zones.since(volume.public.availability_zone());
    let row = |volume: Arc<Published<VolumeState>>| status::view(&volume.state, dark_since(&volume.state));
    let page = describe.find_rows(&cx, &cx.volumes, STATUS_FILTERS, row)?;
    Ok(DescribeVolumeStatusResult { next_token: page.next_token, volume_statuses: page.items })
}

async fn enable_volume_io(cx: Context, input: EnableVolumeIoRequest) -> Ec2Result<EnableVolumeIoResponse> {
    let volume = cx.volumes.find(&cx.account, input.volume_id())?;
    let zone = volume.state.public.availability_zone();
    if cx.dark_zones.has(zone) {
        return Err(Ec2Error::unavailable(format!(
            "The I/O of the volume '{}' cannot be enabled while the Availability Zone {zone} is not available.",
            volume.id
        )));
    }
    cx.volumes.ask(&volume.id, VolumeCommand::EnableIo).await?;
    Ok(EnableVolumeIoResponse {})
}

async fn modify_volume(cx: Context, input: ModifyVolumeRequest) -> Ec2Result<ModifyVolumeResult> {
    let target = Target::from(&input);
    if target == Target::default() {
        return Err(Ec2Error::new(
            "MissingParameter",
            "The request must contain the parameter Size, VolumeType, Iops, Throughput or MultiAttachEnabled",
        ));
    }
    let volume = cx.volumes.find(&cx.account, input.volume_id())?;
    let answer = cx.volumes.ask(&volume.id, VolumeCommand::Modify(Box::new(target))).await?;
    Ok(ModifyVolumeResult { volume_modification: answer.published.state.modification.clone() })
}

async fn describe_volumes_modifications(
    cx: Context,
    input: DescribeVolumesModificationsRequest,
) -> Ec2Result<DescribeVolumesModificationsResult> {
    for id in &input.volume_ids {
        let volume = cx.volumes.find(&cx.account, id)?;
        if volume.state.modification.is_none() {
            return Err(Ec2Error::new(
                "InvalidVolumeModification.NotFound",
                format!("Modification for volume '{id}' does not exist."),
            ));
        }
    }
    let describe = Describe {
        ids: &input.volume_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=500,
        ..Describe::default()
    };
    let (now, optimizes_for) = (cx.shell.clock.now(), cx.shell.lifecycle.duration(Transition::VolumeOptimize));
    let shelf = [Shelf::Owner(cx.account.clone())];
    let modified =
        |volume: &Published<VolumeState>| *volume.account == *cx.account && volume.state.modification.is_some();
    let row = |volume: Arc<Published<VolumeState>>| {
        ModificationRow(modification::view(&volume.state, now, optimizes_for).unwrap_or_default())
    };
    let page = describe.find_where(&cx.volumes, MODIFICATION_FILTERS, &shelf, modified, row)?;
    let volumes_modifications = page.items.into_iter().map(|row| row.0).collect();
    Ok(DescribeVolumesModificationsResult { next_token: page.next_token, volumes_modifications })
}
