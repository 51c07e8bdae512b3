//! The filters of DescribeNetworkInterfaces.

use std::sync::{Arc, OnceLock};

use archipelago_proto::ec2::v1::{NetworkInterface, NetworkInterfaceAssociation, NetworkInterfaceAttachment, Tag};

use super::{NetworkInterfaceState, view};
use crate::entity::Published;
use crate::request::{Column, Context, Probe, Row, Table};

/// An interface; what is joined to it is looked up when a filter asks for it.
pub(super) struct InterfaceRow {
    cx: Context,
    interface: Arc<Published<NetworkInterfaceState>>,
    shown: OnceLock<NetworkInterface>,
}

impl InterfaceRow {
    pub(super) fn new(cx: &Context, interface: Arc<Published<NetworkInterfaceState>>) -> Self {
        Self { cx: cx.clone(), interface, shown: OnceLock::new() }
    }

    pub(super) fn shown(&self) -> &NetworkInterface {
        self.shown.get_or_init(|| view(&self.cx, &self.interface))
    }

    fn public(&self) -> &NetworkInterface {
        &self.interface.state.public
    }
}

impl Row for InterfaceRow {
    fn id(&self) -> &str {
        &self.interface.id
    }

    fn tags(&self) -> &[Tag] {
        &self.public().tag_set
    }
}

/// Reference: DescribeNetworkInterfaces, with the misprints `attachment.attach.time` and `source-desk-check`.
pub(super) const FILTERS: Table<InterfaceRow> = &[
    ("addresses.association.owner-id", Column::Of(|row, probe| each(row, probe, |a| a.ip_owner_id.as_deref()))),
    ("addresses.association.public-ip", Column::Of(|row, probe| each(row, probe, |a| a.public_ip.as_deref()))),
    (
        "addresses.primary",
        Column::Of(|row, probe| row.public().private_ip_addresses.iter().for_each(|ip| probe.flag(ip.primary))),
    ),
    ("addresses.private-ip-address", Column::Of(private_ip_addresses)),
    ("association.allocation-id", Column::Of(|row, probe| primary(row, probe, |a| a.allocation_id.as_deref()))),
    ("association.association-id", Column::Of(|row, probe| primary(row, probe, |a| a.association_id.as_deref()))),
    ("association.ip-owner-id", Column::Of(|row, probe| primary(row, probe, |a| a.ip_owner_id.as_deref()))),
    ("association.public-dns-name", Column::Of(|row, probe| primary(row, probe, |a| a.public_dns_name.as_deref()))),
    ("association.public-ip", Column::Of(|row, probe| primary(row, probe, |a| a.public_ip.as_deref()))),
    ("attachment.attach-time", Column::Of(attach_time)),
    ("attachment.attach.time", Column::Of(attach_time)),
    ("attachment.attachment-id", Column::Of(|row, probe| attached(row, |a| probe.maybe(a.attachment_id.as_deref())))),
    (
        "attachment.delete-on-termination",
        Column::Of(|row, probe| attached(row, |a| probe.flag(a.delete_on_termination))),
    ),
    ("attachment.device-index", Column::Of(|row, probe| attached(row, |a| probe.number(a.device_index)))),
    ("attachment.instance-id", Column::Link(|row, probe| attached(row, |a| probe.maybe(a.instance_id.as_deref())))),
    (
        "attachment.instance-owner-id",
        Column::Of(|row, probe| attached(row, |a| probe.maybe(a.instance_owner_id.as_deref()))),
    ),
    (
        "attachment.nat-gateway-id",
        Column::Of(|row, probe| {
            let service = row.interface.state.service.as_deref();
            probe.maybe(service.filter(|service| service.starts_with("nat-")));
        }),
    ),
    ("attachment.status", Column::Of(|row, probe| attached(row, |a| probe.maybe(a.status.as_deref())))),
    ("availability-zone", Column::Of(|row, probe| probe.maybe(row.public().availability_zone.as_deref()))),
    ("availability-zone-id", Column::Of(|row, probe| probe.maybe(row.public().availability_zone_id.as_deref()))),
    ("description", Column::Of(|row, probe| probe.maybe(row.public().description.as_deref()))),
    ("group-id", Column::Link(|row, probe| row.public().groups.iter().for_each(|group| probe.text(group.group_id())))),
    (
        "group-name",
        Column::Of(|row, probe| row.public().groups.iter().for_each(|group| probe.text(group.group_name()))),
    ),
    ("interface-type", Column::Of(|row, probe| probe.maybe(row.public().interface_type.as_deref()))),
    (
        "ipv6-addresses.ipv6-address",
        Column::Of(|row, probe| row.public().ipv6_addresses.iter().for_each(|ip| probe.text(ip.ipv6_address()))),
    ),
    ("mac-address", Column::Of(|row, probe| probe.maybe(row.public().mac_address.as_deref()))),
    ("network-interface-id", Column::Id),
    ("operator.managed", Column::Of(|_, probe| probe.text("false"))),
    ("operator.principal", Column::Of(|_, _| {})),
    ("owner-id", Column::Of(|row, probe| probe.text(&row.interface.account))),
    ("private-dns-name", Column::Of(|row, probe| probe.maybe(row.shown().private_dns_name.as_deref()))),
    ("private-ip-address", Column::Of(private_ip_addresses)),
    ("requester-id", Column::Of(|row, probe| probe.maybe(row.public().requester_id.as_deref()))),
    ("requester-managed", Column::Of(|row, probe| probe.flag(row.public().requester_managed))),
    ("source-desk-check", Column::Of(|row, probe| probe.flag(row.public().source_dest_check))),
    ("source-dest-check", Column::Of(|row, probe| probe.flag(row.public().source_dest_check))),
    ("status", Column::Of(|row, probe| probe.maybe(row.public().status.as_deref()))),
    ("subnet-id", Column::Link(|row, probe| probe.text(row.public().subnet_id()))),
    ("vpc-id", Column::Link(|row, probe| probe.text(row.public().vpc_id()))),
];

fn attached(row: &InterfaceRow, show: impl FnMut(&NetworkInterfaceAttachment)) {
    row.public().attachment.iter().for_each(show);
}

fn attach_time(row: &InterfaceRow, probe: &mut Probe<'_>) {
    attached(row, |attachment| probe.time(attachment.attach_time));
}

fn private_ip_addresses(row: &InterfaceRow, probe: &mut Probe<'_>) {
    row.public().private_ip_addresses.iter().for_each(|ip| probe.text(ip.private_ip_address()));
}

type Part = fn(&NetworkInterfaceAssociation) -> Option<&str>;

fn primary(row: &InterfaceRow, probe: &mut Probe<'_>, part: Part) {
    probe.maybe(row.shown().association.as_ref().and_then(part));
}

fn each(row: &InterfaceRow, probe: &mut Probe<'_>, part: Part) {
    let associations = row.shown().private_ip_addresses.iter().filter_map(|ip| ip.association.as_ref());
    associations.for_each(|association| probe.maybe(part(association)));
}
