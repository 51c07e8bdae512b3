//! The filters of DescribeCapacityReservations.

use super::CapacityReservationState;
use crate::request::{Column, FilterTable};

/// AWS: DescribeCapacityReservations.
#[rustfmt::skip]
pub(super) const FILTERS: FilterTable<CapacityReservationState> = &[
    ("instance-type", Column::Of(|item, probe| probe.text(item.state.public.instance_type()))),
    ("owner-id", Column::Of(|item, probe| probe.text(&item.account))),
    ("instance-platform", Column::Of(|item, probe| probe.text(item.state.public.instance_platform()))),
    ("availability-zone", Column::Of(|item, probe| probe.text(item.state.public.availability_zone()))),
    ("availability-zone-id", Column::Of(|item, probe| probe.text(item.state.public.availability_zone_id()))),
    ("tenancy", Column::Of(|item, probe| probe.text(item.state.public.tenancy()))),
    ("outpost-arn", Column::Of(|item, probe| probe.maybe(item.state.public.outpost_arn.as_deref()))),
    ("state", Column::Of(|item, probe| probe.text(item.state.public.state()))),
    ("start-date", Column::Of(|item, probe| probe.time(item.state.public.start_date))),
    ("end-date", Column::Of(|item, probe| probe.time(item.state.public.end_date))),
    ("end-date-type", Column::Of(|item, probe| probe.text(item.state.public.end_date_type()))),
    ("instance-match-criteria", Column::Of(|item, probe| probe.text(item.state.public.instance_match_criteria()))),
    ("placement-group-arn", Column::Of(|item, probe| probe.maybe(item.state.public.placement_group_arn.as_deref()))),
    ("reservation-type", Column::Of(|item, probe| probe.maybe(item.state.public.reservation_type.as_deref()))),
    ("capacity-block-id", Column::Of(|item, probe| probe.maybe(item.state.public.capacity_block_id.as_deref()))),
];
