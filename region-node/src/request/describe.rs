//! The one way in which describe actions find what they return: by ids, by filters, in pages.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use archipelago_proto::ec2::v1::Filter;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filter::{Filters, Row, Table};
use super::page::Binding;
use super::{Context, FilterTable};
use crate::entity::{Entity, Host, Id, Published, Shelf};

/// AWS: at most 1,000 ids in a request.
const MOST_IDS: usize = 1000;

/// The parameters that describe actions share.
pub struct Describe<'a> {
    pub ids: &'a [String],
    pub filters: &'a [Filter],
    pub max_results: Option<i32>,
    pub next_token: Option<&'a str>,
    /// What else the request names, which its pages are bound to.
    pub scope: &'a [&'a [String]],
    /// The values of MaxResults that the action takes.
    pub sizes: RangeInclusive<i32>,
}

impl Default for Describe<'_> {
    fn default() -> Self {
        Self { ids: &[], filters: &[], max_results: None, next_token: None, scope: &[], sizes: 5..=1000 }
    }
}

/// What a describe action returns.
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_token: Option<String>,
}

impl<T> Page<T> {
    /// The items as the response has them.
    pub fn map<V>(&self, view: impl FnMut(&T) -> V) -> Vec<V> {
        self.items.iter().map(view).collect()
    }
}

impl Describe<'_> {
    /// The caller's own resources.
    pub fn find<E: Entity>(
        &self,
        cx: &Context,
        host: &Host<E>,
        table: FilterTable<E>,
    ) -> Ec2Result<Page<Arc<Published<E>>>> {
        self.find_rows(cx, host, table, |published| published)
    }

    /// The caller's own resources, each with what belongs to it, as the filters need it.
    pub fn find_rows<E: Entity, T: Row>(
        &self,
        cx: &Context,
        host: &Host<E>,
        table: Table<T>,
        row: impl Fn(Arc<Published<E>>) -> T,
    ) -> Ec2Result<Page<T>> {
        let visible = |published: &Published<E>| *published.account == *cx.account;
        self.find_where(host, table, &[Shelf::Owner(cx.account.clone())], visible, row)
    }

    /// The resources on some shelves that also pass a test of who may see them.
    pub fn find_where<E: Entity, T: Row>(
        &self,
        host: &Host<E>,
        table: Table<T>,
        shelves: &[Shelf],
        visible: impl Fn(&Published<E>) -> bool,
        row: impl Fn(Arc<Published<E>>) -> T,
    ) -> Ec2Result<Page<T>> {
        let filters = Filters::new(table, self.filters)?;
        self.check_sizes()?;
        let after = match self.after(E::KIND.resource_type)? {
            Some(after) => after.parse().map_err(|_| Ec2Error::internal())?,
            None => 0,
        };

        if !self.ids.is_empty() {
            let found = by_ids(host, self.ids, &visible)?;
            let items = found.into_iter().map(row).filter(|row| filters.accept(row)).collect();
            return Ok(Page { items, next_token: None });
        }

        let most = self.most();
        let mut items = Vec::new();
        let mut last = 0;
        let found = as_seen(host, candidates(host, &filters, shelves, after), after);
        for published in found.filter(|published| visible(published)) {
            let sequence = published.sequence;
            let row = row(published);
            if !filters.accept(&row) {
                continue;
            }
            if items.len() == most {
                return Ok(Page {
                    items,
                    next_token: Some(self.binding(E::KIND.resource_type).token(&last.to_string())),
                });
            }
            items.push(row);
            last = sequence;
        }
        Ok(Page { items, next_token: None })
    }

    fn most(&self) -> usize {
        self.max_results.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX))
    }

    fn check_sizes(&self) -> Ec2Result<()> {
        if self.ids.len() > MOST_IDS {
            return Err(Ec2Error::invalid_parameter(format!("At most {MOST_IDS} ids may be specified")));
        }
        let Some(size) = self.max_results else { return Ok(()) };
        if !self.ids.is_empty() {
            return Err(Ec2Error::invalid_combination(
                "The parameter MaxResults cannot be used with a list of ids in the same call",
            ));
        }
        if !self.sizes.contains(&size) {
            return Err(Ec2Error::invalid_parameter(format!(
                "Value ( {size} ) for parameter maxResults is invalid. Expecting a value between {} and {}.",
                self.sizes.start(),
                self.sizes.end()
            )));
        }
        Ok(())
    }

    /// What a page's token is bound to.
    fn binding(&self, of: &str) -> Binding {
        let filters: Vec<_> = self.filters.iter().map(prost::Message::encode_to_vec).collect();
        let scope =
            self.scope.iter().flat_map(|names| std::iter::once(&b""[..]).chain(names.iter().map(String::as_bytes)));
        let parts = std::iter::once(of.as_bytes()).chain(filters.iter().map(Vec::as_slice)).chain(scope);
        Binding::new(&parts.collect::<Vec<_>>())
    }

    /// The position after which this page begins.
    fn after(&self, of: &str) -> Ec2Result<Option<String>> {
        self.next_token.filter(|token| !token.is_empty()).map(|token| self.binding(of).read(token)).transpose()
    }

    /// The rows of something that is no entity, in the order of their ids. `rows` gives those that
    /// come after an id.
    pub fn pick<T: Row, I: Iterator<Item = T>>(
        &self,
        of: &str,
        table: Table<T>,
        rows: impl FnOnce(Option<&str>) -> I,
    ) -> Ec2Result<Page<T>> {
        let filters = Filters::new(table, self.filters)?;
        self.check_sizes()?;
        let after = self.after(of)?;
        let most = self.most();
        let mut picked: Vec<T> = Vec::new();
        for row in rows(after.as_deref()).filter(|row| filters.accept(row)) {
            if picked.len() == most {
                let next_token = picked.last().map(|last| self.binding(of).token(last.id()));
                return Ok(Page { items: picked, next_token });
            }
            picked.push(row);
        }
        Ok(Page { items: picked, next_token: None })
    }

    /// The rows of a list, in an order of its own.
    pub fn pick_from<T: Row>(&self, of: &str, table: Table<T>, rows: Vec<T>) -> Ec2Result<Page<T>> {
        self.pick(of, table, move |after| {
            let known = after.and_then(|after| rows.iter().position(|row| row.id() == after));
            rows.into_iter().skip(known.map_or(0, |position| position + 1))
        })
    }
}

