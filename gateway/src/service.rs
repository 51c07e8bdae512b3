//! The services behind the one door.

use crate::cloudtrail::TARGET;
use crate::query::Form;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Ec2,
    Sts,
    /// Speaks JSON.
    CloudTrail,
}

/// Whether an action changes nothing, by its verb.
pub(crate) fn only_reads(action: &str) -> bool {
    ["Describe", "List", "Search", "Get", "Lookup"].iter().any(|verb| action.starts_with(verb))
}

/// STS has had one version ever since.
pub(crate) const STS_VERSION: &str = "2011-06-15";

impl Service {
    /// The service that a request is meant for: the credential scope says so, or the API version does.
    pub(crate) fn of(scope: Option<&str>, target: Option<&str>, form: &Form<'_>) -> Self {
        if scope == Some("cloudtrail") || target.is_some_and(|target| target.starts_with(TARGET)) {
            Self::CloudTrail
        } else if scope == Some("sts") || form.get("Version") == Some(STS_VERSION) {
            Self::Sts
        } else {
            Self::Ec2
        }
    }

    /// What it is called in the record of calls.
    pub(crate) fn source(self) -> &'static str {
        match self {
            Self::Ec2 => "ec2.amazonaws.com",
            Self::Sts => "sts.amazonaws.com",
            Self::CloudTrail => "cloudtrail.amazonaws.com",
        }
    }
}
