//! The filters of DescribeSubnets.

use std::sync::Arc;

use super::SubnetState;
use crate::entity::Published;
use crate::request::{Column, FilterTable};

type Row = Arc<Published<SubnetState>>;

const ZONE: Column<Row> = Column::Of(|subnet, probe| probe.text(subnet.state.public.availability_zone()));
const ZONE_ID: Column<Row> = Column::Of(|subnet, probe| probe.text(subnet.state.public.availability_zone_id()));
const FREE: Column<Row> = Column::Of(|subnet, probe| probe.number(Some(subnet.state.free_addresses())));
const CIDR: Column<Row> = Column::Of(|subnet, probe| probe.maybe(subnet.state.public.cidr_block.as_deref()));
const DEFAULT: Column<Row> = Column::Of(|subnet, probe| probe.flag(subnet.state.public.default_for_az));

/// Reference: DescribeSubnets, with its older spellings and those that came later.
pub(super) const FILTERS: FilterTable<SubnetState> = &[
    ("availability-zone", ZONE),
    ("availabilityZone", ZONE),
    ("availability-zone-id", ZONE_ID),
    ("availabilityZoneId", ZONE_ID),
    ("available-ip-address-count", FREE),
    ("availableIpAddressCount", FREE),
    ("cidr", CIDR),
    ("cidr-block", CIDR),
    ("cidrBlock", CIDR),
    (
        "customer-owned-ipv4-pool",
        Column::Of(|subnet, probe| probe.maybe(subnet.state.public.customer_owned_ipv4_pool.as_deref())),
    ),
    ("default-for-az", DEFAULT),
    ("defaultForAz", DEFAULT),
    ("enable-dns64", Column::Of(|subnet, probe| probe.flag(subnet.state.public.enable_dns64))),
    (
        "enable-lni-at-device-index",
        Column::Of(|subnet, probe| probe.number(subnet.state.public.enable_lni_at_device_index)),
    ),
    (
        "ipv6-cidr-block-association.association-id",
        Column::Of(|subnet, probe| {
            let blocks = &subnet.state.public.ipv6_cidr_block_association_set;
            for block in blocks {
                probe.text(block.association_id());
            }
        }),
    ),
    (
        "ipv6-cidr-block-association.ipv6-cidr-block",
        Column::Of(|subnet, probe| {
            let blocks = &subnet.state.public.ipv6_cidr_block_association_set;
            for block in blocks {
                probe.text(block.ipv6_cidr_block());
            }
        }),
    ),
    (
        "ipv6-cidr-block-association.state",
        Column::Of(|subnet, probe| {
            let blocks = subnet.state.public.ipv6_cidr_block_association_set.iter();
            blocks.filter_map(|b| b.ipv6_cidr_block_state.as_ref()).for_each(|state| probe.text(state.state()));
        }),
    ),
    ("ipv6-native", Column::Of(|subnet, probe| probe.flag(subnet.state.public.ipv6_native))),
    (
        "map-customer-owned-ip-on-launch",
        Column::Of(|subnet, probe| probe.flag(subnet.state.public.map_customer_owned_ip_on_launch)),
    ),
    ("map-public-ip-on-launch", Column::Of(|subnet, probe| probe.flag(subnet.state.public.map_public_ip_on_launch))),
    ("outpost-arn", Column::Of(|subnet, probe| probe.maybe(subnet.state.public.outpost_arn.as_deref()))),
    ("owner-id", Column::Of(|subnet, probe| probe.text(&subnet.account))),
    (
        "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
        Column::Of(|subnet, probe| {
            let options = subnet.state.public.private_dns_name_options_on_launch.as_ref();
            probe.flag(options.and_then(|options| options.enable_resource_name_dns_a_record));
        }),
    ),
    (
        "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
        Column::Of(|subnet, probe| {
            let options = subnet.state.public.private_dns_name_options_on_launch.as_ref();
            probe.flag(options.and_then(|options| options.enable_resource_name_dns_aaaa_record));
        }),
    ),
    (
        "private-dns-name-options-on-launch.hostname-type",
        Column::Of(|subnet, probe| {
            let options = subnet.state.public.private_dns_name_options_on_launch.as_ref();
            probe.maybe(options.and_then(|options| options.hostname_type.as_deref()));
        }),
    ),
    ("state", Column::Of(|subnet, probe| probe.maybe(subnet.state.public.state.as_deref()))),
    ("subnet-arn", Column::Of(|subnet, probe| probe.maybe(subnet.state.public.subnet_arn.as_deref()))),
    ("subnet-id", Column::Id),
    ("vpc-id", Column::Link(|subnet, probe| probe.text(subnet.state.public.vpc_id()))),
];