fn by_ids<E: Entity>(
    host: &Host<E>,
    ids: &[String],
    visible: &impl Fn(&Published<E>) -> bool,
) -> Ec2Result<Vec<Arc<Published<E>>>> {
    let (mut found, mut missing) = (BTreeMap::new(), Vec::new());
    for id in ids {
        if let Some(published) = host.seen(id).filter(|published| visible(published)) {
            found.insert(published.sequence, published);
        } else {
            E::KIND.check(id)?;
            missing.push(id.as_str());
        }
    }
    if missing.is_empty() { Ok(found.into_values().collect()) } else { Err(E::KIND.none_found(&missing)) }
}

type Found<'a, E> = Box<dyn Iterator<Item = Arc<Published<E>>> + 'a>;

/// The same as others see them, with those that are gone and still seen.
fn as_seen<'a, E: Entity>(host: &Host<E>, found: Found<'a, E>, after: u64) -> Found<'a, E> {
    let lagging = host.lagging();
    if lagging.is_empty() {
        return found;
    }
    let mut all: BTreeMap<_, _> = found.map(|published| (published.sequence, published)).collect();
    for (sequence, seen) in lagging.into_iter().filter(|(sequence, _)| *sequence > after) {
        match seen {
            Some(seen) => all.insert(sequence, seen),
            None => all.remove(&sequence),
        };
    }
    Box::new(all.into_values())
}

/// The fewest resources that are known to contain every match, in order of creation.
fn candidates<'a, E: Entity, T: Row>(
    host: &'a Host<E>,
    filters: &Filters<'_, T>,
    shelves: &'a [Shelf],
    after: u64,
) -> Found<'a, E> {
    let ordered = |items: BTreeMap<u64, Arc<Published<E>>>| {
        Box::new(items.into_values().skip_while(move |p| p.sequence <= after))
    };
    if let Some(ids) = filters.ids() {
        let found = ids.into_iter().filter_map(|id| host.index().get(id));
        return ordered(found.map(|published| (published.sequence, published)).collect());
    }
    let rows: Vec<_> = match filters.links() {
        Some(links) => links.into_iter().map(|id| host.linked_to(&Id::new(id))).collect(),
        None => shelves.iter().map(|shelf| host.index().shelf(shelf)).collect(),
    };
    match <[_; 1]>::try_from(rows) {
        Ok([row]) => Box::new(Following { row, after }),
        Err(rows) => ordered(rows.into_iter().flatten().collect()),
    }
}

/// Walks a row from a position on. The row is a copy, so nobody waits for the walker.
struct Following<E> {
    row: imbl::OrdMap<u64, Arc<Published<E>>>,
    after: u64,
}

impl<E> Iterator for Following<E> {
    type Item = Arc<Published<E>>;

    fn next(&mut self) -> Option<Self::Item> {
        let (sequence, published) = self.row.get_next(&(self.after + 1))?;
        self.after = *sequence;
        Some(Arc::clone(published))
    }
}
