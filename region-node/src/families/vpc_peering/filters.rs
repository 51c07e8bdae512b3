//! The filters of DescribeVpcPeeringConnections.

use archipelago_proto::ec2::v1::VpcPeeringConnectionVpcInfo;

use super::view::View;
use crate::request::{Column, Probe, Table};

fn blocks(info: Option<&VpcPeeringConnectionVpcInfo>, probe: &mut Probe<'_>) {
    let blocks = info.into_iter().flat_map(|info| &info.cidr_block_set);
    blocks.for_each(|block| probe.maybe(block.cidr_block.as_deref()));
}

fn owner(info: Option<&VpcPeeringConnectionVpcInfo>, probe: &mut Probe<'_>) {
    probe.maybe(info.and_then(|info| info.owner_id.as_deref()));
}

fn vpc(info: Option<&VpcPeeringConnectionVpcInfo>, probe: &mut Probe<'_>) {
    probe.maybe(info.and_then(|info| info.vpc_id.as_deref()));
}

/// Reference: DescribeVpcPeeringConnections.
pub(super) const FILTERS: Table<View> = &[
    ("accepter-vpc-info.cidr-block", Column::Of(|row, probe| blocks(row.public.accepter_vpc_info.as_ref(), probe))),
    ("accepter-vpc-info.owner-id", Column::Of(|row, probe| owner(row.public.accepter_vpc_info.as_ref(), probe))),
    ("accepter-vpc-info.vpc-id", Column::Of(|row, probe| vpc(row.public.accepter_vpc_info.as_ref(), probe))),
    ("expiration-time", Column::Of(|row, probe| probe.time(row.public.expiration_time))),
    ("requester-vpc-info.cidr-block", Column::Of(|row, probe| blocks(row.public.requester_vpc_info.as_ref(), probe))),
    ("requester-vpc-info.owner-id", Column::Of(|row, probe| owner(row.public.requester_vpc_info.as_ref(), probe))),
    ("requester-vpc-info.vpc-id", Column::Of(|row, probe| vpc(row.public.requester_vpc_info.as_ref(), probe))),
    (
        "status-code",
        Column::Of(|row, probe| probe.maybe(row.public.status.as_ref().and_then(|status| status.code.as_deref()))),
    ),
    (
        "status-message",
        Column::Of(|row, probe| probe.maybe(row.public.status.as_ref().and_then(|status| status.message.as_deref()))),
    ),
    ("vpc-peering-connection-id", Column::Id),
];
