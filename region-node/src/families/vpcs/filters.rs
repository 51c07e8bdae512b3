//! The filters of DescribeVpcs.

use std::sync::Arc;

use super::VpcState;
use crate::entity::Published;
use crate::request::{Column, FilterTable};

type Vpc = Arc<Published<VpcState>>;

const CIDR: Column<Vpc> = Column::Of(|vpc, probe| probe.maybe(vpc.state.public.cidr_block.as_deref()));
const DEFAULT: Column<Vpc> = Column::Of(|vpc, probe| probe.flag(vpc.state.public.is_default));

/// Reference: DescribeVpcs, with its older spellings and those that came later.
pub(super) const FILTERS: FilterTable<VpcState> = &[
    ("cidr", CIDR),
    ("cidr-block", CIDR),
    ("cidrBlock", CIDR),
    (
        "cidr-block-association.association-id",
        Column::Of(|vpc, probe| {
            vpc.state.public.cidr_block_association_set.iter().for_each(|block| probe.text(block.association_id()));
        }),
    ),
    (
        "cidr-block-association.cidr-block",
        Column::Of(|vpc, probe| {
            vpc.state.public.cidr_block_association_set.iter().for_each(|block| probe.text(block.cidr_block()));
        }),
    ),
    (
        "cidr-block-association.state",
        Column::Of(|vpc, probe| {
            let states = vpc.state.public.cidr_block_association_set.iter().filter_map(|b| b.cidr_block_state.as_ref());
            states.for_each(|state| probe.text(state.state()));
        }),
    ),
    ("dhcp-options-id", Column::Of(|vpc, probe| probe.text(vpc.state.public.dhcp_options_id()))),
    ("dhcpOptionsId", Column::Of(|vpc, probe| probe.text(vpc.state.public.dhcp_options_id()))),
    (
        "ipv6-cidr-block-association.association-id",
        Column::Of(|vpc, probe| {
            let blocks = &vpc.state.public.ipv6_cidr_block_association_set;
            for block in blocks {
                probe.text(block.association_id());
            }
        }),
    ),
    (
        "ipv6-cidr-block-association.ipv6-cidr-block",
        Column::Of(|vpc, probe| {
            let blocks = &vpc.state.public.ipv6_cidr_block_association_set;
            for block in blocks {
                probe.text(block.ipv6_cidr_block());
            }
        }),
    ),
    (
        "ipv6-cidr-block-association.ipv6-pool",
        Column::Of(|vpc, probe| {
            let blocks = &vpc.state.public.ipv6_cidr_block_association_set;
            for block in blocks {
                probe.text(block.ipv6_pool());
            }
        }),
    ),
    (
        "ipv6-cidr-block-association.state",
        Column::Of(|vpc, probe| {
            let blocks = vpc.state.public.ipv6_cidr_block_association_set.iter();
            blocks.filter_map(|b| b.ipv6_cidr_block_state.as_ref()).for_each(|state| probe.text(state.state()));
        }),
    ),
    ("is-default", DEFAULT),
    ("isDefault", DEFAULT),
    ("owner-id", Column::Of(|vpc, probe| probe.text(&vpc.account))),
    ("state", Column::Of(|vpc, probe| probe.maybe(vpc.state.public.state.as_deref()))),
    ("vpc-id", Column::Id),
];
