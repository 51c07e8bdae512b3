//! A scope: one space of addresses, in which the pools at the top are disjoint.

use archipelago_proto::ec2::v1::IpamScope;
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;
use prost::Message;

use super::life::{DELETING, MODIFYING, after, incorrect_state, settled};
use super::space::overlap;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::Millis;

#[derive(Clone, PartialEq, Message)]
pub struct ScopeState {
    /// Without its count of pools, which the view joins.
    #[prost(message, required, tag = "1")]
    pub public: IpamScope,
    #[prost(string, tag = "2")]
    pub ipam: String,
    #[prost(int64, optional, tag = "3")]
    pub(super) settles: Option<Millis>,
    #[prost(message, repeated, tag = "4")]
    pub(super) blocks: Vec<Block>,
}

/// What a pool at the top is provisioned with.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Block {
    #[prost(string, tag = "1")]
    pub(super) cidr: String,
    #[prost(string, tag = "2")]
    pub(super) pool: String,
}

pub enum ScopeCommand {
    Modify {
        description: Option<String>,
    },
    Take {
        cidr: IpNet,
        pool: Id,
    },
    Free {
        cidr: String,
        pool: Id,
    },
    Delete,
    /// A default scope goes with its IPAM only.
    DeleteWithIpam,
}

impl ScopeState {
    pub fn is_public(&self) -> bool {
        self.public.ipam_scope_type() == "public"
    }
}

impl Entity for ScopeState {
    const KIND: Kind = Kind {
        resource_type: "ipam-scope",
        prefix: "ipam-scope",
        not_found: "InvalidIpamScopeId.NotFound",
        malformed: "InvalidIpamScopeId.Malformed",
        noun: "ipam-scope ID",
    };
    type Command = ScopeCommand;
    type Reply = ();

    fn decide(&self, command: ScopeCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.public.state(), command) {
            (_, ScopeCommand::DeleteWithIpam) => return Ok(Decision::gone(next)),
            (_, ScopeCommand::Free { cidr, pool }) => {
                next.blocks.retain(|known| known.cidr != cidr || known.pool != *pool);
            }
            (DELETING, ScopeCommand::Delete) => return Ok(Decision::keep()),
            (DELETING, _) => return Err(incorrect_state(facts.id, DELETING)),
            (_, ScopeCommand::Modify { description }) => {
                next.public.description = description.or(next.public.description);
                next.public.state = Some(MODIFYING.to_owned());
                next.settles = after(facts);
            }
            (_, ScopeCommand::Take { cidr, pool }) => {
                let taken = self.blocks.iter().find(|known| known.cidr.parse().is_ok_and(|net| overlap(&net, &cidr)));
                if let Some(taken) = taken {
                    return Err(Ec2Error::invalid_parameter(format!(
                        "The CIDR {cidr} overlaps with {}, which the pool {} has in this scope.",
                        taken.cidr, taken.pool
                    )));
                }
                next.blocks.push(Block { cidr: cidr.to_string(), pool: pool.into() });
            }
            (_, ScopeCommand::Delete) if self.public.is_default() => {
                return Err(Ec2Error::new(
                    "OperationNotPermitted",
                    format!("The scope {} is a default scope and cannot be deleted.", facts.id),
                ));
            }
            (_, ScopeCommand::Delete) if !facts.dependents.is_empty() => {
                return Err(Ec2Error::dependency_violation(format!(
                    "The scope {} has pools and cannot be deleted.",
                    facts.id
                )));
            }
            (_, ScopeCommand::Delete) => {
                next.public.state = Some(DELETING.to_owned());
                next.settles = after(facts);
            }
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, _: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        if self.public.state() == DELETING {
            return Next::Gone(next);
        }
        if let Some(state) = settled(self.public.state()) {
            next.public.state = Some(state);
        }
        Next::Become(next)
    }

    fn links(&self) -> Vec<Id> {
        vec![Id::new(&self.ipam)]
    }

    resource!(tags);
}
