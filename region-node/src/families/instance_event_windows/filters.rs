//! The filters of DescribeInstanceEventWindows.

use super::EventWindowState;
use crate::request::{Column, FilterTable};

/// AWS: DescribeInstanceEventWindows. `instance-tag` has values of the form `key=value`.
pub(super) const FILTERS: FilterTable<EventWindowState> = &[
    (
        "dedicated-host-id",
        Column::Of(|item, probe| item.state.targets().dedicated_host_ids.iter().for_each(|id| probe.text(id))),
    ),
    ("event-window-name", Column::Of(|item, probe| probe.maybe(item.state.public.name.as_deref()))),
    ("instance-id", Column::Of(|item, probe| item.state.targets().instance_ids.iter().for_each(|id| probe.text(id)))),
    (
        "instance-tag",
        Column::Of(|item, probe| {
            let targets = item.state.targets();
            targets.tags.iter().for_each(|tag| probe.text(&format!("{}={}", tag.key(), tag.value())));
        }),
    ),
    (
        "instance-tag-key",
        Column::Of(|item, probe| item.state.targets().tags.iter().for_each(|tag| probe.text(tag.key()))),
    ),
    (
        "instance-tag-value",
        Column::Of(|item, probe| item.state.targets().tags.iter().for_each(|tag| probe.text(tag.value()))),
    ),
];
