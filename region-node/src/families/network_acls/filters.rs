//! The filters of DescribeNetworkAcls.

use archipelago_proto::ec2::v1::NetworkAclEntry;

use super::protocol;
use super::view::View;
use crate::request::{Column, Probe, Table};

/// A filter on something that each entry has, or may have.
macro_rules! entry {
    ($name:literal, $kind:ident, |$entry:ident| $value:expr) => {
        (
            $name,
            Column::Of(|view: &View, probe: &mut Probe<'_>| {
                view.acl.entries.iter().for_each(|$entry: &NetworkAclEntry| probe.$kind($value));
            }),
        )
    };
}

/// Reference: DescribeNetworkAcls, and those that came later.
pub(super) const FILTERS: Table<View> = &[
    (
        "association.association-id",
        Column::Of(|view, probe| {
            view.acl.associations.iter().for_each(|a| probe.maybe(a.network_acl_association_id.as_deref()));
        }),
    ),
    (
        "association.network-acl-id",
        Column::Of(|view, probe| {
            view.acl.associations.iter().for_each(|a| probe.maybe(a.network_acl_id.as_deref()));
        }),
    ),
    (
        "association.subnet-id",
        Column::Of(|view, probe| view.acl.associations.iter().for_each(|a| probe.maybe(a.subnet_id.as_deref()))),
    ),
    ("default", Column::Of(|view, probe| probe.flag(view.acl.is_default))),
    entry!("entry.cidr", maybe, |entry| entry.cidr_block.as_deref()),
    entry!("entry.egress", flag, |entry| entry.egress),
    entry!("entry.icmp.code", number, |entry| entry.icmp_type_code.as_ref().and_then(|icmp| icmp.code)),
    entry!("entry.icmp.type", number, |entry| entry.icmp_type_code.as_ref().and_then(|icmp| icmp.r#type)),
    entry!("entry.ipv6-cidr", maybe, |entry| entry.ipv6_cidr_block.as_deref()),
    entry!("entry.port-range.from", number, |entry| entry.port_range.as_ref().and_then(|range| range.from)),
    entry!("entry.port-range.to", number, |entry| entry.port_range.as_ref().and_then(|range| range.to)),
    (
        "entry.protocol",
        Column::Of(|view, probe| {
            for entry in &view.acl.entries {
                probe.text(entry.protocol());
                probe.maybe(protocol::name(entry.protocol()));
            }
        }),
    ),
    entry!("entry.rule-action", maybe, |entry| entry.rule_action.as_deref()),
    entry!("entry.rule-number", number, |entry| entry.rule_number),
    ("network-acl-id", Column::Id),
    ("owner-id", Column::Of(|view, probe| probe.maybe(view.acl.owner_id.as_deref()))),
    ("vpc-id", Column::Link(|view, probe| probe.maybe(view.acl.vpc_id.as_deref()))),
];
