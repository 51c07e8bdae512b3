//! The filters of the describe actions.

use archipelago_proto::ec2::v1::{FilterPortRange, PathFilter};

use super::state::{AnalysisState, PathState};
use crate::request::{Column, FilterTable, Probe};

fn ports(range: Option<&FilterPortRange>, probe: &mut Probe<'_>) {
    if let Some(range) = range {
        let (from, to) = (range.from_port(), range.to_port());
        probe.text(&if from == to { from.to_string() } else { format!("{from}-{to}") });
    }
}

macro_rules! filter_at {
    ($side:ident, $name:literal) => {
        [
            (
                concat!($name, ".source-address"),
                Column::Of(|path, probe| {
                    probe.maybe(path.state.public.$side.as_ref().and_then(|at| at.source_address.as_deref()));
                }),
            ),
            (
                concat!($name, ".source-port-range"),
                Column::Of(|path, probe| {
                    let at: Option<&PathFilter> = path.state.public.$side.as_ref();
                    ports(at.and_then(|at| at.source_port_range.as_ref()), probe);
                }),
            ),
            (
                concat!($name, ".destination-address"),
                Column::Of(|path, probe| {
                    probe.maybe(path.state.public.$side.as_ref().and_then(|at| at.destination_address.as_deref()));
                }),
            ),
            (
                concat!($name, ".destination-port-range"),
                Column::Of(|path, probe| {
                    let at: Option<&PathFilter> = path.state.public.$side.as_ref();
                    ports(at.and_then(|at| at.destination_port_range.as_ref()), probe);
                }),
            ),
        ]
    };
}

const AT_SOURCE: [(&str, Column<std::sync::Arc<crate::entity::Published<PathState>>>); 4] =
    filter_at!(filter_at_source, "filter-at-source");
const AT_DESTINATION: [(&str, Column<std::sync::Arc<crate::entity::Published<PathState>>>); 4] =
    filter_at!(filter_at_destination, "filter-at-destination");

/// botocore: DescribeNetworkInsightsPaths.
pub(super) const PATHS: FilterTable<PathState> = &{
    let [a, b, c, d] = AT_SOURCE;
    let [e, f, g, h] = AT_DESTINATION;
    [
        ("destination", Column::Of(|path, probe| probe.maybe(path.state.public.destination.as_deref()))),
        ("destination-port", Column::Of(|path, probe| probe.number(path.state.public.destination_port))),
        a,
        b,
        c,
        d,
        e,
        f,
        g,
        h,
        ("network-insights-path-id", Column::Id),
        ("protocol", Column::Of(|path, probe| probe.text(path.state.public.protocol()))),
        ("source", Column::Of(|path, probe| probe.text(path.state.public.source()))),
    ]
};

/// botocore: DescribeNetworkInsightsAnalyses.
pub(super) const ANALYSES: FilterTable<AnalysisState> = &[
    ("path-found", Column::Of(|analysis, probe| probe.flag(analysis.state.view().network_path_found))),
    ("status", Column::Of(|analysis, probe| probe.text(analysis.state.view().status()))),
    ("network-insights-analysis-id", Column::Id),
    (
        "network-insights-path-id",
        Column::Link(|analysis, probe| probe.text(analysis.state.public.network_insights_path_id())),
    ),
];
