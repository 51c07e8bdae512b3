//! The filters of traffic mirroring's describe actions.

use archipelago_proto::ec2::v1::{Tag, TrafficMirrorFilterRule};

use super::{MirrorFilterState, MirrorSessionState, MirrorTargetState};
use crate::request::{Column, FilterTable, Row, Table};

/// AWS: DescribeTrafficMirrorFilters.
pub(super) const FILTERS: FilterTable<MirrorFilterState> = &[
    ("description", Column::Of(|filter, probe| probe.maybe(filter.state.public.description.as_deref()))),
    ("traffic-mirror-filter-id", Column::Id),
];

impl Row for TrafficMirrorFilterRule {
    fn id(&self) -> &str {
        self.traffic_mirror_filter_rule_id()
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }
}

/// AWS: DescribeTrafficMirrorFilterRules.
pub(super) const RULES: Table<TrafficMirrorFilterRule> = &[
    ("description", Column::Of(|rule, probe| probe.maybe(rule.description.as_deref()))),
    ("destination-cidr-block", Column::Of(|rule, probe| probe.text(rule.destination_cidr_block()))),
    ("protocol", Column::Of(|rule, probe| probe.number(rule.protocol))),
    ("rule-action", Column::Of(|rule, probe| probe.text(rule.rule_action()))),
    ("rule-number", Column::Of(|rule, probe| probe.number(rule.rule_number))),
    ("source-cidr-block", Column::Of(|rule, probe| probe.text(rule.source_cidr_block()))),
    ("traffic-direction", Column::Of(|rule, probe| probe.text(rule.traffic_direction()))),
    ("traffic-mirror-filter-id", Column::Of(|rule, probe| probe.text(rule.traffic_mirror_filter_id()))),
    ("traffic-mirror-rule-id", Column::Id),
];

/// AWS: DescribeTrafficMirrorTargets.
pub(super) const TARGETS: FilterTable<MirrorTargetState> = &[
    ("description", Column::Of(|target, probe| probe.maybe(target.state.public.description.as_deref()))),
    (
        "network-interface-id",
        Column::Of(|target, probe| probe.maybe(target.state.public.network_interface_id.as_deref())),
    ),
    (
        "network-load-balancer-arn",
        Column::Of(|target, probe| probe.maybe(target.state.public.network_load_balancer_arn.as_deref())),
    ),
    ("owner-id", Column::Of(|target, probe| probe.text(target.state.public.owner_id()))),
    ("traffic-mirror-target-id", Column::Id),
];

/// AWS: DescribeTrafficMirrorSessions.
pub(super) const SESSIONS: FilterTable<MirrorSessionState> = &[
    ("description", Column::Of(|session, probe| probe.maybe(session.state.public.description.as_deref()))),
    ("network-interface-id", Column::Of(|session, probe| probe.text(session.state.public.network_interface_id()))),
    ("owner-id", Column::Of(|session, probe| probe.text(session.state.public.owner_id()))),
    ("packet-length", Column::Of(|session, probe| probe.number(session.state.public.packet_length))),
    ("session-number", Column::Of(|session, probe| probe.number(session.state.public.session_number))),
    (
        "traffic-mirror-filter-id",
        Column::Link(|session, probe| probe.text(session.state.public.traffic_mirror_filter_id())),
    ),
    ("traffic-mirror-session-id", Column::Id),
    (
        "traffic-mirror-target-id",
        Column::Link(|session, probe| probe.text(session.state.public.traffic_mirror_target_id())),
    ),
    ("virtual-network-id", Column::Of(|session, probe| probe.number(session.state.public.virtual_network_id))),
];
