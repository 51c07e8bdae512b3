//! The actions on instances (reference: "Amazon EC2 Instances"); the longer ones have files of their own.

use std::collections::HashMap;

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{DescribeInstancesRequest, DescribeInstancesResult, Reservation};

use super::attachments::{attach_volume, detach_volume};
use super::attribute_actions::{describe_instance_attribute, modify_instance_attribute, reset_instance_attribute};
use super::console::{get_console_output, get_instance_uefi_data, get_password_data};
use super::filters::FILTERS;
use super::imaging::{create_image, create_snapshots};
use super::interface_attachments::{attach_network_interface, detach_network_interface};
use super::launch::run_instances;
use super::options::{describe_instance_credit_specifications, modify_instance_metadata_options};
use super::placement_actions::modify_instance_placement;
use super::profiles::{
    associate_iam_instance_profile, describe_iam_instance_profile_associations, disassociate_iam_instance_profile,
    replace_iam_instance_profile_association,
};
use super::row::InstanceRow;
use super::status::{describe_instance_status, report_instance_status};
use super::template_data::get_launch_template_data;
use super::transitions::{
    monitor_instances, reboot_instances, start_instances, stop_instances, terminate_instances, unmonitor_instances,
};
use crate::request::{Context, Describe, family};

family! {
    InstancesService in instances_service_server {
        run_instances(RunInstancesRequest),
        describe_instances(DescribeInstancesRequest),
        describe_instance_status(DescribeInstanceStatusRequest),
        start_instances(StartInstancesRequest),
        stop_instances(StopInstancesRequest),
        reboot_instances(RebootInstancesRequest),
        terminate_instances(TerminateInstancesRequest),
        monitor_instances(MonitorInstancesRequest),
        unmonitor_instances(UnmonitorInstancesRequest),
        describe_instance_attribute(DescribeInstanceAttributeRequest),
        modify_instance_attribute(ModifyInstanceAttributeRequest),
        reset_instance_attribute(ResetInstanceAttributeRequest),
        get_console_output(GetConsoleOutputRequest),
        get_password_data(GetPasswordDataRequest),
        report_instance_status(ReportInstanceStatusRequest),
        modify_instance_metadata_options(ModifyInstanceMetadataOptionsRequest),
        describe_instance_credit_specifications(DescribeInstanceCreditSpecificationsRequest),
        get_instance_uefi_data(GetInstanceUefiDataRequest),
        modify_instance_placement(ModifyInstancePlacementRequest),
        associate_iam_instance_profile(AssociateIamInstanceProfileRequest),
        disassociate_iam_instance_profile(DisassociateIamInstanceProfileRequest),
        replace_iam_instance_profile_association(ReplaceIamInstanceProfileAssociationRequest),
        describe_iam_instance_profile_associations(DescribeIamInstanceProfileAssociationsRequest),
        get_launch_template_data(GetLaunchTemplateDataRequest),
        attach_volume(AttachVolumeRequest),
        detach_volume(DetachVolumeRequest),
        attach_network_interface(AttachNetworkInterfaceRequest),
        detach_network_interface(DetachNetworkInterfaceRequest),
        create_image(CreateImageRequest),
        create_snapshots(CreateSnapshotsRequest),
    }
}

async fn describe_instances(cx: Context, input: DescribeInstancesRequest) -> Ec2Result<DescribeInstancesResult> {
    let describe = Describe {
        ids: &input.instance_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let page = describe.find_rows(&cx, &cx.instances, FILTERS, |instance| InstanceRow::new(&cx, instance))?;
    Ok(DescribeInstancesResult { next_token: page.next_token, reservations: reservations(&cx, page.items) })
}

/// Instances that were launched together are shown together.
fn reservations(cx: &Context, rows: Vec<InstanceRow>) -> Vec<Reservation> {
    let mut reservations: Vec<Reservation> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for row in rows {
        let id = &row.published.state.private.reservation_id;
        let place = *places.entry(id.clone()).or_insert_with(|| {
            reservations.push(Reservation {
                reservation_id: Some(id.clone()),
                owner_id: Some(cx.account.to_string()),
                ..Reservation::default()
            });
            reservations.len() - 1
        });
        reservations[place].instances.push(row.into_view());
    }
    reservations
}
