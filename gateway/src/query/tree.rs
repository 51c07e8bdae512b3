//! `Filter.1.Value.2` read as a tree, although it stays a flat list: parameters sorted by the
//! segments of their names are adjacent where they share a branch. An index costs what its
//! parameter costs, however large it is.

use std::borrow::Cow;
use std::cmp::Ordering;

use archipelago_proto::Ec2Error;

use super::Form;
use crate::limits::malformed;

/// Parameters that belong to the request and not to the action.
const COMMON: [&str; 11] = [
    "Action",
    "Version",
    "DryRun",
    "AWSAccessKeyId",
    "AccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "Timestamp",
    "Expires",
    "SecurityToken",
];

/// Of these nobody may wonder which one counts.
const SAID_ONCE: [&str; 3] = ["Action", "Version", "DryRun"];

#[derive(Debug)]
struct Entry<'a> {
    name: Cow<'a, str>,
    value: &'a str,
}

/// The action's own parameters.
#[derive(Debug)]
pub(crate) struct Parameters<'a>(Vec<Entry<'a>>);

impl<'a> Parameters<'a> {
    /// A parameter may be said twice only where it says the same.
    pub(crate) fn of(form: &'a Form<'_>) -> Result<Self, Ec2Error> {
        for name in SAID_ONCE {
            let mut values = form.pairs().iter().filter(|pair| pair.name == name).map(|pair| &pair.value);
            let first = values.next();
            if values.any(|value| Some(value) != first) {
                return Err(twice(name));
            }
        }
        let own = form.pairs().iter().filter(|pair| !is_common(&pair.name));
        let mut entries: Vec<_> = own.map(|pair| Entry { name: capitalised(&pair.name), value: &pair.value }).collect();
        entries.sort_by(|a, b| compare(&a.name, &b.name));
        entries.dedup_by(|a, b| a.name == b.name && a.value == b.value);
        if let Some(twice) = entries.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(self::twice(&twice[0].name));
        }
        Ok(Self(entries))
    }

    pub(crate) fn root(&self) -> Node<'_> {
        Node { entries: &self.0, offset: 0 }
    }
}

fn twice(name: &str) -> Ec2Error {
    malformed(format!("The parameter {name} may only be specified once."))
}

fn is_common(name: &str) -> bool {
    COMMON.contains(&name) || name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("X-Amz-"))
}

/// The reference spells some names with a small first letter: `imageId`, `Filter.1.name`.
fn capitalised(name: &str) -> Cow<'_, str> {
    if !name.split('.').any(|segment| segment.starts_with(|first: char| first.is_ascii_lowercase())) {
        return Cow::Borrowed(name);
    }
    let mut capital = String::with_capacity(name.len());
    let mut first = true;
    for letter in name.chars() {
        capital.push(if first { letter.to_ascii_uppercase() } else { letter });
        first = letter == '.';
    }
    Cow::Owned(capital)
}

/// Segment by segment; indices by their number, before names.
fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.split('.'), b.split('.'));
    loop {
        match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(x), Some(y)) if x == y => {}
            (Some(x), Some(y)) => return rank(x).cmp(&rank(y)),
        }
    }
}

fn rank(segment: &str) -> (bool, usize, &str, usize) {
    if !is_index(segment) {
        return (true, 0, segment, 0);
    }
    // Of numbers without leading zeros the longer one is the larger, at any length.
    let number = segment.trim_start_matches('0');
    (false, number.len(), number, segment.len())
}

pub(crate) fn is_index(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit())
}

/// All parameters below one prefix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node<'q> {
    entries: &'q [Entry<'q>],
    /// Where the next segment begins in each name.
    offset: usize,
}

