//! A transit gateway's route table: its static routes, and what propagates into it.

use archipelago_proto::ec2::v1::TransitGatewayRouteTable;
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;
use prost::Message;

use super::attachment::AttachmentState;
use super::life::{AVAILABLE, DELETING, Life, incorrect_state, is_over};
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::quotas::Weight;
use crate::time::Millis;

#[derive(Clone, PartialEq, Message)]
pub struct TransitGatewayRouteTableState {
    /// Without what the gateway decides: whether it is a default table.
    #[prost(message, required, tag = "1")]
    pub public: TransitGatewayRouteTable,
    #[prost(message, required, tag = "2")]
    pub(super) life: Life,
    #[prost(message, repeated, tag = "3")]
    pub(super) routes: Vec<StaticRoute>,
    /// Attachments; those that are deleted count no more.
    #[prost(string, repeated, tag = "4")]
    pub(super) propagations: Vec<String>,
    #[prost(message, repeated, tag = "5")]
    pub(super) references: Vec<ListReference>,
}

/// Routes to all that a prefix list has.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ListReference {
    #[prost(string, tag = "1")]
    pub list: String,
    /// None: a black hole.
    #[prost(string, optional, tag = "2")]
    pub attachment: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct StaticRoute {
    #[prost(string, tag = "1")]
    pub destination: String,
    /// None: a black hole.
    #[prost(string, optional, tag = "2")]
    pub attachment: Option<String>,
}

pub enum TableCommand {
    Delete,
    DeleteWithGateway,
    Add(StaticRoute),
    /// Also a propagated route makes room for a static one.
    Replace {
        route: StaticRoute,
        propagated: bool,
    },
    Remove(IpNet),
    Propagate(String),
    StopPropagating(String),
    Refer(ListReference),
    ChangeReference(ListReference),
    StopReferring(String),
}

impl TransitGatewayRouteTableState {
    pub(super) fn is_over(&self) -> bool {
        is_over(self.public.state())
    }

    pub(super) fn gateway(&self) -> &str {
        self.public.transit_gateway_id()
    }

    fn position(&self, destination: &str) -> Option<usize> {
        self.routes.iter().position(|route| route.destination == destination)
    }

    fn reference(&self, list: &str, table: &Id) -> Ec2Result<usize> {
        let position = self.references.iter().position(|reference| reference.list == list);
        position.ok_or_else(|| {
            let message = format!("{table} has no reference to the prefix list {list}.");
            Ec2Error::new("InvalidPrefixListReference.NotFound", message)
        })
    }

    fn obey(&mut self, command: TableCommand, facts: &Facts<'_>) -> Ec2Result<()> {
        match command {
            TableCommand::Delete | TableCommand::DeleteWithGateway => {
                let mut attachments = facts.dependents_of(&AttachmentState::KIND);
                if let Some(attachment) = attachments.next() {
                    let message = format!("{} has non-deleted associations with {attachment}.", facts.id);
                    return Err(Ec2Error::new("IncorrectState", message));
                }
                self.life.change(&mut self.public.state, DELETING, facts);
            }
            TableCommand::Add(route) => match self.position(&route.destination) {
                Some(_) => return Err(already_exists(&route.destination, facts.id)),
                None => self.routes.push(route),
            },
            TableCommand::Replace { route, propagated } => match self.position(&route.destination) {
                Some(position) => self.routes[position] = route,
                None if propagated => self.routes.push(route),
                None => return Err(no_route(&route.destination, facts.id)),
            },
            TableCommand::Remove(destination) => {
                let destination = destination.to_string();
                let position = self.position(&destination).ok_or_else(|| no_route(&destination, facts.id))?;
                self.routes.remove(position);
            }
            TableCommand::Refer(reference) => {
                if self.references.iter().any(|known| known.list == reference.list) {
                    let message =
                        format!("{} already has a reference to the prefix list {}.", facts.id, reference.list);
                    return Err(Ec2Error::new("PrefixListReferenceAlreadyExists", message));
                }
                self.references.push(reference);
            }
            TableCommand::ChangeReference(reference) => {
                let position = self.reference(&reference.list, facts.id)?;
                self.references[position] = reference;
            }
            TableCommand::StopReferring(list) => {
                let position = self.reference(&list, facts.id)?;
                self.references.remove(position);
            }
            TableCommand::Propagate(attachment) => {
                if self.propagations.contains(&attachment) {
                    let message =
                        format!("Propagation of {attachment} to the route table {} already exists.", facts.id);
                    return Err(Ec2Error::new("TransitGatewayRouteTablePropagation.Duplicate", message));
                }
                self.propagations.push(attachment);
            }
            TableCommand::StopPropagating(attachment) => {
                if !self.propagations.contains(&attachment) {
                    let message = format!("{attachment} does not propagate to the route table {}.", facts.id);
                    return Err(Ec2Error::new("TransitGatewayRouteTablePropagation.NotFound", message));
                }
                self.propagations.retain(|known| *known != attachment);
            }
        }
        Ok(())
    }
}

fn already_exists(destination: &str, table: &Id) -> Ec2Error {
    let message = format!("Route {destination} already exists in Transit Gateway Route Table {table}.");
    Ec2Error::new("RouteAlreadyExists", message)
}

fn no_route(destination: &str, table: &Id) -> Ec2Error {
    let message = format!("Route {destination} does not exist in Transit Gateway Route Table {table}.");
    Ec2Error::new("InvalidRoute.NotFound", message)
}

impl Entity for TransitGatewayRouteTableState {
    const KIND: Kind = Kind {
        resource_type: "transit-gateway-route-table",
        prefix: "tgw-rtb",
        not_found: "InvalidRouteTableID.NotFound",
        malformed: "InvalidRouteTableId.Malformed",
        noun: "routeTable ID",
    };
    type Command = TableCommand;
    type Reply = ();

    fn decide(&self, command: TableCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        if self.public.state() != AVAILABLE {
            return Err(incorrect_state(facts.id, self.public.state()));
        }
        next.obey(command, facts)?;
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        self.life.due()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        Life::elapse(self, |next| (&mut next.life, &mut next.public.state), facts.now)
    }

    fn links(&self) -> Vec<Id> {
        if self.is_over() {
            return Vec::new();
        }
        let lists = self.references.iter().map(|reference| reference.list.as_str());
        std::iter::once(self.gateway()).chain(lists).map(Id::new).collect()
    }

    fn counts(&self) -> bool {
        !self.is_over()
    }

    fn weighs(&self, _: &Id) -> Vec<Weight> {
        vec![Weight::new("static-routes-per-transit-gateway", self.routes.len()).per(self.gateway())]
    }

    resource!(tags);
}
