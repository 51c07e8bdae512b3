//! GetLaunchTemplateData: what a launch template would have to say to launch an instance like one that there is.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    CreditSpecification, GetLaunchTemplateDataRequest, GetLaunchTemplateDataResult, Instance,
    InstanceBlockDeviceMapping, InstanceIpv6Address, InstanceMetadataOptionsResponse, InstanceNetworkInterface,
    LaunchTemplateBlockDeviceMapping, LaunchTemplateEbsBlockDevice, LaunchTemplateIamInstanceProfileSpecification,
    LaunchTemplateInstanceMetadataOptions, LaunchTemplateInstanceNetworkInterfaceSpecification,
    LaunchTemplateTagSpecification, LaunchTemplatesMonitoring, PrivateIpAddressSpecification,
    ResponseLaunchTemplateData,
};

use super::row::InstanceRow;
use super::state::Private;
use crate::request::{Context, recode};

pub(super) async fn get_launch_template_data(
    cx: Context,
    input: GetLaunchTemplateDataRequest,
) -> Ec2Result<GetLaunchTemplateDataResult> {
    let instance = cx.instances.find(&cx.account, input.instance_id())?;
    let private = instance.state.private.clone();
    let shown = InstanceRow::new(&cx, instance).into_view();
    Ok(GetLaunchTemplateDataResult { launch_template_data: Some(data(&cx, shown, private)) })
}

fn data(cx: &Context, shown: Instance, private: Private) -> ResponseLaunchTemplateData {
    let tags: Vec<_> = shown.tags.into_iter().filter(|tag| !tag.key().starts_with("aws:")).collect();
    let specification = LaunchTemplateTagSpecification { resource_type: Some("instance".to_owned()), tags };
    let monitored = shown.monitoring.as_ref().is_some_and(|monitoring| monitoring.state() == "enabled");
    let mut placement = shown.placement.unwrap_or_default();
    // What is told by the subnet, or empty, is not repeated.
    placement.group_name = placement.group_name.filter(|name| !name.is_empty());
    placement.availability_zone_id = None;
    ResponseLaunchTemplateData {
        kernel_id: shown.kernel_id,
        ebs_optimized: shown.ebs_optimized,
        iam_instance_profile: shown
            .iam_instance_profile
            .map(|profile| LaunchTemplateIamInstanceProfileSpecification { arn: profile.arn, name: None }),
        block_device_mappings: shown.block_device_mappings.iter().map(|mapping| device(cx, mapping)).collect(),
        network_interfaces: shown.network_interfaces.into_iter().map(interface).collect(),
        image_id: shown.image_id,
        instance_type: shown.instance_type,
        key_name: shown.key_name,
        monitoring: Some(LaunchTemplatesMonitoring { enabled: Some(monitored) }),
        placement: Some(recode(&placement)),
        ram_disk_id: shown.ramdisk_id,
        disable_api_termination: Some(private.disable_api_termination),
        disable_api_stop: Some(private.disable_api_stop),
        instance_initiated_shutdown_behavior: Some(private.shutdown_behavior),
        user_data: private.user_data,
        tag_specifications: if specification.tags.is_empty() { Vec::new() } else { vec![specification] },
        credit_specification: private.cpu_credits.map(|credits| CreditSpecification { cpu_credits: Some(credits) }),
        cpu_options: shown.cpu_options.as_ref().map(recode),
        capacity_reservation_specification: shown.capacity_reservation_specification.as_ref().map(recode),
        license_specifications: shown.licenses.iter().map(recode).collect(),
        hibernation_options: shown.hibernation_options.as_ref().map(recode),
        metadata_options: shown.metadata_options.map(metadata),
        enclave_options: shown.enclave_options.as_ref().map(recode),
        private_dns_name_options: shown.private_dns_name_options.as_ref().map(recode),
        maintenance_options: shown.maintenance_options.as_ref().map(recode),
        ..ResponseLaunchTemplateData::default()
    }
}

fn metadata(shown: InstanceMetadataOptionsResponse) -> LaunchTemplateInstanceMetadataOptions {
    LaunchTemplateInstanceMetadataOptions {
        state: None,
        http_tokens: shown.http_tokens,
        http_put_response_hop_limit: shown.http_put_response_hop_limit,
        http_endpoint: shown.http_endpoint,
        http_protocol_ipv6: shown.http_protocol_ipv6,
        instance_metadata_tags: shown.instance_metadata_tags,
    }
}

fn device(cx: &Context, mapping: &InstanceBlockDeviceMapping) -> LaunchTemplateBlockDeviceMapping {
    let ebs = mapping.ebs.as_ref().map(|attached| {
        let volume = cx.volumes.index().get(attached.volume_id());
        let volume = volume.map(|volume| volume.state.public.clone()).unwrap_or_default();
        LaunchTemplateEbsBlockDevice {
            delete_on_termination: attached.delete_on_termination,
            encrypted: volume.encrypted,
            iops: volume.iops,
            kms_key_id: volume.kms_key_id,
            snapshot_id: volume.snapshot_id.filter(|id| !id.is_empty()),
            throughput: volume.throughput,
            volume_size: volume.size,
            volume_type: volume.volume_type,
            ..LaunchTemplateEbsBlockDevice::default()
        }
    });
    LaunchTemplateBlockDeviceMapping {
        device_name: mapping.device_name.clone(),
        ebs,
        ..LaunchTemplateBlockDeviceMapping::default()
    }
}

fn interface(shown: InstanceNetworkInterface) -> LaunchTemplateInstanceNetworkInterfaceSpecification {
    let attachment = shown.attachment.unwrap_or_default();
    let address = |address: archipelago_proto::ec2::v1::InstancePrivateIpAddress| PrivateIpAddressSpecification {
        primary: address.primary,
        private_ip_address: address.private_ip_address,
    };
    let ipv6 =
        |address: InstanceIpv6Address| InstanceIpv6Address { ipv6_address: address.ipv6_address, ..Default::default() };
    LaunchTemplateInstanceNetworkInterfaceSpecification {
        associate_public_ip_address: Some(shown.association.is_some()),
        delete_on_termination: attachment.delete_on_termination,
        description: shown.description,
        device_index: attachment.device_index,
        network_card_index: attachment.network_card_index,
        groups: shown.groups.into_iter().filter_map(|group| group.group_id).collect(),
        interface_type: shown.interface_type,
        ipv6_addresses: shown.ipv6_addresses.into_iter().map(ipv6).collect(),
        private_ip_addresses: shown.private_ip_addresses.into_iter().map(address).collect(),
        subnet_id: shown.subnet_id,
        ..LaunchTemplateInstanceNetworkInterfaceSpecification::default()
    }
}
