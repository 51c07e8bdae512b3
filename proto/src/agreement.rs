//! How two regions come to the same view of what they agree on, whatever was lost or late on the way between them.

use crate::cluster::v1::{Agreement, Party, Stage};

impl Agreement {
    /// Takes over what the other side knows beyond this one. In whatever order two sides hear of each other, and
    /// however often, they end up the same.
    pub fn merge(&mut self, other: &Self) {
        if (other.stage, &other.by) > (self.stage, &self.by) {
            (self.stage, self.by) = (other.stage, other.by.clone());
        }
        merge_party(&mut self.requester, other.requester.as_ref());
        merge_party(&mut self.accepter, other.accepter.as_ref());
    }

    /// Nothing can come of it any more.
    pub fn is_over(&self) -> bool {
        !matches!(self.stage(), Stage::Unspecified | Stage::Requested | Stage::Pending | Stage::Accepted)
    }
}

/// Each party speaks for itself.
fn merge_party(known: &mut Option<Party>, other: Option<&Party>) {
    let revision = |party: Option<&Party>| party.map(|party| party.revision);
    if revision(other) > revision(known.as_ref()) {
        *known = other.cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn agreement(stage: Stage, by: &str, revisions: (u64, u64)) -> Agreement {
        let party = |revision| Some(Party { revision, terms: revision.to_string().into(), ..Party::default() });
        Agreement {
            stage: stage.into(),
            by: by.into(),
            requester: party(revisions.0),
            accepter: party(revisions.1),
            ..Agreement::default()
        }
    }

    #[test]
    fn two_sides_end_up_the_same_whoever_speaks_first() {
        let views = [
            agreement(Stage::Pending, "", (3, 1)),
            agreement(Stage::Expired, "", (1, 1)),
            agreement(Stage::Accepted, "", (1, 2)),
            agreement(Stage::Rejected, "b", (1, 1)),
            agreement(Stage::Deleted, "a", (2, 2)),
            agreement(Stage::Deleted, "b", (2, 4)),
        ];
        for one in &views {
            for other in &views {
                let (mut here, mut there) = (one.clone(), other.clone());
                here.merge(other);
                there.merge(one);
                assert_eq!(here, there);
                let before = here.clone();
                here.merge(other);
                assert_eq!(here, before, "hearing it again changes nothing");
            }
        }
    }

    #[test]
    fn what_was_accepted_in_time_has_not_expired() {
        let mut requester = agreement(Stage::Expired, "", (1, 0));
        requester.merge(&agreement(Stage::Accepted, "", (1, 1)));
        assert_eq!((requester.stage(), requester.is_over()), (Stage::Accepted, false));
    }
}
