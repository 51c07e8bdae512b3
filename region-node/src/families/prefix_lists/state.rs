//! A prefix list: each change of its entries is a new version.

use archipelago_proto::ec2::v1::{ManagedPrefixList, PrefixListEntry};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::entries::{Changes, apply};
use crate::entity::{Audience, Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::{Millis, Transition};

/// The owner of the lists that every account sees.
pub(super) const AWS: &str = "AWS";

#[derive(Clone, PartialEq, Message)]
pub struct PrefixListState {
    #[prost(message, required, tag = "1")]
    pub public: ManagedPrefixList,
    /// The oldest first; the last one is the current one.
    #[prost(message, repeated, tag = "2")]
    pub versions: Vec<Version>,
    /// When what is in progress is complete.
    #[prost(int64, optional, tag = "3")]
    settles: Option<Millis>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Version {
    #[prost(int64, tag = "1")]
    pub number: i64,
    #[prost(message, repeated, tag = "2")]
    pub entries: Vec<PrefixListEntry>,
}

pub enum PrefixListCommand {
    Modify(Changes),
    Restore { previous: i64, current: i64 },
    Delete,
}

impl PrefixListState {
    /// In its first version. `settles` is when its creation is complete.
    pub(super) fn new(public: ManagedPrefixList, entries: Vec<PrefixListEntry>, settles: Millis) -> Self {
        Self { public, versions: vec![Version { number: 1, entries }], settles: Some(settles) }
    }

    pub(super) fn of_aws(public: ManagedPrefixList, entries: Vec<PrefixListEntry>) -> Self {
        Self { public, versions: vec![Version { number: 1, entries }], settles: None }
    }

    pub fn is_aws(&self) -> bool {
        self.public.owner_id() == AWS
    }

    /// The entries of the current version.
    pub fn entries(&self) -> &[PrefixListEntry] {
        self.versions.last().map(|version| version.entries.as_slice()).unwrap_or_default()
    }

    fn set_state(&mut self, state: &str) {
        self.public.state = Some(state.to_owned());
    }

    fn new_version(&mut self, entries: Vec<PrefixListEntry>) {
        let number = self.public.version() + 1;
        self.versions.push(Version { number, entries });
        self.public.version = Some(number);
    }

    fn check_version(&self, current: i64) -> Ec2Result<()> {
        if current == self.public.version() {
            return Ok(());
        }
        Err(Ec2Error::new(
            "PrefixListVersionMismatch",
            format!(
                "The prefix list {} has the version {}, which is not the specified version {current}.",
                self.public.prefix_list_id(),
                self.public.version()
            ),
        ))
    }
}

impl Entity for PrefixListState {
    const KIND: Kind = Kind {
        resource_type: "prefix-list",
        prefix: "pl",
        not_found: "InvalidPrefixListID.NotFound",
        malformed: "InvalidPrefixListId.Malformed",
        noun: "prefix list ID",
    };
    type Command = PrefixListCommand;
    type Reply = ();

    fn decide(&self, command: PrefixListCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match command {
            _ if self.settles.is_some() => {
                return Err(Ec2Error::new(
                    "IncorrectState",
                    format!(
                        "The request cannot be completed while the prefix list ({}) is in the current state ({}).",
                        facts.id,
                        self.public.state()
                    ),
                ));
            }
            PrefixListCommand::Modify(changes) => {
                if let Some(current) = changes.current_version {
                    self.check_version(current)?;
                }
                if let Some(name) = changes.name {
                    next.public.prefix_list_name = Some(name);
                }
                if let Some(most) = changes.max_entries {
                    if self.entries().len() > usize::try_from(most).unwrap_or_default() {
                        return Err(Ec2Error::invalid_parameter(format!(
                            "The prefix list has more than {most} entries."
                        )));
                    }
                    next.public.max_entries = Some(most);
                }
                if !changes.add.is_empty() || !changes.remove.is_empty() {
                    let entries = apply(self.entries(), changes.add, &changes.remove, self.public.max_entries())?;
                    next.new_version(entries);
                }
                next.set_state("modify-in-progress");
            }
            PrefixListCommand::Restore { previous, current } => {
                self.check_version(current)?;
                let known = self.versions.iter().find(|version| version.number == previous && previous != current);
                let known = known.ok_or_else(|| Ec2Error::invalid_value("previousVersion", previous))?;
                if known.entries.len() > usize::try_from(self.public.max_entries()).unwrap_or_default() {
                    return Err(super::entries::too_many(self.public.max_entries()));
                }
                next.new_version(known.entries.clone());
                next.set_state("restore-in-progress");
            }
            PrefixListCommand::Delete if facts.dependents.is_empty() => next.set_state("delete-in-progress"),
            PrefixListCommand::Delete => {
                return Err(Ec2Error::dependency_violation(format!(
                    "The prefix list '{}' is referenced by other resources and cannot be deleted.",
                    facts.id
                )));
            }
        }
        next.settles = Some(facts.after(Transition::PrefixListChange));
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        match self.public.state() {
            "delete-in-progress" => return Next::Gone(next),
            "restore-in-progress" => next.set_state("restore-complete"),
            "modify-in-progress" => next.set_state("modify-complete"),
            _ => next.set_state("create-complete"),
        }
        Next::Become(next)
    }

    fn audience(&self) -> Audience<'_> {
        if self.is_aws() { Audience::Everyone } else { Audience::Owner }
    }

    fn links(&self) -> Vec<Id> {
        Vec::new()
    }

    resource!(tags);
}
