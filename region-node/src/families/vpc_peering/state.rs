//! A VPC peering connection (AWS: "VPC peering connection lifecycle").

use archipelago_proto::cluster::v1::{Party, Stage};
use archipelago_proto::ec2::v1::{
    PeeringConnectionOptionsRequest, Tag, VpcPeeringConnectionOptionsDescription, VpcPeeringConnectionVpcInfo,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::KIND;
use crate::entity::{Audience, Decision, Entity, Facts, Id, Kind, Next};
use crate::peer::{Handshake, Heard, Role};
use crate::quotas::Weight;
use crate::time::{Millis, Transition};

const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;

/// How long it may be accepted.
pub(super) const OPEN_FOR: Millis = 7 * DAY;

#[derive(Clone, PartialEq, Message)]
pub struct VpcPeeringState {
    #[prost(message, required, tag = "1")]
    pub side: Handshake,
    /// What its owner has tagged it with.
    #[prost(message, repeated, tag = "2")]
    pub tags: Vec<Tag>,
    /// And the other account of the same region, if there is one.
    #[prost(message, repeated, tag = "3")]
    pub guest_tags: Vec<Tag>,
    /// When its status settles: initiating-request, provisioning and deleting pass.
    #[prost(int64, optional, tag = "4")]
    pub settles: Option<Millis>,
    /// What becomes of a request within the region, once it is made.
    #[prost(enumeration = "Stage", tag = "5")]
    pub verdict: i32,
    /// Since when it is over.
    #[prost(int64, optional, tag = "6")]
    pub ended: Option<Millis>,
}

pub enum PeeringCommand {
    /// With what the accepter says of its VPC.
    Accept(VpcPeeringConnectionVpcInfo),
    Reject,
    Delete {
        by: String,
    },
    /// The options of each side that changes.
    SetOptions {
        requester: Option<PeeringConnectionOptionsRequest>,
        accepter: Option<PeeringConnectionOptionsRequest>,
    },
    Hear(Heard),
}

impl VpcPeeringState {
    fn of(side: Handshake, tags: Vec<Tag>) -> Self {
        Self { side, tags, ..Self::default() }
    }

    /// The requester's side. Within a region it is known at once what becomes of it, and seen `settles`.
    pub(super) fn requested(side: Handshake, tags: Vec<Tag>, verdict: Stage, settles: Millis) -> Self {
        let within = side.elsewhere().is_none();
        Self { verdict: verdict.into(), settles: within.then_some(settles), ..Self::of(side, tags) }
    }

    /// The accepter's side, in another region than the requester's.
    pub(super) fn received(side: Handshake) -> Self {
        Self::of(side, Vec::new())
    }

    pub(super) fn terms(&self, role: Role) -> VpcPeeringConnectionVpcInfo {
        VpcPeeringConnectionVpcInfo::decode(self.side.party(role).terms.clone()).unwrap_or_default()
    }

    fn in_motion(&self) -> bool {
        self.settles.is_some() || self.side.owes()
    }

    /// The status code of AWS.
    pub fn code(&self) -> &'static str {
        match self.side.stage() {
            Stage::Unspecified | Stage::Requested => "initiating-request",
            Stage::Pending => "pending-acceptance",
            Stage::Expired => "expired",
            Stage::Accepted if self.settles.is_some() => "provisioning",
            Stage::Accepted => "active",
            Stage::Failed => "failed",
            Stage::Rejected => "rejected",
            Stage::Deleted if self.in_motion() => "deleting",
            Stage::Deleted => "deleted",
        }
    }

    pub fn is_active(&self) -> bool {
        self.code() == "active"
    }

    pub fn is_over(&self) -> bool {
        self.side.agreement.is_over()
    }

    /// The VPC of this id that an account has in it, on this side.
    pub fn joins(&self, account: &str, vpc: &str) -> bool {
        self.side.roles(account).any(|role| self.side.party(role).resource == vpc)
    }

    /// How long who has this role still sees it when it is over.
    fn remains(&self, role: Role) -> Millis {
        let own = self.side.party(role).account == self.side.agreement.by;
        match (self.side.stage(), role) {
            (Stage::Failed, Role::Requester) | (Stage::Rejected, Role::Accepter) => 2 * HOUR,
            (Stage::Deleted, _) if own => 2 * HOUR,
            (Stage::Failed, Role::Accepter) => 0,
            _ => 2 * DAY,
        }
    }

    /// Who does not see it yet, or no longer, has no role in it.
    fn is_seen(&self, role: Role, now: Millis) -> bool {
        let stage = self.side.stage();
        let begun = role == Role::Requester || !matches!(stage, Stage::Unspecified | Stage::Requested | Stage::Failed);
        begun && self.ended.is_none_or(|ended| now < ended + self.remains(role))
    }

    pub fn visible_to(&self, account: &str, now: Millis) -> bool {
        self.side.roles(account).any(|role| self.is_seen(role, now))
    }

    /// When nobody on this side sees it any more. It stays for as long as the other side has to be told.
    fn vanishes(&self) -> Option<Millis> {
        let ended = self.ended.filter(|_| !self.side.owes())?;
        let here = Role::BOTH.into_iter().filter(|role| self.side.is_here(*role));
        here.map(|role| ended + self.remains(role)).max()
    }

    fn illegal(&self, facts: &Facts<'_>, to: &str) -> Ec2Error {
        Ec2Error::new(
            "InvalidStateTransition",
            format!("Invalid state transition for {}, attempted to transition from {} to {to}", facts.id, self.code()),
        )
    }

    /// What follows from the stage that it has come to, whoever has brought it there.
    fn arrive(&mut self, before: Stage, facts: &Facts<'_>) {
        let stage = self.side.stage();
        if stage == before {
            return;
        }
        self.settles = match stage {
            Stage::Accepted => Some(facts.after(Transition::PeeringProvision)),
            Stage::Deleted => Some(facts.after(Transition::PeeringDelete)),
            _ => None,
        };
        if self.is_over() {
            self.ended = self.ended.or(Some(facts.now));
        }
    }

    fn set_options(&mut self, role: Role, new: Option<&PeeringConnectionOptionsRequest>) {
        let Some(new) = new else { return };
        let mut terms = self.terms(role);
        let known = terms.peering_options.unwrap_or_else(no_options);
        let dns = new.allow_dns_resolution_from_remote_vpc.or(known.allow_dns_resolution_from_remote_vpc);
        terms.peering_options =
            Some(VpcPeeringConnectionOptionsDescription { allow_dns_resolution_from_remote_vpc: dns, ..known });
        self.side.say(role, &terms);
    }

    fn obey(&mut self, command: PeeringCommand, facts: &Facts<'_>) -> Ec2Result<()> {
        match (command, self.side.stage()) {
            (PeeringCommand::Accept(terms), Stage::Pending) => {
                self.side.say(Role::Accepter, &terms);
                self.side.advance(Stage::Accepted, "");
            }
            (PeeringCommand::Accept(_), _) => return Err(self.illegal(facts, "active")),
            (PeeringCommand::Reject, Stage::Pending) => {
                let by = self.side.party(Role::Accepter).account.clone();
                self.side.advance(Stage::Rejected, &by);
            }
            (PeeringCommand::Reject, _) => return Err(self.illegal(facts, "rejected")),
            (PeeringCommand::Delete { by }, Stage::Requested | Stage::Pending)
                if by != self.side.party(Role::Requester).account =>
            {
                return Err(Ec2Error::new(
                    "OperationNotPermitted",
                    format!("User {by} cannot delete peering {}, which is not accepted yet", facts.id),
                ));
            }
            (PeeringCommand::Delete { by }, Stage::Requested | Stage::Pending | Stage::Accepted) => {
                self.side.advance(Stage::Deleted, &by);
            }
            (PeeringCommand::Delete { .. }, _) => return Err(self.illegal(facts, "deleting")),
            (PeeringCommand::SetOptions { requester, accepter }, Stage::Accepted) if self.is_active() => {
                self.set_options(Role::Requester, requester.as_ref());
                self.set_options(Role::Accepter, accepter.as_ref());
            }
            (PeeringCommand::SetOptions { .. }, _) => {
                let message = format!(
                    "Peering {} is not active. Peering options can be added only to active peerings.",
                    facts.id
                );
                return Err(Ec2Error::new("OperationNotPermitted", message));
            }
            (PeeringCommand::Hear(heard), _) => self.side.hear(heard, facts.now),
        }
        Ok(())
    }
}

