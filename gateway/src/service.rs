//! The two services behind the one door.

use crate::query::Form;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Ec2,
    Sts,
}

/// STS has had one version ever since.
pub(crate) const STS_VERSION: &str = "2011-06-15";

impl Service {
    /// The service that a request is meant for: the credential scope says so, or the API version does.
    pub(crate) fn of(scope: Option<&str>, form: &Form<'_>) -> Self {
        if scope == Some("sts") || form.get("Version") == Some(STS_VERSION) { Self::Sts } else { Self::Ec2 }
    }
}
