//! The filters of the describe actions on volumes.

use archipelago_proto::ec2::v1::{VolumeModification, VolumeStatusItem};

use super::VolumeState;
use crate::request::{Column, FilterTable, Row, Table};

/// Reference: DescribeVolumes.
pub(super) const FILTERS: FilterTable<VolumeState> = &[
    (
        "attachment.attach-time",
        Column::Of(|volume, probe| volume.state.public.attachments.iter().for_each(|a| probe.time(a.attach_time))),
    ),
    (
        "attachment.delete-on-termination",
        Column::Of(|volume, probe| {
            volume.state.public.attachments.iter().for_each(|a| probe.flag(a.delete_on_termination));
        }),
    ),
    (
        "attachment.device",
        Column::Of(|volume, probe| volume.state.public.attachments.iter().for_each(|a| probe.text(a.device()))),
    ),
    (
        "attachment.instance-id",
        Column::Link(|volume, probe| {
            volume.state.public.attachments.iter().for_each(|a| probe.text(a.instance_id()));
        }),
    ),
    (
        "attachment.status",
        Column::Of(|volume, probe| volume.state.public.attachments.iter().for_each(|a| probe.text(a.state()))),
    ),
    ("availability-zone", Column::Of(|volume, probe| probe.text(volume.state.public.availability_zone()))),
    ("availability-zone-id", Column::Of(|volume, probe| probe.text(volume.state.public.availability_zone_id()))),
    ("create-time", Column::Of(|volume, probe| probe.time(volume.state.public.create_time))),
    ("encrypted", Column::Of(|volume, probe| probe.flag(volume.state.public.encrypted))),
    ("fast-restored", Column::Of(|volume, probe| probe.flag(Some(volume.state.public.fast_restored())))),
    ("multi-attach-enabled", Column::Of(|volume, probe| probe.flag(volume.state.public.multi_attach_enabled))),
    ("operator.managed", Column::Of(|_, probe| probe.flag(Some(false)))),
    ("operator.principal", Column::Of(|_, _| {})),
    ("size", Column::Of(|volume, probe| probe.number(volume.state.public.size))),
    ("snapshot-id", Column::Of(|volume, probe| probe.text(volume.state.public.snapshot_id()))),
    ("status", Column::Of(|volume, probe| probe.text(volume.state.public.state()))),
    ("volume-id", Column::Id),
    ("volume-type", Column::Of(|volume, probe| probe.text(volume.state.public.volume_type()))),
];

/// Reference: DescribeVolumeStatus. The printed names of the details have a full stop, today's a hyphen; both are known.
pub(super) const STATUS_FILTERS: Table<VolumeStatusItem> = &[
    ("action.code", Column::Of(|item, probe| item.actions.iter().for_each(|a| probe.text(a.code())))),
    ("action.description", Column::Of(|item, probe| item.actions.iter().for_each(|a| probe.text(a.description())))),
    ("action.event-id", Column::Of(|item, probe| item.actions.iter().for_each(|a| probe.text(a.event_id())))),
    ("availability-zone", Column::Of(|item, probe| probe.text(item.availability_zone()))),
    ("availability-zone-id", Column::Of(|item, probe| probe.text(item.availability_zone_id()))),
    ("event.description", Column::Of(|item, probe| item.events.iter().for_each(|e| probe.text(e.description())))),
    ("event.event-id", Column::Of(|item, probe| item.events.iter().for_each(|e| probe.text(e.event_id())))),
    ("event.event-type", Column::Of(|item, probe| item.events.iter().for_each(|e| probe.text(e.event_type())))),
    ("event.not-after", Column::Of(|item, probe| item.events.iter().for_each(|e| probe.time(e.not_after)))),
    ("event.not-before", Column::Of(|item, probe| item.events.iter().for_each(|e| probe.time(e.not_before)))),
    ("operator.managed", Column::Of(|_, probe| probe.flag(Some(false)))),
    ("operator.principal", Column::Of(|_, _| {})),
    ("volume-id", Column::Id),
    ("volume-status.details-name", Column::Of(|item, probe| details(item, |name, _| probe.text(name)))),
    ("volume-status.details-status", Column::Of(|item, probe| details(item, |_, status| probe.text(status)))),
    ("volume-status.details.name", Column::Of(|item, probe| details(item, |name, _| probe.text(name)))),
    ("volume-status.details.status", Column::Of(|item, probe| details(item, |_, status| probe.text(status)))),
    (
        "volume-status.status",
        Column::Of(|item, probe| item.volume_status.iter().for_each(|info| probe.text(info.status()))),
    ),
];

fn details(item: &VolumeStatusItem, mut show: impl FnMut(&str, &str)) {
    for detail in item.volume_status.iter().flat_map(|info| &info.details) {
        show(detail.name(), detail.status());
    }
}

/// A volume's latest modification.
pub(super) struct ModificationRow(pub(super) VolumeModification);

impl Row for ModificationRow {
    fn id(&self) -> &str {
        self.0.volume_id()
    }
}

/// AWS: DescribeVolumesModifications.
pub(super) const MODIFICATION_FILTERS: Table<ModificationRow> = &[
    ("modification-state", Column::Of(|row, probe| probe.text(row.0.modification_state()))),
    ("original-iops", Column::Of(|row, probe| probe.number(row.0.original_iops))),
    ("original-size", Column::Of(|row, probe| probe.number(row.0.original_size))),
    ("original-volume-type", Column::Of(|row, probe| probe.text(row.0.original_volume_type()))),
    ("originalMultiAttachEnabled", Column::Of(|row, probe| probe.flag(row.0.original_multi_attach_enabled))),
    ("start-time", Column::Of(|row, probe| probe.time(row.0.start_time))),
    ("target-iops", Column::Of(|row, probe| probe.number(row.0.target_iops))),
    ("target-size", Column::Of(|row, probe| probe.number(row.0.target_size))),
    ("target-volume-type", Column::Of(|row, probe| probe.text(row.0.target_volume_type()))),
    ("targetMultiAttachEnabled", Column::Of(|row, probe| probe.flag(row.0.target_multi_attach_enabled))),
    ("volume-id", Column::Id),
];