/// What either side has until it says otherwise.
pub(super) fn no_options() -> VpcPeeringConnectionOptionsDescription {
    VpcPeeringConnectionOptionsDescription {
        allow_dns_resolution_from_remote_vpc: Some(false),
        allow_egress_from_local_classic_link_to_remote_vpc: Some(false),
        allow_egress_from_local_vpc_to_remote_classic_link: Some(false),
    }
}

impl Entity for VpcPeeringState {
    const KIND: Kind = Kind {
        resource_type: KIND,
        prefix: "pcx",
        not_found: "InvalidVpcPeeringConnectionID.NotFound",
        malformed: "InvalidVpcPeeringConnectionId.Malformed",
        noun: "vpcPeeringConnection ID",
    };
    type Command = PeeringCommand;
    type Reply = ();

    fn decide(&self, command: PeeringCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        next.obey(command, facts)?;
        next.arrive(self.side.stage(), facts);
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        let expires = (self.side.stage() == Stage::Pending).then_some(self.side.agreement.expires);
        [self.settles, self.side.due(), expires, self.vanishes()].into_iter().flatten().min()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        if self.vanishes().is_some_and(|vanishes| vanishes <= facts.now) {
            return Next::Gone(self.clone());
        }
        let mut next = self.clone();
        next.side.elapse(facts.now);
        if next.settles.is_some_and(|settles| settles <= facts.now) {
            next.settles = None;
            if next.side.stage() == Stage::Requested {
                next.side.agreement.stage = next.verdict;
            }
        }
        if next.side.stage() == Stage::Pending && next.side.agreement.expires <= facts.now {
            next.side.advance(Stage::Expired, "");
        }
        next.arrive(self.side.stage(), facts);
        Next::Become(next)
    }

