//! Filters: values are ORed, filters are ANDed; `*` is any text, `?` any character, `\` takes their meaning.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{Filter, Tag};
use archipelago_proto::glob::glob;
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::entity::{Entity, Published};
use crate::time::Millis;

/// AWS: at most 200 filter values in a request.
const MOST_VALUES: usize = 200;

/// What filters are held against: a published state, or a line of a catalogue.
pub trait Row {
    fn id(&self) -> &str;

    fn tags(&self) -> &[Tag] {
        &[]
    }
}

impl<E: Entity> Row for Arc<Published<E>> {
    fn id(&self) -> &str {
        self.as_ref().id.as_str()
    }

    fn tags(&self) -> &[Tag] {
        self.state.tags()
    }
}

/// The filters of a describe action on entities: name and column.
pub type FilterTable<E> = Table<Arc<Published<E>>>;

/// The filters of a describe action on any rows.
pub type Table<T> = &'static [(&'static str, Column<T>)];

/// Shows a filter's values of a row to the probe.
pub enum Column<T: 'static> {
    Of(fn(&T, &mut Probe<'_>)),
    /// The values are ids that the resource links to, so that it can be found by them.
    Link(fn(&T, &mut Probe<'_>)),
    /// The values are the row's own id.
    Id,
}

/// Asks whether any of the values it is shown is wanted.
pub struct Probe<'a> {
    patterns: &'a [Pattern<'a>],
    hit: bool,
}

impl Probe<'_> {
    pub fn text(&mut self, value: &str) {
        self.hit = self.hit || self.patterns.iter().any(|pattern| pattern.matches(value));
    }

    pub fn maybe(&mut self, value: Option<&str>) {
        if let Some(value) = value {
            self.text(value);
        }
    }

    pub fn number(&mut self, value: Option<impl Into<i64>>) {
        if let Some(value) = value {
            self.text(&value.into().to_string());
        }
    }

    pub fn flag(&mut self, value: Option<bool>) {
        if let Some(value) = value {
            self.text(if value { "true" } else { "false" });
        }
    }

    /// Times are compared as the service writes them, `2014-10-01T12:00:00.000Z`.
    pub fn time(&mut self, value: Option<Millis>) {
        if let Some(time) = value.and_then(|value| jiff::Timestamp::from_millisecond(value).ok()) {
            self.text(&format!("{time:.3}"));
        }
    }
}

/// One value of a filter.
pub(super) enum Pattern<'a> {
    Exactly(&'a str),
    Wildcard(&'a str),
}

impl<'a> Pattern<'a> {
    fn new(value: &'a str) -> Self {
        if value.contains(['*', '?', '\\']) { Self::Wildcard(value) } else { Self::Exactly(value) }
    }

    fn matches(&self, value: &str) -> bool {
        match self {
            Self::Exactly(wanted) => *wanted == value,
            Self::Wildcard(pattern) => glob(pattern, value),
        }
    }
}

/// A request's filters, held against a table.
pub(super) struct Filters<'a, T: 'static>(Vec<(Test<'a, T>, Vec<Pattern<'a>>)>);

enum Test<'a, T: 'static> {
    Column(&'static Column<T>),
    TagKey,
    TagValue,
    Tag(&'a str),
}

impl<'a, T: Row> Filters<'a, T> {
    pub(super) fn new(table: Table<T>, filters: &'a [Filter]) -> Ec2Result<Self> {
        if filters.iter().map(|filter| filter.values.len()).sum::<usize>() > MOST_VALUES {
            return Err(Ec2Error::new(
                "FilterLimitExceeded",
                format!("The maximum number of filter values specified on a single call is {MOST_VALUES}"),
            ));
        }
        let parsed = filters.iter().map(|filter| {
            let name = filter.name.as_deref().ok_or_else(|| Ec2Error::missing_parameter("Filter.Name"))?;
            let patterns = filter.values.iter().map(|value| Pattern::new(value)).collect::<Vec<_>>();
            if patterns.is_empty() {
                return Err(Ec2Error::invalid_parameter(format!("The filter '{name}' has no values")));
            }
            Ok((test(table, name)?, patterns))
        });
        parsed.collect::<Ec2Result<_>>().map(Self)
    }

    pub(super) fn accept(&self, row: &T) -> bool {
        self.0.iter().all(|(test, patterns)| {
            let mut probe = Probe { patterns, hit: false };
            match test {
                Test::Column(Column::Of(show) | Column::Link(show)) => show(row, &mut probe),
                Test::Column(Column::Id) => probe.text(row.id()),
                Test::TagKey => row.tags().iter().for_each(|tag| probe.text(tag.key())),
                Test::TagValue => row.tags().iter().for_each(|tag| probe.text(tag.value())),
                Test::Tag(key) => {
                    row.tags().iter().filter(|t| t.key() == *key).for_each(|t| probe.text(t.value()));
                }
            }
            probe.hit
        })
    }

    /// The ids that a filter names outright, where only resources with one of them can pass.
    pub(super) fn ids(&self) -> Option<Vec<&'a str>> {
        self.0.iter().find_map(|(test, patterns)| match test {
            Test::Column(Column::Id) => exact(patterns),
            _ => None,
        })
    }

    /// As [`ids`](Self::ids), for resources that link to one of them.
    pub(super) fn links(&self) -> Option<Vec<&'a str>> {
        self.0.iter().find_map(|(test, patterns)| match test {
            Test::Column(Column::Link(_)) => exact(patterns),
            _ => None,
        })
    }
}

fn exact<'a>(patterns: &[Pattern<'a>]) -> Option<Vec<&'a str>> {
    let exact = patterns.iter().map(|pattern| match pattern {
        Pattern::Exactly(value) => Some(*value),
        Pattern::Wildcard(_) => None,
    });
    exact.collect()
}

fn test<T>(table: Table<T>, name: &str) -> Ec2Result<Test<'_, T>> {
    if let Some((_, column)) = table.iter().find(|(known, _)| *known == name) {
        return Ok(Test::Column(column));
    }
    match name.strip_prefix("tag:") {
        Some(key) => Ok(Test::Tag(key)),
        None if name == "tag-key" => Ok(Test::TagKey),
        None if name == "tag-value" => Ok(Test::TagValue),
        None => Err(Ec2Error::invalid_parameter(format!("The filter '{name}' is invalid"))),
    }
}
