//! The filters of DescribeInstances.

use archipelago_proto::ec2::v1::{
    CapacityReservationSpecificationResponse, EbsInstanceBlockDevice, IamInstanceProfile,
    InstanceMetadataOptionsResponse, InstanceState, NetworkInterfaceAssociation, NetworkInterfaceAttachment,
    NetworkInterfacePrivateIpAddress, Placement, PrivateDnsNameOptionsResponse,
};

use super::row::InstanceRow;
use crate::request::{Column, Table};

/// Reference and AWS: DescribeInstances, the misprints included.
#[rustfmt::skip] // A line for each filter.
pub(super) const FILTERS: Table<InstanceRow> = &[
    ("affinity", Column::Of(|row, probe| probe.maybe(placement(row).affinity.as_deref()))),
    ("architecture", Column::Of(|row, probe| probe.maybe(row.public().architecture.as_deref()))),
    ("availability-zone", Column::Of(|row, probe| probe.text(placement(row).availability_zone()))),
    ("availability-zone-id", Column::Of(|row, probe| probe.text(placement(row).availability_zone_id()))),
    ("block-device-mapping.attach-time", Column::Of(|row, probe| devices(row).for_each(|ebs| probe.time(ebs.attach_time)))),
    ("block-device-mapping.delete-on-termination", Column::Of(|row, probe| devices(row).for_each(|ebs| probe.flag(ebs.delete_on_termination)))),
    ("block-device-mapping.device-name", Column::Of(|row, probe| row.volumes().iter().for_each(|device| probe.maybe(device.device_name.as_deref())))),
    ("block-device-mapping.status", Column::Of(|row, probe| devices(row).for_each(|ebs| probe.maybe(ebs.status.as_deref())))),
    ("block-device-mapping.volume-id", Column::Of(|row, probe| devices(row).for_each(|ebs| probe.maybe(ebs.volume_id.as_deref())))),
    ("boot-mode", Column::Of(|row, probe| probe.maybe(row.public().boot_mode.as_deref()))),
    ("capacity-reservation-id", Column::Of(|row, probe| probe.maybe(row.public().capacity_reservation_id.as_deref()))),
    ("capacity-reservation-specification.capacity-reservation-preference", Column::Of(|row, probe| capacity(row, |c| probe.maybe(c.capacity_reservation_preference.as_deref())))),
    ("capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id", Column::Of(|row, probe| capacity(row, |c| probe.maybe(c.capacity_reservation_target.as_ref().and_then(|t| t.capacity_reservation_id.as_deref()))))),
    ("capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn", Column::Of(|row, probe| capacity(row, |c| probe.maybe(c.capacity_reservation_target.as_ref().and_then(|t| t.capacity_reservation_resource_group_arn.as_deref()))))),
    ("client-token", Column::Of(|row, probe| probe.maybe(row.public().client_token.as_deref()))),
    ("current-instance-boot-mode", Column::Of(|row, probe| probe.maybe(row.public().current_instance_boot_mode.as_deref()))),
    ("dns-name", Column::Of(|row, probe| { public_dns_names(row).for_each(|name| probe.text(name)); probe.maybe(row.classic_public_name().as_deref()); })),
    ("ebs-optimized", Column::Of(|row, probe| probe.flag(row.public().ebs_optimized))),
    ("ena-support", Column::Of(|row, probe| probe.flag(row.public().ena_support))),
    ("enclave-options.enabled", Column::Of(|row, probe| probe.flag(row.public().enclave_options.and_then(|options| options.enabled)))),
    ("hibernation-options.configured", Column::Of(|row, probe| probe.flag(row.public().hibernation_options.and_then(|options| options.configured)))),
    ("host-id", Column::Of(|row, probe| probe.maybe(placement(row).host_id.as_deref()))),
    ("hypervisor", Column::Of(|row, probe| probe.maybe(row.public().hypervisor.as_deref()))),
    ("iam-instance-profile.arn", Column::Of(|row, probe| profile(row, |profile| probe.maybe(profile.arn.as_deref())))),
    ("iam-instance-profile.id", Column::Of(|row, probe| profile(row, |profile| probe.maybe(profile.id.as_deref())))),
    ("image-id", Column::Link(|row, probe| probe.maybe(row.public().image_id.as_deref()))),
    ("instance-id", Column::Id),
    ("instance-lifecycle", Column::Of(|row, probe| probe.maybe(row.public().instance_lifecycle.as_deref()))),
    ("instance-state-code", Column::Of(|row, probe| probe.number(row.public().state.as_ref().map(InstanceState::code)))),
    ("instance-state-name", Column::Of(|row, probe| probe.maybe(row.public().state.as_ref().map(InstanceState::name)))),
    ("instance-type", Column::Of(|row, probe| probe.maybe(row.public().instance_type.as_deref()))),
    ("instance.group-id", Column::Of(|row, probe| row.groups().for_each(|group| probe.maybe(group.group_id.as_deref())))),
    ("instance.group-name", Column::Of(|row, probe| row.groups().for_each(|group| probe.maybe(group.group_name.as_deref())))),
    ("group-id", Column::Of(|row, probe| row.groups().for_each(|group| probe.maybe(group.group_id.as_deref())))),
    ("group-name", Column::Of(|row, probe| row.groups().for_each(|group| probe.maybe(group.group_name.as_deref())))),
    ("network-interface.group-id", Column::Of(|row, probe| row.interfaces().iter().flat_map(|eni| &eni.groups).for_each(|group| probe.maybe(group.group_id.as_deref())))),
    ("network-interface.group-name", Column::Of(|row, probe| row.interfaces().iter().flat_map(|eni| &eni.groups).for_each(|group| probe.maybe(group.group_name.as_deref())))),
    ("ip-address", Column::Of(|row, probe| { primary_association(row, |a| probe.maybe(a.public_ip.as_deref())); probe.maybe(row.classic_public_ip().map(|address| address.to_string()).as_deref()); })),
    ("ipv6-address", Column::Of(|row, probe| row.primary().into_iter().flat_map(|eni| &eni.ipv6_addresses).for_each(|a| probe.maybe(a.ipv6_address.as_deref())))),
    ("kernel-id", Column::Of(|row, probe| probe.maybe(row.public().kernel_id.as_deref()))),
    ("key-name", Column::Of(|row, probe| probe.maybe(row.public().key_name.as_deref()))),
    ("launch-index", Column::Of(|row, probe| probe.number(row.public().ami_launch_index))),
    ("launch-time", Column::Of(|row, probe| probe.time(row.public().launch_time))),
    ("maintenance-options.auto-recovery", Column::Of(|row, probe| probe.maybe(row.public().maintenance_options.as_ref().and_then(|options| options.auto_recovery.as_deref())))),
    ("metadata-options.http-endpoint", Column::Of(|row, probe| metadata(row, |options| probe.maybe(options.http_endpoint.as_deref())))),
    ("metadata-options.http-protocol-ipv6", Column::Of(|row, probe| metadata(row, |options| probe.maybe(options.http_protocol_ipv6.as_deref())))),
    ("metadata-options.http-tokens", Column::Of(|row, probe| metadata(row, |options| probe.maybe(options.http_tokens.as_deref())))),
    ("metadata-options.instance-metadata-tags", Column::Of(|row, probe| metadata(row, |options| probe.maybe(options.instance_metadata_tags.as_deref())))),
    ("metadata-options.state", Column::Of(|row, probe| metadata(row, |options| probe.maybe(options.state.as_deref())))),
    ("metadata-options.http-protocol-ipv4", Column::Of(|row, probe| metadata(row, |options| probe.maybe(options.http_endpoint.as_deref())))),
    ("metadata-options.http-put-response-hop-limit", Column::Of(|row, probe| metadata(row, |options| probe.number(options.http_put_response_hop_limit)))),
    ("monitoring-state", Column::Of(|row, probe| probe.maybe(row.public().monitoring.as_ref().and_then(|monitoring| monitoring.state.as_deref())))),
    ("network-interface.association.allocation-id", Column::Of(|row, probe| row.associations().for_each(|a| probe.maybe(a.allocation_id.as_deref())))),
    ("network-interface.addresses.association.allocation-id", Column::Of(|row, probe| addresses(row).for_each(|address| { if let Some(a) = &address.association { probe.maybe(a.allocation_id.as_deref()); } }))),
    ("association.allocation-id", Column::Of(|row, probe| row.associations().for_each(|a| probe.maybe(a.allocation_id.as_deref())))),
    ("network-interface.association.association-id", Column::Of(|row, probe| row.associations().for_each(|a| probe.maybe(a.association_id.as_deref())))),
    ("network-interface.addresses.association.association-id", Column::Of(|row, probe| addresses(row).for_each(|address| { if let Some(a) = &address.association { probe.maybe(a.association_id.as_deref()); } }))),
    ("association.association-id", Column::Of(|row, probe| row.associations().for_each(|a| probe.maybe(a.association_id.as_deref())))),
    ("network-interface.association.carrier-ip", Column::Of(|row, probe| row.associations().for_each(|a| probe.maybe(a.carrier_ip.as_deref())))),
    ("network-interface.addresses.association.carrier-ip", Column::Of(|row, probe| addresses(row).for_each(|address| { if let Some(a) = &address.association { probe.maybe(a.carrier_ip.as_deref()); } }))),
    ("network-interface.association.customer-owned-ip", Column::Of(|row, probe| row.associations().for_each(|a| probe.maybe(a.customer_owned_ip.as_deref())))),
    ("network-interface.addresses.association.customer-owned-ip", Column::Of(|row, probe| addresses(row).for_each(|address| { if let Some(a) = &address.association { probe.maybe(a.customer_owned_ip.as_deref()); } }))),
    ("network-interface.association.ip-owner-id", Column::Of(|row, probe| row.associations().for_each(|a| probe.maybe(a.ip_owner_id.as_deref())))),
    ("network-interface.addresses.association.ip-owner-id", Column::Of(|row, probe| addresses(row).for_each(|address| { if let Some(a) = &address.association { probe.maybe(a.ip_owner_id.as_deref()); } }))),
    ("association.ip-owner-id", Column::Of(|row, probe| row.associations().for_each(|a| probe.maybe(a.ip_owner_id.as_deref())))),
    ("network-interface.association.public-dns-name", Column::Of(|row, probe| row.associations().for_each(|a| probe.maybe(a.public_dns_name.as_deref())))),
    ("network-interface.addresses.association.public-dns-name", Column::Of(|row, probe| addresses(row).for_each(|address| { if let Some(a) = &address.association { probe.maybe(a.public_dns_name.as_deref()); } }))),
    ("network-interface.association.public-ip", Column::Of(|row, probe| row.associations().for_each(|a| probe.maybe(a.public_ip.as_deref())))),
    ("network-interface.addresses.association.public-ip", Column::Of(|row, probe| addresses(row).for_each(|address| { if let Some(a) = &address.association { probe.maybe(a.public_ip.as_deref()); } }))),
    ("association.public-ip", Column::Of(|row, probe| row.associations().for_each(|a| probe.maybe(a.public_ip.as_deref())))),
    ("network-interface.addresses.primary", Column::Of(|row, probe| addresses(row).for_each(|address| probe.flag(address.primary)))),
    ("network-interface.addresses.private-dns-name", Column::Of(|row, probe| addresses(row).for_each(|address| probe.maybe(address.private_dns_name.as_deref())))),
    ("network-interface.addresses.private-ip-address", Column::Of(|row, probe| addresses(row).for_each(|address| probe.maybe(address.private_ip_address.as_deref())))),
    ("network-interface.attachment.attach-time", Column::Of(|row, probe| attachments(row).for_each(|attachment| probe.time(attachment.attach_time)))),
    ("network-interface.attachment.attachment-id", Column::Of(|row, probe| attachments(row).for_each(|attachment| probe.maybe(attachment.attachment_id.as_deref())))),
    ("network-interface.attachment.delete-on-termination", Column::Of(|row, probe| attachments(row).for_each(|attachment| probe.flag(attachment.delete_on_termination)))),
    ("network-interface.attachment.device-index", Column::Of(|row, probe| attachments(row).for_each(|attachment| probe.number(attachment.device_index)))),
    ("network-interface.attachment.instance-id", Column::Of(|row, probe| attachments(row).for_each(|attachment| probe.maybe(attachment.instance_id.as_deref())))),
    ("network-interface.attachment.instance-owner-id", Column::Of(|row, probe| attachments(row).for_each(|attachment| probe.maybe(attachment.instance_owner_id.as_deref())))),
    ("network-interface.attachment.network-card-index", Column::Of(|row, probe| attachments(row).for_each(|attachment| probe.number(attachment.network_card_index)))),
    ("network-interface.attachment.status", Column::Of(|row, probe| attachments(row).for_each(|attachment| probe.maybe(attachment.status.as_deref())))),
    ("network-interface.availability-zone", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.availability_zone.as_deref())))),
    ("network-interface.description", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.description.as_deref())))),
    ("network-interface.mac-address", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.mac_address.as_deref())))),
    ("network-interface.network-interface-id", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.network_interface_id.as_deref())))),
    ("network-interface.network-interface.id", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.network_interface_id.as_deref())))),
    ("network-interface.outpost-arn", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.outpost_arn.as_deref())))),
    ("network-interface.owner-id", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.owner_id.as_deref())))),
    ("network-interface.private-dns-name", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.private_dns_name.as_deref())))),
    ("network-interface.private-ip-address", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.private_ip_address.as_deref())))),
    ("network-interface.public-dns-name", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.public_dns_name.as_deref())))),
    ("network-interface.requester-id", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.requester_id.as_deref())))),
    ("network-interface.status", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.status.as_deref())))),
    ("network-interface.subnet-id", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.subnet_id.as_deref())))),
    ("network-interface.vpc-id", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.vpc_id.as_deref())))),
    ("network-interface.ipv6-address", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.ipv6_address.as_deref())))),
    ("network-interface-private-dns-name", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.private_dns_name.as_deref())))),
    ("network-interface.deny-all-igw-traffic", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.flag(eni.deny_all_igw_traffic)))),
    ("network-interface.ipv6-native", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.flag(eni.ipv6_native)))),
    ("network-interface.requester-managed", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.flag(eni.requester_managed)))),
    ("network-interface.source-dest-check", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.flag(eni.source_dest_check)))),
    ("network-interface.ipv4-prefixes.ipv4-prefix", Column::Of(|row, probe| row.interfaces().iter().flat_map(|eni| &eni.ipv4_prefixes).for_each(|p| probe.maybe(p.ipv4_prefix.as_deref())))),
    ("network-interface.ipv6-prefixes.ipv6-prefix", Column::Of(|row, probe| row.interfaces().iter().flat_map(|eni| &eni.ipv6_prefixes).for_each(|p| probe.maybe(p.ipv6_prefix.as_deref())))),
    ("network-interface.ipv6-addresses.ipv6-address", Column::Of(|row, probe| row.interfaces().iter().flat_map(|eni| &eni.ipv6_addresses).for_each(|a| probe.maybe(a.ipv6_address.as_deref())))),
    ("network-interface.ipv6-addresses.is-primary-ipv6", Column::Of(|row, probe| row.interfaces().iter().flat_map(|eni| &eni.ipv6_addresses).for_each(|a| probe.flag(a.is_primary_ipv6)))),
    ("network-interface.operator.managed", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.flag(eni.operator.as_ref().and_then(|operator| operator.managed))))),
    ("network-interface.operator.principal", Column::Of(|row, probe| row.interfaces().iter().for_each(|eni| probe.maybe(eni.operator.as_ref().and_then(|operator| operator.principal.as_deref()))))),
    ("network-interface.tag-key", Column::Of(|row, probe| row.interfaces().iter().flat_map(|eni| &eni.tag_set).for_each(|tag| probe.text(tag.key())))),
    ("network-interface.tag-value", Column::Of(|row, probe| row.interfaces().iter().flat_map(|eni| &eni.tag_set).for_each(|tag| probe.text(tag.value())))),
    ("network-performance-options.bandwidth-weighting", Column::Of(|row, probe| probe.maybe(row.public().network_performance_options.as_ref().and_then(|o| o.bandwidth_weighting.as_deref())))),
    ("operator.managed", Column::Of(|row, probe| probe.flag(row.public().operator.as_ref().and_then(|operator| operator.managed)))),
    ("operator.principal", Column::Of(|row, probe| probe.maybe(row.public().operator.as_ref().and_then(|operator| operator.principal.as_deref())))),
    ("outpost-arn", Column::Of(|row, probe| probe.maybe(row.public().outpost_arn.as_deref()))),
    ("owner-id", Column::Of(|row, probe| probe.text(&row.published.account))),
    ("placement-group-name", Column::Of(|row, probe| probe.maybe(placement(row).group_name.as_deref()))),
    ("placement-partition-number", Column::Of(|row, probe| probe.number(placement(row).partition_number))),
    ("platform", Column::Of(|row, probe| probe.maybe(row.public().platform.as_deref()))),
    ("platform-details", Column::Of(|row, probe| probe.maybe(row.public().platform_details.as_deref()))),
    ("private-dns-name", Column::Of(|row, probe| probe.maybe(row.private_dns_name().as_deref()))),
    ("private-dns-name-options.enable-resource-name-dns-a-record", Column::Of(|row, probe| probe.flag(dns_options(row).and_then(|options| options.enable_resource_name_dns_a_record)))),
    ("private-dns-name-options.enable-resource-name-dns-aaaa-record", Column::Of(|row, probe| probe.flag(dns_options(row).and_then(|options| options.enable_resource_name_dns_aaaa_record)))),
    ("private-dns-name-options.hostname-type", Column::Of(|row, probe| probe.maybe(dns_options(row).and_then(|options| options.hostname_type.as_deref())))),
    ("private-ip-address", Column::Of(|row, probe| probe.maybe(row.private_ip()))),
    ("product-code", Column::Of(|row, probe| row.public().product_codes.iter().for_each(|code| probe.maybe(code.product_code_id.as_deref())))),
    ("product-code.type", Column::Of(|row, probe| row.public().product_codes.iter().for_each(|code| probe.maybe(code.product_code_type.as_deref())))),
    ("ramdisk-id", Column::Of(|row, probe| probe.maybe(row.public().ramdisk_id.as_deref()))),
    ("reason", Column::Of(|row, probe| probe.maybe(row.public().state_transition_reason.as_deref()))),
    ("reservation-id", Column::Of(|row, probe| probe.text(&row.published.state.private.reservation_id))),
    ("root-device-name", Column::Of(|row, probe| probe.maybe(row.public().root_device_name.as_deref()))),
    ("root-device-type", Column::Of(|row, probe| probe.maybe(row.public().root_device_type.as_deref()))),
    ("source-dest-check", Column::Of(|row, probe| probe.flag(row.primary().and_then(|eni| eni.source_dest_check)))),
    ("spot-instance-request-id", Column::Of(|row, probe| probe.maybe(row.public().spot_instance_request_id.as_deref()))),
    ("state-reason-code", Column::Of(|row, probe| probe.maybe(row.public().state_reason.as_ref().and_then(|reason| reason.code.as_deref())))),
    ("state-reason-message", Column::Of(|row, probe| probe.maybe(row.public().state_reason.as_ref().and_then(|reason| reason.message.as_deref())))),
    ("subnet-id", Column::Link(|row, probe| probe.maybe(row.public().subnet_id.as_deref()))),
    ("tenancy", Column::Of(|row, probe| probe.maybe(placement(row).tenancy.as_deref()))),
    ("tpm-support", Column::Of(|row, probe| probe.maybe(row.public().tpm_support.as_deref()))),
    ("usage-operation", Column::Of(|row, probe| probe.maybe(row.public().usage_operation.as_deref()))),
    ("usage-operation-update-time", Column::Of(|row, probe| probe.time(row.public().usage_operation_update_time))),
    ("virtualization-type", Column::Of(|row, probe| probe.maybe(row.public().virtualization_type.as_deref()))),
    ("vpc-id", Column::Link(|row, probe| probe.maybe(row.public().vpc_id.as_deref()))),
    // Nobody launches instances for others here.
    ("requester-id", Column::Of(|_, _| {})),
];

