//! The filters of DescribeAddresses.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{Address, Tag};

use super::AddressState;
use crate::entity::Published;
use crate::request::{Column, Row, Table};

/// An address with what is joined to it.
pub(super) struct AddressRow {
    pub(super) address: Arc<Published<AddressState>>,
    pub(super) shown: Address,
}

impl Row for AddressRow {
    fn id(&self) -> &str {
        &self.address.id
    }

    fn tags(&self) -> &[Tag] {
        &self.shown.tags
    }
}

/// Reference: DescribeAddresses.
pub(super) const FILTERS: Table<AddressRow> = &[
    ("allocation-id", Column::Id),
    ("association-id", Column::Of(|row, probe| probe.maybe(row.shown.association_id.as_deref()))),
    ("domain", Column::Of(|row, probe| probe.maybe(row.shown.domain.as_deref()))),
    ("instance-id", Column::Of(|row, probe| probe.maybe(row.shown.instance_id.as_deref()))),
    ("network-border-group", Column::Of(|row, probe| probe.maybe(row.shown.network_border_group.as_deref()))),
    ("network-interface-id", Column::Link(|row, probe| probe.maybe(row.shown.network_interface_id.as_deref()))),
    (
        "network-interface-owner-id",
        Column::Of(|row, probe| probe.maybe(row.shown.network_interface_owner_id.as_deref())),
    ),
    ("private-ip-address", Column::Of(|row, probe| probe.maybe(row.shown.private_ip_address.as_deref()))),
    ("public-ip", Column::Of(|row, probe| probe.maybe(row.shown.public_ip.as_deref()))),
];
