//! The filters of DescribeRegions and DescribeAvailabilityZones, and the rows that they are held against.

use archipelago_proto::ec2::v1::{AvailabilityZone, Region};

use crate::request::{Column, Row, Table};

impl Row for Region {
    fn id(&self) -> &str {
        self.region_name()
    }
}

impl Row for AvailabilityZone {
    fn id(&self) -> &str {
        self.zone_name()
    }
}

/// Reference: DescribeRegions.
pub(super) const REGIONS: Table<Region> = &[
    ("endpoint", Column::Of(|region, probe| probe.text(region.endpoint()))),
    ("opt-in-status", Column::Of(|region, probe| probe.text(region.opt_in_status()))),
    ("region-name", Column::Of(|region, probe| probe.text(region.region_name()))),
];

/// Reference: DescribeAvailabilityZones.
pub(super) const ZONES: Table<AvailabilityZone> = &[
    ("group-long-name", Column::Of(|zone, probe| probe.text(zone.group_long_name()))),
    ("group-name", Column::Of(|zone, probe| probe.text(zone.group_name()))),
    (
        "message",
        Column::Of(|zone, probe| zone.messages.iter().for_each(|message| probe.maybe(message.message.as_deref()))),
    ),
    ("opt-in-status", Column::Of(|zone, probe| probe.text(zone.opt_in_status()))),
    ("parent-zone-id", Column::Of(|zone, probe| probe.maybe(zone.parent_zone_id.as_deref()))),
    ("parent-zone-name", Column::Of(|zone, probe| probe.maybe(zone.parent_zone_name.as_deref()))),
    ("region-name", Column::Of(|zone, probe| probe.text(zone.region_name()))),
    ("state", Column::Of(|zone, probe| probe.text(zone.state()))),
    ("zone-id", Column::Of(|zone, probe| probe.text(zone.zone_id()))),
    ("zone-name", Column::Of(|zone, probe| probe.text(zone.zone_name()))),
    ("zone-type", Column::Of(|zone, probe| probe.text(zone.zone_type()))),
];
