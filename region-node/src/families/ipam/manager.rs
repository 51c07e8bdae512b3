//! An IPAM: the regions that it watches, and what of them it leaves alone.

use archipelago_proto::ec2::v1::{Ipam, IpamOperatingRegion};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::life::{DELETING, MODIFYING, after, incorrect_state, settled};
use super::scope::ScopeState;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::Millis;

#[derive(Clone, PartialEq, Message)]
pub struct IpamState {
    /// Without its counts, which the view joins.
    #[prost(message, required, tag = "1")]
    pub public: Ipam,
    #[prost(int64, optional, tag = "2")]
    pub(super) settles: Option<Millis>,
    /// Its default scopes are to go.
    #[prost(bool, tag = "3")]
    pub(super) leaving: bool,
    #[prost(message, repeated, tag = "4")]
    pub(super) placements: Vec<Placement>,
}

/// Where the block of a resource belongs, if not in the private default scope.
#[derive(Clone, PartialEq, Message)]
pub struct Placement {
    #[prost(string, tag = "1")]
    pub(super) resource: String,
    #[prost(string, tag = "2")]
    pub(super) cidr: String,
    #[prost(string, tag = "3")]
    pub(super) scope: String,
    #[prost(bool, tag = "4")]
    pub(super) ignored: bool,
}

pub struct IpamChange {
    pub description: Option<String>,
    pub tier: Option<String>,
    pub enable_private_gua: Option<bool>,
    pub metered_account: Option<String>,
    pub add: Vec<String>,
    pub remove: Vec<String>,
}

pub enum IpamCommand {
    Modify(IpamChange),
    Place(Placement),
    Delete,
    Left,
}

impl IpamState {
    /// The scopes that come and go with it.
    fn is_default_scope(&self, id: &Id) -> bool {
        [self.public.private_default_scope_id(), self.public.public_default_scope_id()].contains(&id.as_str())
    }

    pub(super) fn operates_in(&self, region: &str) -> bool {
        self.public.operating_regions.iter().any(|known| known.region_name() == region)
    }

    fn modify(&mut self, change: IpamChange) -> Ec2Result<()> {
        if change.remove.iter().any(|region| *region == self.public.ipam_region()) {
            return Err(Ec2Error::invalid_parameter(
                "The IPAM home region cannot be removed from its operating regions.",
            ));
        }
        let regions = &mut self.public.operating_regions;
        if let Some(unknown) = change.remove.iter().find(|region| !regions.iter().any(|r| r.region_name() == **region))
        {
            return Err(Ec2Error::invalid_parameter(format!("The region {unknown} is not an operating region.")));
        }
        regions.retain(|known| !change.remove.iter().any(|region| region == known.region_name()));
        for region in change.add {
            if !regions.iter().any(|known| known.region_name() == region) {
                regions.push(IpamOperatingRegion { region_name: Some(region) });
            }
        }
        let public = &mut self.public;
        public.description = change.description.or(public.description.take());
        public.tier = change.tier.or(public.tier.take());
        public.enable_private_gua = change.enable_private_gua.or(public.enable_private_gua);
        public.metered_account = change.metered_account.or(public.metered_account.take());
        Ok(())
    }
}

impl Entity for IpamState {
    const KIND: Kind = Kind {
        resource_type: "ipam",
        prefix: "ipam",
        not_found: "InvalidIpamId.NotFound",
        malformed: "InvalidIpamId.Malformed",
        noun: "ipam ID",
    };
    type Command = IpamCommand;
    type Reply = ();

    fn decide(&self, command: IpamCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.public.state(), command) {
            (_, IpamCommand::Left) => return Ok(Decision::gone(next)),
            (DELETING, IpamCommand::Delete) => return Ok(Decision::keep()),
            (DELETING, _) => return Err(incorrect_state(facts.id, DELETING)),
            (_, IpamCommand::Modify(change)) => {
                next.modify(change)?;
                next.public.state = Some(MODIFYING.to_owned());
                next.settles = after(facts);
            }
            (_, IpamCommand::Place(placement)) => {
                let same = |known: &Placement| known.resource == placement.resource && known.cidr == placement.cidr;
                next.placements.retain(|known| !same(known));
                next.placements.push(placement);
            }
            (_, IpamCommand::Delete) => {
                let scopes = facts.dependents_of(&ScopeState::KIND);
                let used = scopes.filter(|id| !self.is_default_scope(id)).count() > 0
                    || facts.dependents.iter().any(|id| !id.is(&ScopeState::KIND));
                if used {
                    return Err(Ec2Error::dependency_violation(format!(
                        "The IPAM {} has scopes or pools and cannot be deleted.",
                        facts.id
                    )));
                }
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
            next.leaving = true;
        } else if let Some(state) = settled(self.public.state()) {
            next.public.state = Some(state);
        }
        Next::Become(next)
    }

    fn intent(&self) -> bool {
        self.leaving
    }

    resource!(tags);
}
