//! The filters of DescribeLaunchTemplates and DescribeLaunchTemplateVersions.

use archipelago_proto::ec2::v1::{
    LaunchTemplateInstanceMetadataOptions, LaunchTemplatePlacement, LaunchTemplateVersion, ResponseLaunchTemplateData,
};

use super::LaunchTemplateState;
use crate::request::{Column, FilterTable, Row, Table};

pub(super) const FILTERS: FilterTable<LaunchTemplateState> = &[
    ("create-time", Column::Of(|template, probe| probe.time(template.state.public.create_time))),
    ("launch-template-id", Column::Id),
    ("launch-template-name", Column::Of(|template, probe| probe.text(template.state.public.launch_template_name()))),
];

/// A version, under a key that is its own among all templates.
pub(super) struct VersionRow {
    pub(super) key: String,
    pub(super) version: LaunchTemplateVersion,
}

impl VersionRow {
    pub(super) fn new(version: LaunchTemplateVersion) -> Self {
        Self { key: format!("{}/{}", version.launch_template_id(), version.version_number()), version }
    }

    fn data(&self) -> Option<&ResponseLaunchTemplateData> {
        self.version.launch_template_data.as_ref()
    }

    fn metadata(&self) -> Option<&LaunchTemplateInstanceMetadataOptions> {
        self.data()?.metadata_options.as_ref()
    }

    fn placement(&self) -> Option<&LaunchTemplatePlacement> {
        self.data()?.placement.as_ref()
    }
}

impl Row for VersionRow {
    fn id(&self) -> &str {
        &self.key
    }
}

/// AWS: DescribeLaunchTemplateVersions.
pub(super) const VERSIONS: Table<VersionRow> = &[
    ("create-time", Column::Of(|row, probe| probe.time(row.version.create_time))),
    ("ebs-optimized", Column::Of(|row, probe| probe.flag(row.data().and_then(|data| data.ebs_optimized)))),
    ("http-endpoint", Column::Of(|row, probe| probe.maybe(row.metadata().and_then(|o| o.http_endpoint.as_deref())))),
    (
        "http-protocol-ipv4",
        // The model has no such option: it is on wherever the endpoint is.
        Column::Of(|row, probe| probe.maybe(row.metadata().and_then(|o| o.http_endpoint.as_deref()))),
    ),
    ("http-tokens", Column::Of(|row, probe| probe.maybe(row.metadata().and_then(|o| o.http_tokens.as_deref())))),
    (
        "host-resource-group-arn",
        Column::Of(|row, probe| probe.maybe(row.placement().and_then(|p| p.host_resource_group_arn.as_deref()))),
    ),
    (
        "iam-instance-profile",
        Column::Of(|row, probe| {
            let profile = row.data().and_then(|data| data.iam_instance_profile.as_ref());
            probe.maybe(profile.and_then(|profile| profile.arn.as_deref()));
        }),
    ),
    ("image-id", Column::Of(|row, probe| probe.maybe(row.data().and_then(|data| data.image_id.as_deref())))),
    ("instance-type", Column::Of(|row, probe| probe.maybe(row.data().and_then(|data| data.instance_type.as_deref())))),
    ("is-default-version", Column::Of(|row, probe| probe.flag(row.version.default_version))),
    ("kernel-id", Column::Of(|row, probe| probe.maybe(row.data().and_then(|data| data.kernel_id.as_deref())))),
    (
        "license-configuration-arn",
        Column::Of(|row, probe| {
            let licenses = row.data().into_iter().flat_map(|data| &data.license_specifications);
            licenses.for_each(|license| probe.text(license.license_configuration_arn()));
        }),
    ),
    (
        "network-card-index",
        Column::Of(|row, probe| {
            let interfaces = row.data().into_iter().flat_map(|data| &data.network_interfaces);
            interfaces.for_each(|interface| probe.number(interface.network_card_index));
        }),
    ),
    ("ram-disk-id", Column::Of(|row, probe| probe.maybe(row.data().and_then(|data| data.ram_disk_id.as_deref())))),
];
