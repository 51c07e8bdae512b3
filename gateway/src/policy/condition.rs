//! Conditions: an operator, a key, and the values that it may have.

use super::Context;
use super::operator::{Operator, Set, Test};
use super::pattern::{Case, Pattern};
use super::value::{addresses, binaries, booleans, dates, numbers};

#[derive(Clone, Debug)]
pub(crate) struct Condition {
    operator: Operator,
    /// In lower case.
    key: String,
    values: Vec<Wanted>,
    /// As they stand in the policy.
    pub(crate) written: (String, Vec<String>),
}

#[derive(Clone, Debug)]
struct Wanted {
    text: String,
    pattern: Pattern,
}

impl Condition {
    pub(super) fn parse(operator: &str, key: &str, values: Vec<String>, variables: bool) -> Result<Self, String> {
        let known = Operator::parse(operator).ok_or_else(|| format!("Invalid Condition type : {operator}."))?;
        if key.is_empty() || !key.contains(':') {
            return Err("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.".to_owned());
        }
        let wildcards = matches!(known.test, Test::Like | Test::Arn);
        let wanted = values.iter().map(|text| {
            let pattern = Pattern::parse(text, wildcards, variables)?;
            Ok(Wanted { text: text.clone(), pattern })
        });
        let wanted = wanted.collect::<Result<_, String>>()?;
        Ok(Self { operator: known, key: key.to_ascii_lowercase(), values: wanted, written: (key.to_owned(), values) })
    }

    /// Whether its key is one that depends on the resource.
    pub(super) fn asks_of_subjects(&self) -> bool {
        let known_anyway = matches!(self.key.as_str(), "ec2:region");
        let of_request = ["ec2:", "aws:resourcetag/", "aws:requesttag/", "aws:tagkeys", "iam:"];
        !known_anyway && of_request.iter().any(|start| self.key.starts_with(start))
    }

    pub(super) fn holds(&self, context: &Context) -> bool {
        let Operator { test, negated, if_exists, set } = self.operator;
        let Some(values) = context.get(&self.key) else {
            return match (test, set) {
                (Test::Null, _) => self.values.iter().any(|wanted| booleans("true", &wanted.text)),
                _ if if_exists => true,
                (_, Some(set)) => set == Set::All,
                (_, None) => negated,
            };
        };
        let passes = |value: &String| self.wants(value, context) != negated;
        match (test, set) {
            (Test::Null, _) => self.values.iter().any(|wanted| booleans("false", &wanted.text)),
            (_, Some(Set::All)) => values.iter().all(passes),
            (_, Some(Set::Any)) => values.iter().any(passes),
            // Several values without a set operator: one that is wanted is enough, and one too many if none is.
            (_, None) => values.iter().any(|value| self.wants(value, context)) != negated,
        }
    }

    fn wants(&self, value: &str, context: &Context) -> bool {
        self.values.iter().any(|wanted| match self.operator.test {
            Test::Equals | Test::Like => wanted.pattern.matches(value, context, Case::Sensitive),
            Test::EqualsIgnoreCase => wanted.pattern.matches(value, context, Case::Ignored),
            Test::Arn => wanted.pattern.matches_arn(value, context),
            Test::Numeric(comparison) => numbers(value, &wanted.text).is_some_and(|order| comparison.holds(order)),
            Test::Date(comparison) => dates(value, &wanted.text).is_some_and(|order| comparison.holds(order)),
            Test::Bool => booleans(value, &wanted.text),
            Test::Binary => binaries(value, &wanted.text),
            Test::IpAddress => addresses(value, &wanted.text),
            Test::Null => false,
        })
    }
}
