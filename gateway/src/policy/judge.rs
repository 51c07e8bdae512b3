//! Documents against a request: what is denied is refused, and so is what nothing allows.

use super::principal::{Trust, Who};
use super::{Context, Document, Statement};

/// One action on one resource.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// `ec2:CreateVolume`
    pub(crate) action: &'a str,
    /// An ARN, or `*` where the action has no resources.
    pub(crate) resource: &'a str,
    pub(crate) context: &'a Context,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Verdict<'d> {
    Allowed,
    Denied(&'d Statement),
    /// No statement says anything.
    Silent,
}

impl Verdict<'_> {
    pub(crate) fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed)
    }
}

/// What identity policies say together.
pub(crate) fn judge<'d>(documents: impl IntoIterator<Item = &'d Document>, request: &Request<'_>) -> Verdict<'d> {
    let statements = documents.into_iter().flat_map(|document| &document.statements);
    let mut allowed = false;
    for statement in statements.filter(|statement| statement.applies(request)) {
        if !statement.allows {
            return Verdict::Denied(statement);
        }
        allowed = true;
    }
    if allowed { Verdict::Allowed } else { Verdict::Silent }
}

impl Document {
    /// How far a role trusts a caller; None if a statement denies it.
    pub(crate) fn trusted(&self, who: Who<'_>, request: &Request<'_>) -> Option<Trust> {
        let mut most = Trust::No;
        for statement in self.statements.iter().filter(|statement| statement.applies(request)) {
            let trust = statement.trusts(who);
            if trust != Trust::No && !statement.allows {
                return None;
            }
            most = most.max(trust);
        }
        Some(most)
    }
}

/// Whether documents say the same of an action whatever resources it is about.
pub(crate) fn indifferent<'d>(documents: impl IntoIterator<Item = &'d Document>, action: &str) -> bool {
    let mut statements = documents.into_iter().flat_map(|document| &document.statements);
    !statements.any(|statement| statement.asks_of_subjects(action))
}