impl<'q> Node<'q> {
    /// The value of the parameter that ends here.
    pub(crate) fn value(&self) -> Option<&'q str> {
        self.entries.first().filter(|entry| entry.name.len() < self.offset).map(|entry| entry.value)
    }

    /// The prefix itself, such as `Filter.1`.
    pub(crate) fn name(&self) -> &'q str {
        let name: &'q str = self.entries.first().map_or("", |entry| &*entry.name);
        &name[..self.offset.saturating_sub(1).min(name.len())]
    }

    /// The first whole name below the prefix.
    pub(crate) fn first_name(&self) -> &'q str {
        self.entries.first().map_or("", |entry| &*entry.name)
    }

    /// The first whole name below the prefix that goes further than the prefix.
    pub(crate) fn first_below(&self) -> Option<&'q str> {
        self.entries.iter().find(|entry| entry.name.len() >= self.offset).map(|entry| &*entry.name)
    }

    pub(crate) fn has_value_below(&self) -> bool {
        self.entries.iter().any(|entry| !entry.value.is_empty())
    }

    pub(crate) fn children(&self) -> impl Iterator<Item = (&'q str, Node<'q>)> + use<'q> {
        let offset = self.offset;
        let own = usize::from(self.value().is_some());
        let mut rest = &self.entries[own..];
        std::iter::from_fn(move || {
            let segment = segment(&rest.first()?.name, offset);
            let many = rest.iter().take_while(|entry| self::segment(&entry.name, offset) == segment).count();
            let (entries, after) = rest.split_at(many);
            rest = after;
            Some((segment, Node { entries, offset: offset + segment.len() + 1 }))
        })
    }
}

fn segment(name: &str, offset: usize) -> &str {
    let rest = &name[offset..];
    rest.split_once('.').map_or(rest, |(segment, _)| segment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::Limits;

    fn tree(query: &str, show: impl Fn(Node<'_>) -> String) -> Result<String, Ec2Error> {
        let limits = Limits::default();
        let form = Form::parse(query.as_bytes(), b"", &limits)?;
        Ok(show(Parameters::of(&form)?.root()))
    }

    fn shown(node: Node<'_>) -> String {
        let own = node.value().unwrap_or_default();
        let below: Vec<_> = node.children().map(|(segment, child)| format!("{segment}:{}", shown(child))).collect();
        if below.is_empty() { own.to_owned() } else { format!("{own}({})", below.join(" ")) }
    }

    #[test]
    fn lists_are_ordered_by_index_with_gaps() {
        let query = "F.10.V.2=d&F.2.V.1=b&F.10.V.1=c&F.1=a&F.999999999999999999999999.N=e";
        let shape = "(F:(1:a 2:(V:(1:b)) 10:(V:(1:c 2:d)) 999999999999999999999999:(N:e)))";
        assert_eq!(tree(query, shown).unwrap(), shape);
    }

    #[test]
    fn a_parameter_and_its_members_are_one_node() {
        assert_eq!(tree("Name=a&Name.2=c&Name.1=b&Namesake=d", shown).unwrap(), "(Name:a(1:b 2:c) Namesake:d)");
    }

    #[test]
    fn common_parameters_are_not_the_actions() {
        let query = "Action=A&Version=1&DryRun=true&X-Amz-Date=x&x-amz-foo=y&Signature=s&VpcId=vpc-1";
        assert_eq!(tree(query, shown).unwrap(), "(VpcId:vpc-1)");
    }

    #[test]
    fn a_small_first_letter_is_a_capital() {
        assert_eq!(tree("imageId=a&filter.1.name=b", shown).unwrap(), "(Filter:(1:(Name:b)) ImageId:a)");
    }

    #[test]
    fn the_same_thing_may_be_said_twice_but_not_two_things() {
        assert_eq!(tree("A=1&A=1", shown).unwrap(), "(A:1)");
        let twice = tree("Action=A&Action=B", shown).unwrap_err();
        assert_eq!(twice.message, "The parameter Action may only be specified once.");
        assert_eq!(tree("A=1&A=2", shown).unwrap_err().message, "The parameter A may only be specified once.");
    }

    #[test]
    fn nodes_know_their_names() {
        let names = |node: Node<'_>| {
            let (_, filter) = node.children().next().unwrap();
            let (_, first) = filter.children().next().unwrap();
            format!("{} {} {}", filter.name(), first.name(), first.first_name())
        };
        assert_eq!(tree("Filter.1.Name=a", names).unwrap(), "Filter Filter.1 Filter.1.Name");
    }

    #[test]
    fn odd_dots_break_nothing() {
        assert_eq!(tree("A..B=1&.=2&A.=3&C.=4", shown).unwrap(), "(:(:2) A:(:3(B:1)) C:(:4))");
    }
}
