//! Condition operators by their names (IAM User Guide, "IAM JSON policy elements: Condition operators").

use std::cmp::Ordering;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) test: Test,
    /// `StringNotEquals` and the like: true if no value of the policy passes.
    pub(super) negated: bool,
    pub(super) if_exists: bool,
    pub(super) set: Option<Set>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Test {
    Equals,
    EqualsIgnoreCase,
    Like,
    Numeric(Comparison),
    Date(Comparison),
    Bool,
    Binary,
    IpAddress,
    Arn,
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equals,
    LessThan,
    LessThanEquals,
    GreaterThan,
    GreaterThanEquals,
}

impl Comparison {
    pub(super) fn holds(self, ordering: Ordering) -> bool {
        match self {
            Self::Equals => ordering.is_eq(),
            Self::LessThan => ordering.is_lt(),
            Self::LessThanEquals => ordering.is_le(),
            Self::GreaterThan => ordering.is_gt(),
            Self::GreaterThanEquals => ordering.is_ge(),
        }
    }
}

/// How many of a request's values must pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Set {
    All,
    Any,
}

use Comparison::{GreaterThan, GreaterThanEquals, LessThan, LessThanEquals};

/// Name, test, and whether it is negated.
const OPERATORS: [(&str, Test, bool); 27] = [
    ("StringEquals", Test::Equals, false),
    ("StringNotEquals", Test::Equals, true),
    ("StringEqualsIgnoreCase", Test::EqualsIgnoreCase, false),
    ("StringNotEqualsIgnoreCase", Test::EqualsIgnoreCase, true),
    ("StringLike", Test::Like, false),
    ("StringNotLike", Test::Like, true),
    ("NumericEquals", Test::Numeric(Comparison::Equals), false),
    ("NumericNotEquals", Test::Numeric(Comparison::Equals), true),
    ("NumericLessThan", Test::Numeric(LessThan), false),
    ("NumericLessThanEquals", Test::Numeric(LessThanEquals), false),
    ("NumericGreaterThan", Test::Numeric(GreaterThan), false),
    ("NumericGreaterThanEquals", Test::Numeric(GreaterThanEquals), false),
    ("DateEquals", Test::Date(Comparison::Equals), false),
    ("DateNotEquals", Test::Date(Comparison::Equals), true),
    ("DateLessThan", Test::Date(LessThan), false),
    ("DateLessThanEquals", Test::Date(LessThanEquals), false),
    ("DateGreaterThan", Test::Date(GreaterThan), false),
    ("DateGreaterThanEquals", Test::Date(GreaterThanEquals), false),
    ("Bool", Test::Bool, false),
    ("BinaryEquals", Test::Binary, false),
    ("IpAddress", Test::IpAddress, false),
    ("NotIpAddress", Test::IpAddress, true),
    ("ArnEquals", Test::Arn, false),
    ("ArnNotEquals", Test::Arn, true),
    ("ArnLike", Test::Arn, false),
    ("ArnNotLike", Test::Arn, true),
    ("Null", Test::Null, false),
];

impl Operator {
    /// `ForAnyValue:StringLikeIfExists`; names are told apart regardless of case.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (set, rest) = match name.split_once(':') {
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAllValues") => (Some(Set::All), rest),
            Some((set, rest)) if set.eq_ignore_ascii_case("ForAnyValue") => (Some(Set::Any), rest),
            Some(_) => return None,
            None => (None, name),
        };
        let end = rest.len().checked_sub("IfExists".len()).filter(|end| rest.is_char_boundary(*end));
        let bare = end.filter(|end| rest[*end..].eq_ignore_ascii_case("IfExists")).map(|end| &rest[..end]);
        let (_, test, negated) =
            OPERATORS.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(bare.unwrap_or(rest)))?;
        let plain_null = *test == Test::Null && (bare.is_some() || set.is_some());
        (!plain_null).then_some(Self { test: *test, negated: *negated, if_exists: bare.is_some(), set })
    }
}
