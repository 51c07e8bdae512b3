//! The events of a fleet, in pages.

use archipelago_proto::Ec2Result;

use super::state::{Event, Fleet};
use crate::request::{Context, Describe, Page, Row, Table};
use crate::time::Millis;

/// An event under a key that orders it.
pub(crate) struct EventRow {
    key: String,
    pub(crate) event: Event,
}

impl Row for EventRow {
    fn id(&self) -> &str {
        &self.key
    }
}

const NO_FILTERS: Table<EventRow> = &[];

/// The events of a kind since a time.
pub(crate) fn records(
    cx: &Context,
    id: &str,
    fleet: &Fleet,
    kind: Option<&str>,
    since: Millis,
    max_results: Option<i32>,
    next_token: Option<&str>,
) -> Ec2Result<(Page<EventRow>, Millis)> {
    let describe = Describe { max_results, next_token, sizes: 1..=1000, ..Describe::default() };
    let of = format!("fleet-history/{id}/{kind:?}/{since}");
    let page = describe.pick(&of, NO_FILTERS, |after| {
        let rows = fleet
            .history
            .iter()
            .enumerate()
            .map(|(place, event)| EventRow { key: format!("{:016}/{place:06}", event.time), event: event.clone() });
        let rows = rows.filter(|row| row.event.time >= since && kind.is_none_or(|kind| row.event.kind == kind));
        let after = after.map(str::to_owned);
        rows.filter(move |row| after.as_deref().is_none_or(|after| row.key.as_str() > after))
            .collect::<Vec<_>>()
            .into_iter()
    })?;
    Ok((page, cx.shell.clock.now()))
}
