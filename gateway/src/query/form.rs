//! The pairs of a request, decoded, in the order in which they came.

use std::borrow::Cow;

use archipelago_proto::Ec2Error;

use super::percent;
use crate::limits::{Limits, malformed};

#[derive(Debug)]
pub(crate) struct Pair<'a> {
    pub(crate) name: Cow<'a, str>,
    pub(crate) value: Cow<'a, str>,
}

/// The pairs of the query string, then those of the body.
#[derive(Debug)]
pub(crate) struct Form<'a> {
    pairs: Vec<Pair<'a>>,
    from_url: usize,
}

impl<'a> Form<'a> {
    pub(crate) fn parse(url: &'a [u8], body: &'a [u8], limits: &Limits) -> Result<Self, Ec2Error> {
        let mut pairs = Vec::new();
        read(url, &mut pairs, limits)?;
        let from_url = pairs.len();
        read(body, &mut pairs, limits)?;
        Ok(Self { pairs, from_url })
    }

    pub(crate) fn pairs(&self) -> &[Pair<'a>] {
        &self.pairs
    }

    /// Those that stand in the URL, which Signature Version 4 signs one by one.
    pub(crate) fn url_pairs(&self) -> &[Pair<'a>] {
        &self.pairs[..self.from_url]
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        find(&self.pairs, name)
    }

    pub(crate) fn get_from_url(&self, name: &str) -> Option<&str> {
        find(self.url_pairs(), name)
    }
}

fn find<'f>(pairs: &'f [Pair<'_>], name: &str) -> Option<&'f str> {
    pairs.iter().find(|pair| pair.name == name).map(|pair| &*pair.value)
}

fn read<'a>(text: &'a [u8], pairs: &mut Vec<Pair<'a>>, limits: &Limits) -> Result<(), Ec2Error> {
    for pair in text.split(|&byte| byte == b'&').filter(|pair| !pair.is_empty()) {
        if pairs.len() == limits.parameters {
            return Err(limits.too_many_parameters());
        }
        let equals = pair.iter().position(|&byte| byte == b'=');
        let (name, value) = equals.map_or((pair, &b""[..]), |at| (&pair[..at], &pair[at + 1..]));
        if name.is_empty() {
            return Err(malformed("The query string contains a value without a name."));
        }
        let pair = Pair { name: percent::decode(name)?, value: percent::decode(value)? };
        if pair.name.len() > limits.name || pair.name.bytes().filter(|&byte| byte == b'.').count() > limits.depth {
            return Err(malformed("The query string contains a parameter name that is too long or too deep."));
        }
        pairs.push(pair);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<'a>(url: &'a str, body: &'a str) -> Result<Form<'a>, Ec2Error> {
        Form::parse(url.as_bytes(), body.as_bytes(), &Limits::default())
    }

    #[test]
    fn url_and_body_are_one_request() {
        let form = parse("Action=A&x", "Version=2014-10-01&Value=a=b&&").unwrap();
        assert_eq!(form.get("Action"), Some("A"));
        assert_eq!(form.get("x"), Some(""));
        assert_eq!(form.get("Value"), Some("a=b"));
        assert_eq!((form.url_pairs().len(), form.pairs().len()), (2, 4));
        assert_eq!(form.get_from_url("Version"), None);
    }

    #[test]
    fn a_value_without_a_name_is_malformed() {
        assert_eq!(parse("=x", "").unwrap_err().code, "MalformedQueryString");
    }

    #[test]
    fn floods_and_deep_names_are_refused() {
        let flood = "a=b&".repeat(Limits::default().parameters + 1);
        assert_eq!(parse("", &flood).unwrap_err().code, "MalformedQueryString");
        assert_eq!(parse(&"a.".repeat(50), "").unwrap_err().code, "MalformedQueryString");
        assert_eq!(parse(&"a".repeat(5000), "").unwrap_err().code, "MalformedQueryString");
    }
}
