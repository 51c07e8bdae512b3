//! The actions on instances (reference: "Amazon EC2 Instances"); the longer ones have files of their own.

use std::collections::HashMap;

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{DescribeInstancesRequest, DescribeInstancesResult, Reservation};

use super::attachments::{attach_volume, detach_volume};
use super::attribute_actions::{describe_instance_attribute, modify_instance_attribute, reset_instance_attribute};
use super::console::{get_console_output, get_instance_uefi_data, get_password_data};
use super::filters::FILTERS;
use super::follow::replayed;
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
use crate::request::{Action, Context, Describe};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(run_instances).replayed(replayed),
        Action::new(describe_instances),
        Action::new(describe_instance_status),
        Action::new(start_instances),
        Action::new(stop_instances),
        Action::new(reboot_instances),
        Action::new(terminate_instances),
        Action::new(monitor_instances),
        Action::new(unmonitor_instances),
        Action::new(describe_instance_attribute),
        Action::new(modify_instance_attribute),
        Action::new(reset_instance_attribute),
        Action::new(get_console_output),
        Action::new(get_password_data),
        Action::new(report_instance_status),
        Action::new(modify_instance_metadata_options),
        Action::new(describe_instance_credit_specifications),
        Action::new(get_instance_uefi_data),
        Action::new(modify_instance_placement),
        Action::new(associate_iam_instance_profile),
        Action::new(disassociate_iam_instance_profile),
        Action::new(replace_iam_instance_profile_association),
        Action::new(describe_iam_instance_profile_associations),
        Action::new(get_launch_template_data),
        Action::new(attach_volume),
        Action::new(detach_volume),
        Action::new(attach_network_interface),
        Action::new(detach_network_interface),
        Action::new(create_image),
        Action::new(create_snapshots),
    ]
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
                groups: row.classic().map_or_else(Vec::new, |classic| classic.groups.clone()),
                ..Reservation::default()
            });
            reservations.len() - 1
        });
        reservations[place].instances.push(row.into_view());
    }
    reservations
}