    fn tags(&self) -> &[Tag] {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Vec<Tag> {
        &mut self.tags
    }

    /// Within a region the accepter's account may be another than the requester's.
    fn guest(&self) -> Option<(&str, &[Tag])> {
        let (requester, accepter) = (self.side.party(Role::Requester), self.side.party(Role::Accepter));
        let shared = self.side.elsewhere().is_none() && requester.account != accepter.account;
        let begun = !matches!(self.side.stage(), Stage::Unspecified | Stage::Requested | Stage::Failed);
        (shared && begun).then_some((&accepter.account, &self.guest_tags))
    }

    fn guest_tags_mut(&mut self) -> Option<&mut Vec<Tag>> {
        self.guest().is_some().then_some(())?;
        Some(&mut self.guest_tags)
    }

    /// A VPC stays while it is peered, or asks to be.
    fn links(&self) -> Vec<Id> {
        let accepted = self.side.stage() == Stage::Accepted;
        let bound = |role: &Role| self.side.is_here(*role) && (*role == Role::Requester || accepted);
        let roles = Role::BOTH.into_iter().filter(|role| !self.is_over() && bound(role));
        roles.map(|role| Id::new(&self.side.party(role).resource)).collect()
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        let asked = (Role::Requester, "outstanding-peerings-per-vpc");
        let (requester, accepter) = (Role::Requester, Role::Accepter);
        let active = [(requester, "active-peerings-per-vpc"), (accepter, "active-peerings-per-vpc")];
        let taken: &[(Role, &str)] = match self.code() {
            "initiating-request" | "pending-acceptance" => &[asked],
            "provisioning" | "active" => &active,
            _ => &[],
        };
        let here = taken.iter().filter(|(role, _)| self.side.is_here(*role));
        here.map(|(role, quota)| {
            let party = self.side.party(*role);
            Weight::new(quota, 1).per(&party.resource).by(&party.account)
        })
        .collect()
    }

    /// What the other region has agreed to.
    fn is_owed(command: &PeeringCommand) -> bool {
        matches!(command, PeeringCommand::Hear(_))
    }

    fn audience(&self) -> Audience<'_> {
        self.guest().map_or(Audience::Owner, |(guest, _)| Audience::Accounts(vec![guest]))
    }

    fn intent(&self) -> bool {
        self.side.intent()
    }

    fn encode(&self) -> Vec<u8> {
        self.encode_to_vec()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        Message::decode(bytes).ok()
    }
}

/// A VPC as a party.
pub(super) fn party(region: &str, account: &str, vpc: &str, terms: Option<&VpcPeeringConnectionVpcInfo>) -> Party {
    Party {
        region: region.to_owned(),
        account: account.to_owned(),
        resource: vpc.to_owned(),
        terms: terms.map(Message::encode_to_vec).unwrap_or_default().into(),
        revision: u64::from(terms.is_some()),
    }
}
