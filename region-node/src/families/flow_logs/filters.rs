//! The filters of DescribeFlowLogs.

use super::FlowLogState;
use crate::request::{Column, FilterTable};

/// AWS: DescribeFlowLogs.
pub(super) const FILTERS: FilterTable<FlowLogState> = &[
    ("deliver-log-status", Column::Of(|log, probe| probe.maybe(log.state.public.deliver_logs_status.as_deref()))),
    ("flow-log-id", Column::Id),
    ("log-destination-type", Column::Of(|log, probe| probe.text(log.state.public.log_destination_type()))),
    ("log-group-name", Column::Of(|log, probe| probe.maybe(log.state.public.log_group_name.as_deref()))),
    ("resource-id", Column::Of(|log, probe| probe.text(log.state.public.resource_id()))),
    ("traffic-type", Column::Of(|log, probe| probe.maybe(log.state.public.traffic_type.as_deref()))),
];
