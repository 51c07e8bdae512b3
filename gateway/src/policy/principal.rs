//! Whom a trust policy means (IAM User Guide, "AWS JSON policy elements: Principal").

/// A caller, as trust policies may name it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Who<'a> {
    pub(crate) account: &'a str,
    /// The ARN of the user, of the role's session, or of the account's root.
    pub(crate) arn: &'a str,
    /// Of the role that a session is of.
    pub(crate) role: Option<&'a str>,
}

/// How a statement means a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trust {
    No,
    /// Its whole account, which still has to give it the permission.
    Account,
    /// The caller itself, or everybody.
    Itself,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Principal {
    Everybody,
    /// ARNs, account numbers, `*`.
    Aws(Vec<String>),
    /// Services and identity providers, none of which call here.
    Other,
}

impl Principal {
    pub(super) fn means(&self, who: Who<'_>) -> Trust {
        match self {
            Self::Everybody => Trust::Itself,
            Self::Other => Trust::No,
            Self::Aws(names) => names.iter().map(|name| named(name, who)).max().unwrap_or(Trust::No),
        }
    }
}

fn named(name: &str, who: Who<'_>) -> Trust {
    let root = name.strip_suffix(":root").and_then(|start| start.rsplit(':').next());
    if name == "*" || name == who.arn || Some(name) == who.role {
        Trust::Itself
    } else if name == who.account || root == Some(who.account) {
        Trust::Account
    } else {
        Trust::No
    }
}
