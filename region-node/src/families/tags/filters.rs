//! The filters of DescribeTags, and the rows that they are held against.

use archipelago_proto::ec2::v1::Tag;
use imbl::OrdMap;

use crate::entity::{Id, Tagged};
use crate::request::{Column, Row, Table};

/// One tag of one resource.
pub(super) struct TagRow {
    /// Resource and key: where a page ends.
    position: String,
    pub(super) resource: Id,
    pub(super) resource_type: &'static str,
    pub(super) tag: Tag,
}

impl TagRow {
    /// The rows after a position, in order.
    pub(super) fn after<'a>(
        tagged: &'a OrdMap<Id, Tagged>,
        position: Option<&str>,
    ) -> impl Iterator<Item = Self> + use<'a> {
        let (from, after) = match position.and_then(|position| position.split_once('/')) {
            Some((resource, _)) => (Id::new(resource), position.unwrap_or_default().to_owned()),
            None => (Id::new(""), String::new()),
        };
        tagged.range(from..).flat_map(Self::of).filter(move |row| row.position > after)
    }

    fn of((id, tagged): (&Id, &Tagged)) -> Vec<Self> {
        let row = |tag: &Tag| Self {
            position: format!("{id}/{}", tag.key()),
            resource: id.clone(),
            resource_type: tagged.resource_type,
            tag: tag.clone(),
        };
        let mut rows: Vec<_> = tagged.tags.iter().map(row).collect();
        rows.sort_by(|a, b| a.position.cmp(&b.position));
        rows
    }
}

impl Row for TagRow {
    fn id(&self) -> &str {
        &self.position
    }

    fn tags(&self) -> &[Tag] {
        std::slice::from_ref(&self.tag)
    }
}

/// Reference: DescribeTags. `tag:KEY` is the engine's.
pub(super) const FILTERS: Table<TagRow> = &[
    ("key", Column::Of(|row, probe| probe.text(row.tag.key()))),
    ("resource-id", Column::Of(|row, probe| probe.text(&row.resource))),
    ("resource-type", Column::Of(|row, probe| probe.text(row.resource_type))),
    ("value", Column::Of(|row, probe| probe.text(row.tag.value()))),
];
