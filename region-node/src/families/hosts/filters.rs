//! The filters of DescribeHosts.

use super::HostState;
use super::capacity;
use crate::request::{Column, FilterTable};

/// AWS: DescribeHosts.
pub(super) const FILTERS: FilterTable<HostState> = &[
    ("auto-placement", Column::Of(|host, probe| probe.text(host.state.public.auto_placement()))),
    ("availability-zone", Column::Of(|host, probe| probe.text(host.state.public.availability_zone()))),
    ("availability-zone-id", Column::Of(|host, probe| probe.text(host.state.public.availability_zone_id()))),
    ("client-token", Column::Of(|host, probe| probe.maybe(host.state.public.client_token.as_deref()))),
    ("host-reservation-id", Column::Of(|host, probe| probe.maybe(host.state.public.host_reservation_id.as_deref()))),
    (
        "instance-type",
        Column::Of(|host, probe| {
            let available = capacity::available(&host.state.properties(), 0);
            available.available_instance_capacity.iter().for_each(|known| probe.text(known.instance_type()));
        }),
    ),
    ("state", Column::Of(|host, probe| probe.text(host.state.public.state()))),
];
