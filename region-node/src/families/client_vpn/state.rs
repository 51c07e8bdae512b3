//! An endpoint: pending-associate, available, deleting, gone; with its associations, routes and rules.

use archipelago_proto::ec2::v1::{
    AssociationStatus, AuthorizationRule, ClientVpnEndpoint, ClientVpnEndpointStatus, ClientVpnRoute, TargetNetwork,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;
use prost::Message;

use super::transitions::{
    ASSOCIATING, AUTHORIZING, CREATING, DELETING, DISASSOCIATING, REVOKING, route_status, rule_status,
};
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, Part, resource};
use crate::quotas::Weight;
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct ClientVpnState {
    #[prost(message, required, tag = "1")]
    pub public: ClientVpnEndpoint,
    #[prost(message, repeated, tag = "2")]
    pub associations: Vec<Association>,
    #[prost(message, repeated, tag = "3")]
    pub routes: Vec<VpnRoute>,
    #[prost(message, repeated, tag = "4")]
    pub rules: Vec<Rule>,
    /// When it is deleted.
    #[prost(int64, optional, tag = "5")]
    pub(super) settles: Option<Millis>,
    /// The interfaces of subnets that it no longer leads to.
    #[prost(string, repeated, tag = "6")]
    pub(super) left: Vec<String>,
    #[prost(string, optional, tag = "7")]
    pub revocation_list: Option<String>,
    /// When the list is in force.
    #[prost(int64, optional, tag = "8")]
    pub revocation_settles: Option<Millis>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Association {
    #[prost(message, required, tag = "1")]
    pub public: TargetNetwork,
    #[prost(string, tag = "2")]
    pub zone: String,
    #[prost(string, tag = "3")]
    pub interface: String,
    #[prost(int64, optional, tag = "4")]
    pub settles: Option<Millis>,
    /// The blocks of its VPC, to which routes lead.
    #[prost(string, repeated, tag = "5")]
    pub blocks: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub struct VpnRoute {
    #[prost(message, required, tag = "1")]
    pub public: ClientVpnRoute,
    #[prost(int64, optional, tag = "2")]
    pub settles: Option<Millis>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Rule {
    #[prost(message, required, tag = "1")]
    pub public: AuthorizationRule,
    #[prost(int64, optional, tag = "2")]
    pub settles: Option<Millis>,
}

type Change = Box<dyn Fn(&mut ClientVpnEndpoint) + Send + Sync>;

pub enum ClientVpnCommand {
    /// What it becomes by a change of its options.
    Modify(Change),
    Associate(Box<Association>),
    /// Takes back an association that has not come to be.
    Forget(String),
    Disassociate(String),
    UseGroups {
        vpc: String,
        groups: Vec<String>,
    },
    AddRoute(ClientVpnRoute),
    RemoveRoute {
        destination: String,
        subnet: Option<String>,
    },
    Authorize(AuthorizationRule),
    Revoke {
        destination: String,
        group: Option<String>,
    },
    Import(String),
    Delete,
    /// These interfaces are gone.
    Left(Vec<String>),
}

pub(super) fn error(code: &str, message: String) -> Ec2Error {
    Ec2Error::new(code, message)
}

impl ClientVpnState {
    pub(super) fn code(&self) -> &str {
        self.public.status.as_ref().map_or("", ClientVpnEndpointStatus::code)
    }

    pub(super) fn set_code(&mut self, code: &str) {
        self.public.status = Some(ClientVpnEndpointStatus { code: Some(code.to_owned()), message: None });
    }

    /// The association that leads to a subnet and is not about to end.
    pub(super) fn leads_to(&self, subnet: &str) -> bool {
        let mut known = self.associations.iter();
        known.any(|known| known.public.target_network_id() == subnet && known.code() != DISASSOCIATING)
    }

    fn associate(&mut self, new: Association, facts: &Facts<'_>) -> Ec2Result<()> {
        let (subnet, vpc) = (new.public.target_network_id().to_owned(), new.public.vpc_id().to_owned());
        if self.public.vpc_id.as_deref().is_some_and(|known| known != vpc) && self.is_bound() {
            let message = format!("The subnet {subnet} is not in the VPC {} of the endpoint.", self.public.vpc_id());
            return Err(error("InvalidClientVpnSubnetId.DifferentVpc", message));
        }
        if self.leads_to(&subnet) {
            let message = format!("The subnet {subnet} is associated with the endpoint {} already.", facts.id);
            return Err(error("InvalidClientVpnDuplicateAssociation", message));
        }
        if let Some(other) = self.associations.iter().find(|known| known.zone == new.zone) {
            let other = other.public.target_network_id();
            let message = format!("The subnets {subnet} and {other} are in the same Availability Zone {}.", new.zone);
            return Err(error("InvalidClientVpnSubnetId.DuplicateAz", message));
        }
        let own: Option<IpNet> = self.public.client_cidr_block().parse().ok();
        let clash = new.blocks.iter().filter_map(|block| block.parse::<IpNet>().ok());
        let clash = own.and_then(|own| clash.into_iter().find(|block| block.contains(&own) || own.contains(block)));
        if let Some(block) = clash {
            let message = format!(
                "The client CIDR block {} overlaps with {block} of the VPC {vpc}.",
                self.public.client_cidr_block()
            );
            return Err(error("InvalidClientVpnSubnetId.OverlappingCidr", message));
        }
        self.public.vpc_id = Some(vpc);
        self.associations.push(new);
        Ok(())
    }

    /// Whether its VPC is one that it leads to or has security groups of.
    fn is_bound(&self) -> bool {
        !self.associations.is_empty() || !self.public.security_group_ids.is_empty()
    }

    fn disassociate(&mut self, id: &str, facts: &Facts<'_>) -> Ec2Result<()> {
        let known = self.associations.iter_mut().find(|known| known.public.association_id() == id);
        let known = known.ok_or_else(|| no_association(id))?;
        known.set_code(DISASSOCIATING);
        known.settles = Some(facts.after(Transition::ClientVpnChange));
        let subnet = known.public.target_network_id().to_owned();
        for route in self.routes.iter_mut().filter(|route| route.public.target_subnet() == subnet) {
            route.public.status = route_status(DELETING);
            route.settles = Some(facts.after(Transition::ClientVpnChange));
        }
        if self.associations.iter().all(|known| known.code() == DISASSOCIATING) {
            self.set_code("pending-associate");
        }
        Ok(())
    }

    fn add_route(&mut self, mut route: ClientVpnRoute, facts: &Facts<'_>) -> Ec2Result<()> {
        if !self.leads_to(route.target_subnet()) && route.target_subnet() != "local" {
            let message =
                format!("The endpoint {} is not associated with the subnet {}.", facts.id, route.target_subnet());
            return Err(error("InvalidClientVpnActiveAssociationNotFound", message));
        }
        if self.routes.iter().any(|known| is_route(known, route.destination_cidr(), Some(route.target_subnet()))) {
            let message =
                format!("The route to {} by {} exists already.", route.destination_cidr(), route.target_subnet());
            return Err(error("InvalidClientVpnDuplicateRoute", message));
        }
        route.status = route_status(CREATING);
        self.routes.push(VpnRoute { public: route, settles: Some(facts.after(Transition::ClientVpnChange)) });
        Ok(())
    }

    fn remove_route(&mut self, destination: &str, subnet: Option<&str>, facts: &Facts<'_>) -> Ec2Result<()> {
        let known = self.routes.iter_mut().find(|known| is_route(known, destination, subnet));
        let Some(known) = known else {
            let message = format!("The endpoint {} has no route to {destination}.", facts.id);
            return Err(error("InvalidClientVpnRouteNotFound", message));
        };
        if known.public.origin() == "associate" {
            let message = "Routes that were added with a target network cannot be deleted.".to_owned();
            return Err(error("OperationNotPermitted", message));
        }
        known.public.status = route_status(DELETING);
        known.settles = Some(facts.after(Transition::ClientVpnChange));
        Ok(())
    }

    fn authorize(&mut self, mut rule: AuthorizationRule, facts: &Facts<'_>) -> Ec2Result<()> {
        if self.rules.iter().any(|known| is_rule(known, rule.destination_cidr(), rule.group_id.as_deref())) {
            let message = format!("The rule for {} exists already.", rule.destination_cidr());
            return Err(error("InvalidClientVpnDuplicateAuthorizationRule", message));
        }
        rule.status = rule_status(AUTHORIZING);
        self.rules.push(Rule { public: rule, settles: Some(facts.after(Transition::ClientVpnChange)) });
        Ok(())
    }

    fn revoke(&mut self, destination: &str, group: Option<&str>, facts: &Facts<'_>) -> Ec2Result<()> {
        let known = self.rules.iter_mut().find(|known| is_rule(known, destination, group));
        let Some(known) = known else {
            let message = format!("The endpoint {} has no such authorization rule for {destination}.", facts.id);
            return Err(error("InvalidClientVpnEndpointAuthorizationRuleNotFound", message));
        };
        known.public.status = rule_status(REVOKING);
        known.settles = Some(facts.after(Transition::ClientVpnChange));
        Ok(())
    }
}

fn is_route(known: &VpnRoute, destination: &str, subnet: Option<&str>) -> bool {
    known.public.destination_cidr() == destination
        && subnet.is_none_or(|subnet| known.public.target_subnet() == subnet)
        && known.public.status != route_status(DELETING)
}

/// Without a group it is the rule for all groups.
fn is_rule(known: &Rule, destination: &str, group: Option<&str>) -> bool {
    known.public.destination_cidr() == destination
        && known.public.group_id.as_deref().unwrap_or_default() == group.unwrap_or_default()
        && known.public.status != rule_status(REVOKING)
}

pub(super) fn no_association(id: &str) -> Ec2Error {
    error("InvalidClientVpnAssociationIdNotFound", format!("The association ID '{id}' does not exist"))
}

impl Association {
    pub(super) fn code(&self) -> &str {
        self.public.status.as_ref().map_or("", AssociationStatus::code)
    }

    pub(super) fn set_code(&mut self, code: &str) {
        self.public.status = Some(AssociationStatus { code: Some(code.to_owned()), message: None });
    }
}

impl Entity for ClientVpnState {
    const KIND: Kind = Kind {
        resource_type: "client-vpn-endpoint",
        prefix: "cvpn-endpoint",
        not_found: "InvalidClientVpnEndpointId.NotFound",
        malformed: "InvalidClientVpnEndpointId.Malformed",
        noun: "Client VPN endpoint ID",
    };
    type Command = ClientVpnCommand;
    type Reply = ();

    fn decide(&self, command: ClientVpnCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.code(), command) {
            (_, ClientVpnCommand::Left(gone)) => {
                next.left.retain(|id| !gone.contains(id));
                if self.code() == "deleted" {
                    return Ok(Decision::gone(next));
                }
            }
            (DELETING, ClientVpnCommand::Delete) => return Ok(Decision::keep()),
            (DELETING | "deleted", _) => return Err(Self::KIND.not_found(facts.id)),
            (_, ClientVpnCommand::Modify(change)) => change(&mut next.public),
            (_, ClientVpnCommand::Associate(new)) => next.associate(*new, facts)?,
            (_, ClientVpnCommand::Forget(id)) => next.associations.retain(|known| known.public.association_id() != id),
            (_, ClientVpnCommand::Disassociate(id)) => next.disassociate(&id, facts)?,
            (_, ClientVpnCommand::UseGroups { vpc, groups }) => {
                next.public.vpc_id = Some(vpc);
                next.associations.iter_mut().for_each(|known| known.public.security_groups.clone_from(&groups));
                next.public.security_group_ids = groups;
            }
            (_, ClientVpnCommand::AddRoute(route)) => next.add_route(route, facts)?,
            (_, ClientVpnCommand::RemoveRoute { destination, subnet }) => {
                next.remove_route(&destination, subnet.as_deref(), facts)?;
            }
            (_, ClientVpnCommand::Authorize(rule)) => next.authorize(rule, facts)?,
            (_, ClientVpnCommand::Revoke { destination, group }) => {
                next.revoke(&destination, group.as_deref(), facts)?;
            }
            (_, ClientVpnCommand::Import(list)) => {
                next.revocation_list = Some(list);
                next.revocation_settles = Some(facts.after(Transition::ClientVpnChange));
            }
            (_, ClientVpnCommand::Delete) => {
                if !self.associations.is_empty() {
                    return Err(Ec2Error::dependency_violation(format!(
                        "The Client VPN endpoint {} has associated target networks and cannot be deleted.",
                        facts.id
                    )));
                }
                next.set_code(DELETING);
                next.settles = Some(facts.after(Transition::ClientVpnChange));
            }
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        let associations = self.associations.iter().filter_map(|known| known.settles);
        let routes = self.routes.iter().filter_map(|known| known.settles);
        let rules = self.rules.iter().filter_map(|known| known.settles);
        associations.chain(routes).chain(rules).chain(self.settles).chain(self.revocation_settles).min()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settle(facts);
        if self.settles.is_some_and(|settles| settles <= facts.now) {
            next.settles = None;
            next.set_code("deleted");
            if next.left.is_empty() {
                return Next::Gone(next);
            }
        }
        Next::Become(next)
    }

    fn intent(&self) -> bool {
        !self.left.is_empty()
    }

    fn links(&self) -> Vec<Id> {
        let subnets = self.associations.iter().map(|known| known.public.target_network_id());
        let groups = self.public.security_group_ids.iter().map(String::as_str);
        subnets.chain(groups).chain(self.public.vpc_id.as_deref()).map(Id::new).collect()
    }

    fn parts(&self) -> Vec<Part<'_>> {
        self.associations.iter().map(|known| Part::untagged(known.public.association_id())).collect()
    }

    fn weighs(&self, id: &Id) -> Vec<Weight> {
        vec![
            Weight::new("authorization-rules-per-client-vpn-endpoint", self.rules.len()).per(id),
            Weight::new("routes-per-client-vpn-endpoint", self.routes.len()).per(id),
        ]
    }

    resource!(tags);
}

/// For a new association.
pub(super) fn associating(association: &mut Association, settles: Millis) {
    association.set_code(ASSOCIATING);
    association.settles = Some(settles);
}
