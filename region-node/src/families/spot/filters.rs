//! The filters of DescribeSpotInstanceRequests.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{EbsBlockDevice, InstanceNetworkInterfaceSpecification, LaunchSpecification};

use crate::entity::Published;
use crate::families::spot_market::SpotRequestState;
use crate::request::{Column, FilterTable};

type Request = Arc<Published<SpotRequestState>>;

/// Reference and AWS: DescribeSpotInstanceRequests.
#[rustfmt::skip] // A line for each filter.
pub(super) const FILTERS: FilterTable<SpotRequestState> = &[
    ("availability-zone-group", Column::Of(|request, probe| probe.maybe(request.state.public.availability_zone_group.as_deref()))),
    ("create-time", Column::Of(|request, probe| probe.time(request.state.public.create_time))),
    ("fault-code", Column::Of(|request, probe| probe.maybe(request.state.public.fault.as_ref().and_then(|fault| fault.code.as_deref())))),
    ("fault-message", Column::Of(|request, probe| probe.maybe(request.state.public.fault.as_ref().and_then(|fault| fault.message.as_deref())))),
    ("instance-id", Column::Of(|request, probe| probe.maybe(request.state.public.instance_id.as_deref()))),
    ("launch-group", Column::Of(|request, probe| probe.maybe(request.state.public.launch_group.as_deref()))),
    ("launch.block-device-mapping.delete-on-termination", Column::Of(|request, probe| devices(request).for_each(|ebs| probe.flag(ebs.delete_on_termination)))),
    ("launch.block-device-mapping.device-name", Column::Of(|request, probe| launch(request).into_iter().flat_map(|launch| &launch.block_device_mappings).for_each(|mapping| probe.maybe(mapping.device_name.as_deref())))),
    ("launch.block-device-mapping.snapshot-id", Column::Of(|request, probe| devices(request).for_each(|ebs| probe.maybe(ebs.snapshot_id.as_deref())))),
    ("launch.block-device-mapping.volume-size", Column::Of(|request, probe| devices(request).for_each(|ebs| probe.number(ebs.volume_size)))),
    ("launch.block-device-mapping.volume-type", Column::Of(|request, probe| devices(request).for_each(|ebs| probe.maybe(ebs.volume_type.as_deref())))),
    ("launch.group-id", Column::Of(|request, probe| launch(request).into_iter().flat_map(|launch| &launch.security_groups).for_each(|group| probe.maybe(group.group_id.as_deref())))),
    ("launch.group-name", Column::Of(|request, probe| launch(request).into_iter().flat_map(|launch| &launch.security_groups).for_each(|group| probe.maybe(group.group_name.as_deref())))),
    ("launch.image-id", Column::Of(|request, probe| probe.maybe(launch(request).and_then(|launch| launch.image_id.as_deref())))),
    ("launch.instance-type", Column::Of(|request, probe| probe.maybe(launch(request).and_then(|launch| launch.instance_type.as_deref())))),
    ("launch.kernel-id", Column::Of(|request, probe| probe.maybe(launch(request).and_then(|launch| launch.kernel_id.as_deref())))),
    ("launch.key-name", Column::Of(|request, probe| probe.maybe(launch(request).and_then(|launch| launch.key_name.as_deref())))),
    ("launch.monitoring-enabled", Column::Of(|request, probe| probe.flag(launch(request).and_then(|launch| launch.monitoring).and_then(|monitoring| monitoring.enabled)))),
    ("launch.ramdisk-id", Column::Of(|request, probe| probe.maybe(launch(request).and_then(|launch| launch.ramdisk_id.as_deref())))),
    ("launched-availability-zone", Column::Of(|request, probe| probe.maybe(request.state.public.launched_availability_zone.as_deref()))),
    ("launched-availability-zone-id", Column::Of(|request, probe| probe.maybe(request.state.public.launched_availability_zone_id.as_deref()))),
    ("network-interface.addresses.primary", Column::Of(|request, probe| interfaces(request).flat_map(|interface| &interface.private_ip_addresses).for_each(|address| probe.flag(address.primary)))),
    ("network-interface.delete-on-termination", Column::Of(|request, probe| interfaces(request).for_each(|interface| probe.flag(interface.delete_on_termination)))),
    ("network-interface.description", Column::Of(|request, probe| interfaces(request).for_each(|interface| probe.maybe(interface.description.as_deref())))),
    ("network-interface.device-index", Column::Of(|request, probe| interfaces(request).for_each(|interface| probe.number(interface.device_index)))),
    ("network-interface.group-id", Column::Of(|request, probe| interfaces(request).flat_map(|interface| &interface.groups).for_each(|group| probe.text(group)))),
    ("network-interface.network-interface-id", Column::Of(|request, probe| interfaces(request).for_each(|interface| probe.maybe(interface.network_interface_id.as_deref())))),
    ("network-interface.private-ip-address", Column::Of(|request, probe| interfaces(request).for_each(|interface| probe.maybe(interface.private_ip_address.as_deref())))),
    ("network-interface.subnet-id", Column::Of(|request, probe| interfaces(request).for_each(|interface| probe.maybe(interface.subnet_id.as_deref())))),
    ("product-description", Column::Of(|request, probe| probe.maybe(request.state.public.product_description.as_deref()))),
    ("spot-instance-request-id", Column::Id),
    ("spot-price", Column::Of(|request, probe| probe.maybe(request.state.public.spot_price.as_deref()))),
    ("state", Column::Of(|request, probe| probe.text(request.state.state()))),
    ("status-code", Column::Of(|request, probe| probe.text(request.state.status_code()))),
    ("status-message", Column::Of(|request, probe| probe.maybe(request.state.public.status.as_ref().and_then(|status| status.message.as_deref())))),
    ("type", Column::Of(|request, probe| probe.maybe(request.state.public.r#type.as_deref()))),
    ("valid-from", Column::Of(|request, probe| probe.time(request.state.public.valid_from))),
    ("valid-until", Column::Of(|request, probe| probe.time(request.state.public.valid_until))),
];

fn launch(request: &Request) -> Option<&LaunchSpecification> {
    request.state.public.launch_specification.as_ref()
}

fn devices(request: &Request) -> impl Iterator<Item = &EbsBlockDevice> {
    launch(request)
        .into_iter()
        .flat_map(|launch| &launch.block_device_mappings)
        .filter_map(|mapping| mapping.ebs.as_ref())
}

fn interfaces(request: &Request) -> impl Iterator<Item = &InstanceNetworkInterfaceSpecification> {
    launch(request).into_iter().flat_map(|launch| &launch.network_interfaces)
}
