//! A route server: pending, available, modifying, deleting, gone; its association and its propagations.

use archipelago_proto::ec2::v1::{RouteServer, RouteServerAssociation, RouteServerPropagation};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::endpoint::RouteServerEndpointState;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct RouteServerState {
    #[prost(message, required, tag = "1")]
    pub public: RouteServer,
    #[prost(int64, optional, tag = "2")]
    pub(super) settles: Option<Millis>,
    #[prost(message, repeated, tag = "3")]
    pub associations: Vec<Association>,
    #[prost(message, repeated, tag = "4")]
    pub propagations: Vec<Propagation>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Association {
    #[prost(message, required, tag = "1")]
    pub public: RouteServerAssociation,
    #[prost(int64, optional, tag = "2")]
    pub settles: Option<Millis>,
}

#[derive(Clone, PartialEq, Message)]
pub struct Propagation {
    #[prost(message, required, tag = "1")]
    pub public: RouteServerPropagation,
    #[prost(int64, optional, tag = "2")]
    pub settles: Option<Millis>,
}

pub enum RouteServerCommand {
    Modify {
        persist: Option<String>,
        duration: Option<i64>,
        notify: Option<bool>,
        topic: String,
    },
    Associate(String),
    Disassociate(String),
    /// The table, which is in this VPC.
    Propagate {
        table: String,
        vpc: String,
    },
    StopPropagating(String),
    Delete,
}

const LEAVING: [&str; 2] = ["disassociating", "deleting"];

pub(super) fn incorrect_state(message: String) -> Ec2Error {
    Ec2Error::new("IncorrectState", message)
}

pub(super) fn not_associated(server: &str, vpc: &str) -> Ec2Error {
    let message = format!("The route server {server} is not associated with the VPC {vpc}.");
    Ec2Error::new("InvalidRouteServerId.NotAssociated", message)
}

impl RouteServerState {
    pub(super) fn serves(&self, vpc: &str) -> bool {
        self.associations.iter().any(|known| known.public.vpc_id() == vpc && known.public.state() != LEAVING[0])
    }

    fn modify(
        &mut self,
        persist: Option<&str>,
        duration: Option<i64>,
        notify: Option<bool>,
        topic: String,
    ) -> Ec2Result<()> {
        let public = &mut self.public;
        let on = ["enabled", "enabling"].contains(&public.persist_routes_state());
        if duration.is_some() && persist != Some("enable") && !(persist.is_none() && on) {
            return Err(Ec2Error::invalid_combination(
                "The parameter PersistRoutesDuration requires that routes are persisted.",
            ));
        }
        match persist {
            Some("enable") => {
                public.persist_routes_state = Some("enabling".into());
                public.persist_routes_duration = duration.or(public.persist_routes_duration).or(Some(1));
            }
            Some("disable") => {
                public.persist_routes_state = Some("disabling".into());
                public.persist_routes_duration = None;
            }
            Some("reset") if !on => {
                return Err(Ec2Error::invalid_parameter("The route server does not persist routes."));
            }
            Some("reset") => public.persist_routes_state = Some("resetting".into()),
            _ => public.persist_routes_duration = duration.or(public.persist_routes_duration),
        }
        if let Some(notify) = notify {
            public.sns_notifications_enabled = Some(notify);
            public.sns_topic_arn = notify.then_some(topic);
        }
        Ok(())
    }

    fn disassociate(&mut self, vpc: &str, facts: &Facts<'_>) -> Ec2Result<()> {
        if !self.serves(vpc) {
            return Err(not_associated(facts.id, vpc));
        }
        if facts.dependents_of(&RouteServerEndpointState::KIND).next().is_some() || !self.propagations.is_empty() {
            let message =
                format!("The route server {} has endpoints or propagations and cannot be disassociated.", facts.id);
            return Err(incorrect_state(message));
        }
        for known in self.associations.iter_mut().filter(|known| known.public.vpc_id() == vpc) {
            known.public.state = Some(LEAVING[0].to_owned());
            known.settles = Some(facts.after(Transition::RouteServerChange));
        }
        Ok(())
    }

    fn propagate(&mut self, table: String, vpc: &str, facts: &Facts<'_>) -> Ec2Result<()> {
        if !self.serves(vpc) {
            return Err(not_associated(facts.id, vpc));
        }
        if self.propagations.iter().any(|known| known.public.route_table_id() == table) {
            return Err(incorrect_state(format!("The route server {} propagates to {table} already.", facts.id)));
        }
        let public = RouteServerPropagation {
            route_server_id: Some(facts.id.to_string()),
            route_table_id: Some(table),
            state: Some("pending".into()),
        };
        self.propagations.push(Propagation { public, settles: Some(facts.after(Transition::RouteServerChange)) });
        Ok(())
    }

    fn stop_propagating(&mut self, table: &str, facts: &Facts<'_>) -> Ec2Result<()> {
        let known = self.propagations.iter_mut().find(|known| known.public.route_table_id() == table);
        let known = known.ok_or_else(|| {
            let message = format!("The route server {} does not propagate to {table}.", facts.id);
            Ec2Error::new("InvalidRouteServerId.NotPropagated", message)
        })?;
        known.public.state = Some(LEAVING[1].to_owned());
        known.settles = Some(facts.after(Transition::RouteServerChange));
        Ok(())
    }

    fn settle(&mut self, now: Millis) {
        let due = |settles: Option<Millis>| settles.is_some_and(|settles| settles <= now);
        self.associations.retain(|known| !due(known.settles) || known.public.state() != LEAVING[0]);
        for known in self.associations.iter_mut().filter(|known| due(known.settles)) {
            known.settles = None;
            known.public.state = Some("associated".into());
        }
        self.propagations.retain(|known| !due(known.settles) || known.public.state() != LEAVING[1]);
        for known in self.propagations.iter_mut().filter(|known| due(known.settles)) {
            known.settles = None;
            known.public.state = Some("available".into());
        }
    }
}

impl Entity for RouteServerState {
    const KIND: Kind = Kind {
        resource_type: "route-server",
        prefix: "rs",
        not_found: "InvalidRouteServerId.NotFound",
        malformed: "InvalidRouteServerId.Malformed",
        noun: "route server ID",
    };
    type Command = RouteServerCommand;
    type Reply = ();

    fn decide(&self, command: RouteServerCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match (self.public.state(), command) {
            ("deleting", RouteServerCommand::Delete) => return Ok(Decision::keep()),
            ("available", RouteServerCommand::Modify { persist, duration, notify, topic }) => {
                next.modify(persist.as_deref(), duration, notify, topic)?;
                next.public.state = Some("modifying".into());
                next.settles = Some(facts.after(Transition::RouteServerChange));
            }
            ("available", RouteServerCommand::Associate(vpc)) => {
                // AWS: a route server is associated with one VPC.
                if let Some(known) = self.associations.first() {
                    let message =
                        format!("The route server {} is associated with {} already.", facts.id, known.public.vpc_id());
                    return Err(incorrect_state(message));
                }
                let public = RouteServerAssociation {
                    route_server_id: Some(facts.id.to_string()),
                    vpc_id: Some(vpc),
                    state: Some("associating".into()),
                };
                next.associations
                    .push(Association { public, settles: Some(facts.after(Transition::RouteServerChange)) });
            }
            ("available", RouteServerCommand::Disassociate(vpc)) => next.disassociate(&vpc, facts)?,
            ("available", RouteServerCommand::Propagate { table, vpc }) => next.propagate(table, &vpc, facts)?,
            ("available", RouteServerCommand::StopPropagating(table)) => next.stop_propagating(&table, facts)?,
            ("available", RouteServerCommand::Delete) => {
                if !self.associations.is_empty() || !facts.dependents.is_empty() {
                    let message = format!("The route server {} has associations or endpoints.", facts.id);
                    return Err(incorrect_state(message));
                }
                next.public.state = Some("deleting".into());
                next.settles = Some(facts.after(Transition::RouteServerChange));
            }
            (state, _) => return Err(incorrect_state(format!("The route server {} is {state}.", facts.id))),
        }
        Ok(Decision::become_(next))
    }

    fn due(&self) -> Option<Millis> {
        let associations = self.associations.iter().filter_map(|known| known.settles);
        let propagations = self.propagations.iter().filter_map(|known| known.settles);
        associations.chain(propagations).chain(self.settles).min()
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settle(facts.now);
        if self.settles.is_some_and(|settles| settles <= facts.now) {
            next.settles = None;
            if self.public.state() == "deleting" {
                return Next::Gone(next);
            }
            next.public.state = Some("available".into());
            let persisted = match self.public.persist_routes_state() {
                "enabling" | "resetting" => "enabled",
                "disabling" => "disabled",
                other => other,
            };
            next.public.persist_routes_state = Some(persisted.to_owned());
        }
        Next::Become(next)
    }

    fn links(&self) -> Vec<Id> {
        let vpcs = self.associations.iter().map(|known| known.public.vpc_id());
        vpcs.chain(self.propagations.iter().map(|known| known.public.route_table_id())).map(Id::new).collect()
    }

    resource!(tags);
}
