//! The filters of DescribeImages, and the rows that they are held against.

use archipelago_proto::ec2::v1::{EbsBlockDevice, Image, Tag};

use crate::request::{Column, Row, Table};

/// An image as the caller sees it.
pub(super) struct ImageRow {
    pub(super) public: Image,
    /// Whether it is within the scope of the request.
    pub(super) wanted: bool,
}

impl Row for ImageRow {
    fn id(&self) -> &str {
        self.public.image_id()
    }

    fn tags(&self) -> &[Tag] {
        &self.public.tags
    }
}

impl ImageRow {
    fn volumes(&self) -> impl Iterator<Item = &EbsBlockDevice> {
        self.public.block_device_mappings.iter().filter_map(|device| device.ebs.as_ref())
    }
}

/// Reference: DescribeImages.
pub(super) const FILTERS: Table<ImageRow> = &[
    ("architecture", Column::Of(|row, probe| probe.text(row.public.architecture()))),
    (
        "block-device-mapping.delete-on-termination",
        Column::Of(|row, probe| row.volumes().for_each(|ebs| probe.flag(ebs.delete_on_termination))),
    ),
    (
        "block-device-mapping.device-name",
        Column::Of(|row, probe| {
            row.public.block_device_mappings.iter().for_each(|device| probe.text(device.device_name()));
        }),
    ),
    (
        "block-device-mapping.encrypted",
        Column::Of(|row, probe| row.volumes().for_each(|ebs| probe.flag(ebs.encrypted))),
    ),
    (
        "block-device-mapping.snapshot-id",
        Column::Link(|row, probe| row.volumes().for_each(|ebs| probe.maybe(ebs.snapshot_id.as_deref()))),
    ),
    (
        "block-device-mapping.volume-size",
        Column::Of(|row, probe| row.volumes().for_each(|ebs| probe.number(ebs.volume_size))),
    ),
    (
        "block-device-mapping.volume-type",
        Column::Of(|row, probe| row.volumes().for_each(|ebs| probe.text(ebs.volume_type()))),
    ),
    ("creation-date", Column::Of(|row, probe| probe.text(row.public.creation_date()))),
    ("description", Column::Of(|row, probe| probe.text(row.public.description()))),
    ("ena-support", Column::Of(|row, probe| probe.flag(row.public.ena_support))),
    ("free-tier-eligible", Column::Of(|row, probe| probe.flag(Some(row.public.free_tier_eligible())))),
    ("hypervisor", Column::Of(|row, probe| probe.text(row.public.hypervisor()))),
    // Every image is allowed, since no account restricts its images here.
    ("image-allowed", Column::Of(|_, probe| probe.flag(Some(true)))),
    ("image-id", Column::Id),
    ("image-type", Column::Of(|row, probe| probe.text(row.public.image_type()))),
    ("is-public", Column::Of(|row, probe| probe.flag(row.public.public))),
    ("kernel-id", Column::Of(|row, probe| probe.maybe(row.public.kernel_id.as_deref()))),
    ("manifest-location", Column::Of(|row, probe| probe.text(row.public.image_location()))),
    ("name", Column::Of(|row, probe| probe.maybe(row.public.name.as_deref()))),
    ("owner-alias", Column::Of(|row, probe| probe.maybe(row.public.image_owner_alias.as_deref()))),
    ("owner-id", Column::Of(|row, probe| probe.text(row.public.owner_id()))),
    ("platform", Column::Of(|row, probe| probe.maybe(row.public.platform.as_deref()))),
    ("platform-details", Column::Of(|row, probe| probe.maybe(row.public.platform_details.as_deref()))),
    (
        "product-code",
        Column::Of(|row, probe| row.public.product_codes.iter().for_each(|code| probe.text(code.product_code_id()))),
    ),
    (
        "product-code.type",
        Column::Of(|row, probe| row.public.product_codes.iter().for_each(|code| probe.text(code.product_code_type()))),
    ),
    ("ramdisk-id", Column::Of(|row, probe| probe.maybe(row.public.ramdisk_id.as_deref()))),
    ("root-device-name", Column::Of(|row, probe| probe.maybe(row.public.root_device_name.as_deref()))),
    ("root-device-type", Column::Of(|row, probe| probe.text(row.public.root_device_type()))),
    ("source-image-id", Column::Of(|row, probe| probe.maybe(row.public.source_image_id.as_deref()))),
    ("source-image-region", Column::Of(|row, probe| probe.maybe(row.public.source_image_region.as_deref()))),
    ("source-instance-id", Column::Of(|row, probe| probe.maybe(row.public.source_instance_id.as_deref()))),
    ("sriov-net-support", Column::Of(|row, probe| probe.maybe(row.public.sriov_net_support.as_deref()))),
    ("state", Column::Of(|row, probe| probe.text(row.public.state()))),
    (
        "state-reason-code",
        Column::Of(|row, probe| row.public.state_reason.iter().for_each(|reason| probe.text(reason.code()))),
    ),
    (
        "state-reason-message",
        Column::Of(|row, probe| row.public.state_reason.iter().for_each(|reason| probe.text(reason.message()))),
    ),
    ("virtualization-type", Column::Of(|row, probe| probe.text(row.public.virtualization_type()))),
];
