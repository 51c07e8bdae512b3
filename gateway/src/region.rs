//! Which region a request is for: the credential scope says so, else the host, else it is us-east-1.

use archipelago_proto::{Ec2Error, regions};

use crate::limits::shown;

pub(crate) const DEFAULT_REGION: &str = "us-east-1";

/// `scope` is the region of the credential scope, `host` the Host header.
pub(crate) fn resolve(scope: Option<&str>, host: Option<&str>) -> Result<String, Ec2Error> {
    if let Some(region) = scope {
        let wrong = || {
            Ec2Error::new(
                "AuthFailure",
                format!("Credential should be scoped to a valid region, not '{}'.", shown(region)),
            )
        };
        return Some(region.to_owned()).filter(|region| known(region)).ok_or_else(wrong);
    }
    match host.and_then(of_host) {
        None => Ok(DEFAULT_REGION.to_owned()),
        Some(region) if known(region) => Ok(region.to_owned()),
        Some(region) => Err(Ec2Error::invalid_parameter(format!("The region '{region}' does not exist."))),
    }
}

/// `ec2.REGION.anything` and `REGION.localhost`.
fn of_host(host: &str) -> Option<&str> {
    let name = host.split(':').next()?;
    let mut labels = name.split('.');
    let first = labels.next()?;
    let candidate = if matches!(first, "ec2" | "sts") { labels.next()? } else { first };
    Some(candidate).filter(|label| looks_like_a_region(label))
}

pub(crate) fn known(region: &str) -> bool {
    regions::find(region).is_some()
}

/// `us-gov-west-1`: two letters, one or more words, a number.
fn looks_like_a_region(text: &str) -> bool {
    let Some((place, number)) = text.rsplit_once('-') else { return false };
    let mut words = place.split('-');
    let word = |word: &str| (1..=12).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase());
    (1..=2).contains(&number.len())
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && words.next().is_some_and(|first| first.len() == 2 && word(first))
        && (1..=3).contains(&words.clone().count())
        && words.all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_comes_before_the_host() {
        assert_eq!(resolve(Some("eu-west-1"), Some("ec2.us-west-2.amazonaws.com")).unwrap(), "eu-west-1");
    }

    #[test]
    fn the_host_may_name_the_region() {
        for (host, region) in [
            ("ec2.us-west-2.amazonaws.com", "us-west-2"),
            ("ec2.us-gov-west-1.localhost:4566", "us-gov-west-1"),
            ("ap-southeast-2.localhost", "ap-southeast-2"),
            ("ec2.amazonaws.com", "us-east-1"),
            ("localhost:4566", "us-east-1"),
            ("127.0.0.1:4566", "us-east-1"),
            ("[::1]:4566", "us-east-1"),
        ] {
            assert_eq!(resolve(None, Some(host)).unwrap(), region, "{host}");
        }
        assert_eq!(resolve(None, None).unwrap(), "us-east-1");
    }

    #[test]
    fn a_scope_without_a_region_is_an_error() {
        for region in ["", "moon", "us-east", "US-EAST-1", "us-east-1a", "../etc-1", "us--1"] {
            assert_eq!(resolve(Some(region), None).unwrap_err().code, "AuthFailure", "{region}");
        }
    }
}
