//! What one caller may do: what its policies allow, within its boundary, within its session.

use std::sync::Arc;

use super::directory::Member;
use crate::policy::{Context, Document, Request, Statement, Verdict, indifferent, judge};

/// The policies that bind a caller.
pub(crate) struct Restrictions {
    /// None where only the session is restricted.
    pub(super) identity: Option<Vec<Arc<Document>>>,
    pub(super) boundary: Option<Arc<Document>>,
    /// None where a session has no policies of its own.
    pub(super) session: Option<Vec<Arc<Document>>>,
    pub(crate) member: Option<Arc<Member>>,
}

/// One permission that a request needs.
pub(crate) struct Permission {
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) context: Context,
}

/// Why there is none, and the kind of policy that says so.
pub(crate) enum Refused<'d> {
    Denied(&'static str, &'d Statement),
    Silent(&'static str),
}

const IDENTITY: &str = "identity-based policy";
const BOUNDARY: &str = "permissions boundary";
const SESSION: &str = "session policy";

impl Restrictions {
    /// A caller without any permission.
    pub(super) fn none() -> Self {
        Self { identity: Some(Vec::new()), boundary: None, session: None, member: None }
    }

    /// All kinds must allow; a denial of any counts before.
    pub(crate) fn check(&self, permission: &Permission) -> Result<(), Refused<'_>> {
        let Permission { action, resource, context } = permission;
        let request = Request { action, resource, context };
        let verdicts: Vec<_> = self
            .kinds()
            .map(|(kind, documents)| (kind, judge(documents.iter().map(AsRef::as_ref), &request)))
            .collect();
        for (kind, verdict) in &verdicts {
            if let Verdict::Denied(statement) = verdict {
                return Err(Refused::Denied(kind, statement));
            }
        }
        match verdicts.iter().find(|(_, verdict)| !verdict.is_allowed()) {
            Some((kind, _)) => Err(Refused::Silent(kind)),
            None => Ok(()),
        }
    }

    /// Whether it is the same for all resources.
    pub(super) fn indifferent(&self, action: &str) -> bool {
        self.kinds().all(|(_, documents)| indifferent(documents.iter().map(AsRef::as_ref), action))
    }

    fn kinds(&self) -> impl Iterator<Item = (&'static str, &[Arc<Document>])> {
        let identity = self.identity.as_deref().map(|documents| (IDENTITY, documents));
        let boundary = self.boundary.as_ref().map(|document| (BOUNDARY, std::slice::from_ref(document)));
        let session = self.session.as_deref().map(|documents| (SESSION, documents));
        identity.into_iter().chain(boundary).chain(session)
    }
}
