//! The status of a volume: whether its I/O is on, and what to do if it is not (AWS: "Amazon EBS volume status checks").

use archipelago_proto::ec2::v1::{
    VolumeStatusAction, VolumeStatusAttachmentStatus, VolumeStatusDetails, VolumeStatusEvent, VolumeStatusInfo,
    VolumeStatusItem,
};

use super::VolumeState;
use super::state::CREATING;
use crate::request::Row;
use crate::time::Millis;

const EVENT_TYPE: &str = "potential-data-inconsistency";

/// `dark_since`: its zone has had no power since then.
pub(super) fn view(volume: &VolumeState, dark_since: Option<Millis>) -> VolumeStatusItem {
    let public = &volume.public;
    let disabled_since = volume.io_disabled_since.or(dark_since);
    let attached = !public.attachments.is_empty();
    let provisioned = matches!(public.volume_type(), "io1" | "io2");
    let performance = match (disabled_since, provisioned && attached) {
        (Some(_), true) => "stalled",
        (None, true) => "normal",
        (_, false) => "not-applicable",
    };
    let (status, enabled) = match (public.state(), disabled_since) {
        (CREATING, _) => ("insufficient-data", "insufficient-data"),
        (_, Some(_)) => ("impaired", "failed"),
        (_, None) => ("ok", "passed"),
    };
    let detail =
        |name: &str, status: &str| VolumeStatusDetails { name: Some(name.into()), status: Some(status.into()) };
    let attachment_statuses = public.attachments.iter().map(|attachment| VolumeStatusAttachmentStatus {
        io_performance: Some(performance.into()),
        instance_id: attachment.instance_id.clone(),
    });
    let event = disabled_since.map(|since| VolumeStatusEvent {
        description: Some("THIS VOLUME MAY CONTAIN INCONSISTENT DATA".into()),
        event_id: Some(public.volume_id().replacen("vol-", "evol-", 1)),
        event_type: Some(EVENT_TYPE.into()),
        not_before: Some(since),
        ..VolumeStatusEvent::default()
    });
    let action = event.as_ref().map(|event| VolumeStatusAction {
        code: Some("enable-volume-io".into()),
        description: Some("Enable volume I/O".into()),
        event_id: event.event_id.clone(),
        event_type: event.event_type.clone(),
    });
    VolumeStatusItem {
        actions: action.into_iter().collect(),
        events: event.into_iter().collect(),
        availability_zone: public.availability_zone.clone(),
        availability_zone_id: public.availability_zone_id.clone(),
        volume_id: public.volume_id.clone(),
        volume_status: Some(VolumeStatusInfo {
            details: vec![detail("io-enabled", enabled), detail("io-performance", performance)],
            status: Some(status.into()),
        }),
        attachment_statuses: attachment_statuses.collect(),
        ..VolumeStatusItem::default()
    }
}

impl Row for VolumeStatusItem {
    fn id(&self) -> &str {
        self.volume_id()
    }
}