fn placement(row: &InstanceRow) -> &Placement {
    row.public().placement.as_ref().expect("an instance is placed when it is made")
}

fn devices(row: &InstanceRow) -> impl Iterator<Item = &EbsInstanceBlockDevice> {
    row.volumes().iter().filter_map(|device| device.ebs.as_ref())
}

fn attachments(row: &InstanceRow) -> impl Iterator<Item = &NetworkInterfaceAttachment> {
    row.interfaces().iter().filter_map(|interface| interface.attachment.as_ref())
}

fn addresses(row: &InstanceRow) -> impl Iterator<Item = &NetworkInterfacePrivateIpAddress> {
    row.interfaces().iter().flat_map(|interface| &interface.private_ip_addresses)
}

fn primary_association(row: &InstanceRow, show: impl FnOnce(&NetworkInterfaceAssociation)) {
    row.primary().and_then(|primary| primary.association.as_ref()).map(show).unwrap_or_default();
}

fn public_dns_names(row: &InstanceRow) -> impl Iterator<Item = &str> {
    let association = row.primary().and_then(|primary| primary.association.as_ref());
    association.and_then(|association| association.public_dns_name.as_deref()).into_iter()
}

fn capacity(row: &InstanceRow, show: impl FnOnce(&CapacityReservationSpecificationResponse)) {
    row.public().capacity_reservation_specification.as_ref().map(show).unwrap_or_default();
}

fn profile(row: &InstanceRow, show: impl FnOnce(&IamInstanceProfile)) {
    row.public().iam_instance_profile.as_ref().map(show).unwrap_or_default();
}

fn metadata(row: &InstanceRow, show: impl FnOnce(&InstanceMetadataOptionsResponse)) {
    row.public().metadata_options.as_ref().map(show).unwrap_or_default();
}

fn dns_options(row: &InstanceRow) -> Option<&PrivateDnsNameOptionsResponse> {
    row.public().private_dns_name_options.as_ref()
}
