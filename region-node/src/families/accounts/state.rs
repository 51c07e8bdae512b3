//! An account's settings in this region, and the names that are unique in it.

use std::collections::BTreeMap;

use archipelago_proto::ec2::v1::{InstanceMetadataDefaultsResponse, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use imbl::{OrdMap, OrdSet};
use prost::Message;

use crate::entity::{Decision, Entity, Facts, Id, Kind};
use crate::time::Millis;

#[derive(Clone, Default)]
pub struct AccountState {
    pub settings: Settings,
    /// Who has which name: a key pair's, say. Derived from those who have them.
    names: OrdMap<Name, Id>,
    /// The snapshot copies under way. Derived too.
    copies: OrdSet<Id>,
}

/// What the store keeps.
#[derive(Clone, PartialEq, Message)]
pub struct Settings {
    #[prost(bool, tag = "1")]
    pub ebs_encryption_by_default: bool,
    /// Empty: AWS's own key, `alias/aws/ebs`.
    #[prost(string, tag = "2")]
    pub ebs_default_kms_key: String,
    /// The DHCP options of new VPCs.
    #[prost(string, tag = "3")]
    pub default_dhcp_options: String,
    /// The elastic addresses that the account may have back, the last one last.
    #[prost(message, repeated, tag = "4")]
    pub released: Vec<Released>,
    /// The groups of zones that the account has opted in to.
    #[prost(string, repeated, tag = "5")]
    pub zone_groups: Vec<String>,
    /// How far its VPCs are shut off from the internet; empty: as AWS begins, not at all.
    #[prost(string, tag = "30")]
    pub public_access_mode: String,
    #[prost(int64, optional, tag = "31")]
    pub public_access_updated: Option<Millis>,
    #[prost(bool, tag = "21")]
    pub serial_console_access: bool,
    /// Images may not be shared with everybody.
    #[prost(bool, tag = "22")]
    pub block_image_sharing: bool,
    /// `block-all-sharing` or `block-new-sharing`; empty where snapshots may be shared with everybody.
    #[prost(string, tag = "23")]
    pub block_snapshot_sharing: String,
    /// Of new instances.
    #[prost(message, optional, tag = "24")]
    pub metadata_defaults: Option<InstanceMetadataDefaultsResponse>,
    /// Of new burstable instances, by family.
    #[prost(btree_map = "string, string", tag = "25")]
    pub credits: BTreeMap<String, String>,
}

/// A change of settings.
pub type Change = Box<dyn FnOnce(&mut Settings) + Send>;

/// An elastic address that was released.
#[derive(Clone, PartialEq, Message)]
pub struct Released {
    #[prost(string, tag = "1")]
    pub public_ip: String,
    #[prost(int64, tag = "2")]
    pub at: Millis,
}

/// Of older ones it is not known any more whose they were.
const MOST_RELEASED: usize = 256;

/// A name, unique among the account's resources of a type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    pub resource_type: &'static str,
    pub name: String,
}

/// AWS: concurrent snapshot copies into a region.
const MOST_COPIES: usize = 20;

pub enum AccountCommand {
    Change(Change),
    /// Whether volumes are encrypted by default.
    EncryptEbs(bool),
    /// The key for that, by its ARN; empty for AWS's own.
    EbsKey(String),
    /// Snapshots that are to be copied into the region.
    BeginCopies(Vec<Id>),
    EndCopy(Id),
    /// Opts in to a group of zones.
    OptIn(String),
    /// An elastic address went back, or was recovered.
    Release(String),
    Recover(String),
    /// The mode of VPC Block Public Access.
    BlockPublicAccess(String),
    /// Takes a name; it fails with the error if another has it.
    Claim {
        name: Name,
        by: Id,
        taken: Ec2Error,
    },
    /// Gives a name back, if it is this resource's.
    Disclaim {
        name: Name,
        by: Id,
    },
}

impl AccountState {
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// Who has a name.
    pub fn holder(&self, name: &Name) -> Option<&Id> {
        self.names.get(name)
    }
}

/// The id under which the account is an entity.
pub fn account_id(account: &str) -> Id {
    Id::new(&format!("account-{account}"))
}

impl Entity for AccountState {
    const KIND: Kind = Kind {
        resource_type: "account",
        prefix: "account",
        not_found: "InternalError",
        malformed: "InternalError",
        noun: "account",
    };
    type Command = AccountCommand;
    type Reply = ();
    const TAGGABLE: bool = false;

    fn decide(&self, command: AccountCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match command {
            AccountCommand::Change(change) => change(&mut next.settings),
            AccountCommand::EncryptEbs(on) => next.settings.ebs_encryption_by_default = on,
            AccountCommand::EbsKey(arn) => next.settings.ebs_default_kms_key = arn,
            AccountCommand::BeginCopies(ids) => {
                next.copies.extend(ids);
                if next.copies.len() > MOST_COPIES {
                    return Err(Ec2Error::new(
                        "ResourceLimitExceeded",
                        format!(
                            "Too many snapshot copies in progress. The limit is {MOST_COPIES} for this destination region."
                        ),
                    ));
                }
            }
            AccountCommand::EndCopy(id) => drop(next.copies.remove(&id)),
            AccountCommand::OptIn(group) => {
                let known = &mut next.settings.zone_groups;
                known.extend(Some(group).filter(|group| !known.contains(group)));
            }
            AccountCommand::Release(public_ip) => {
                let released = &mut next.settings.released;
                released.retain(|known| known.public_ip != public_ip);
                released.push(Released { public_ip, at: facts.now });
                released.drain(..released.len().saturating_sub(MOST_RELEASED));
            }
            AccountCommand::Recover(public_ip) => {
                next.settings.released.retain(|known| known.public_ip != public_ip);
            }
            AccountCommand::BlockPublicAccess(mode) => {
                next.settings.public_access_mode = mode;
                next.settings.public_access_updated = Some(facts.now);
            }
            AccountCommand::Claim { name, by, taken } => match self.names.get(&name) {
                Some(owner) if *owner != by => return Err(taken),
                _ => drop(next.names.insert(name, by)),
            },
            AccountCommand::Disclaim { name, by } => {
                if self.names.get(&name) == Some(&by) {
                    next.names.remove(&name);
                }
            }
        }
        Ok(Decision::become_(next))
    }

    fn tags(&self) -> &[Tag] {
        &[]
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        unreachable!("an account has no tags: no client knows its id")
    }

    fn encode(&self) -> Vec<u8> {
        self.settings.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Some(Self { settings: Settings::decode(bytes).ok()?, names: OrdMap::new(), copies: OrdSet::new() })
    }
}
