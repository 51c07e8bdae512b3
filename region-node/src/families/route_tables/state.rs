//! A route table. Its local routes follow from the VPC's blocks and are joined where it is shown.

use archipelago_proto::ec2::v1::{PropagatingVgw, Route, RouteTable, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};
use ipnet::IpNet;
use prost::Message;

use super::destination::Destination;
use crate::entity::{Account, Decision, Entity, Facts, Id, Kind, resource};
use crate::quotas::Weight;

#[derive(Clone, PartialEq, Message)]
pub struct RouteTableState {
    /// Its routes are those that were created, and local ones that were given another target.
    #[prost(message, required, tag = "1")]
    pub public: RouteTable,
}

pub enum RouteTableCommand {
    Delete,
    /// `local` are the VPC's blocks.
    Create {
        route: Route,
        local: Vec<IpNet>,
    },
    Replace {
        route: Route,
        local: Vec<IpNet>,
    },
    /// A local route leads into the VPC again.
    ReplaceWithLocal {
        destination: Destination,
        local: Vec<IpNet>,
    },
    Remove {
        destination: Destination,
        local: Vec<IpNet>,
    },
    /// Whether the routes of a virtual private gateway are in the table too.
    Propagate {
        gateway: Id,
        on: bool,
    },
}

impl RouteTableState {
    pub fn new(account: &Account, id: &Id, vpc: &Id, routes: Vec<Route>, tags: Vec<Tag>) -> Self {
        let public = RouteTable {
            route_table_id: Some(id.to_string()),
            vpc_id: Some(vpc.to_string()),
            owner_id: Some(account.to_string()),
            routes,
            tags,
            ..RouteTable::default()
        };
        Self { public }
    }

    fn position(&self, destination: &Destination) -> Option<usize> {
        self.public.routes.iter().position(|route| destination.is_of(route))
    }

    fn create(&mut self, route: Route, local: &[IpNet]) -> Ec2Result<()> {
        let Some(destination) = Destination::of(&route) else { return Err(Ec2Error::internal()) };
        if destination.is_local(local) || self.position(&destination).is_some() {
            let message = format!("The route identified by {destination} already exists.");
            return Err(Ec2Error::new("RouteAlreadyExists", message));
        }
        self.public.routes.push(route);
        Ok(())
    }

    fn replace(&mut self, route: Route, local: &[IpNet]) -> Ec2Result<()> {
        let Some(destination) = Destination::of(&route) else { return Err(Ec2Error::internal()) };
        match self.position(&destination) {
            Some(position) => self.public.routes[position] = route,
            None if destination.is_local(local) => {
                self.public.routes.push(Route { origin: Some("CreateRouteTable".into()), ..route });
            }
            None => return Err(no_route_to_replace(&destination)),
        }
        Ok(())
    }

    fn replace_with_local(&mut self, destination: &Destination, local: &[IpNet]) -> Ec2Result<()> {
        if !destination.is_local(local) {
            return Err(match self.position(destination) {
                Some(_) => Ec2Error::invalid_parameter(format!(
                    "The destination CIDR block {destination} is not the destination of a local route."
                )),
                None => no_route_to_replace(destination),
            });
        }
        self.public.routes.retain(|route| !destination.is_of(route));
        Ok(())
    }

    fn remove(&mut self, destination: &Destination, local: &[IpNet], id: &Id) -> Ec2Result<()> {
        if destination.is_local(local) {
            let message = format!("cannot remove local route {destination} in route table {id}");
            return Err(Ec2Error::invalid_parameter(message));
        }
        let Some(position) = self.position(destination) else {
            let message = format!("no route with {} {destination} in route table {id}", destination.name());
            return Err(Ec2Error::new("InvalidRoute.NotFound", message));
        };
        self.public.routes.remove(position);
        Ok(())
    }
}

fn no_route_to_replace(destination: &Destination) -> Ec2Error {
    Ec2Error::invalid_parameter(format!(
        "There is no route defined for '{destination}' in the route table. Use CreateRoute instead."
    ))
}

impl Entity for RouteTableState {
    const KIND: Kind = Kind {
        resource_type: "route-table",
        prefix: "rtb",
        not_found: "InvalidRouteTableID.NotFound",
        malformed: "InvalidRouteTableId.Malformed",
        noun: "routeTable ID",
    };
    type Command = RouteTableCommand;
    type Reply = ();

    fn decide(&self, command: RouteTableCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        match command {
            RouteTableCommand::Delete if facts.dependents.is_empty() => return Ok(Decision::gone(next)),
            RouteTableCommand::Delete => {
                return Err(Ec2Error::dependency_violation(format!(
                    "The routeTable '{}' has dependencies and cannot be deleted.",
                    facts.id
                )));
            }
            RouteTableCommand::Create { route, local } => next.create(route, &local)?,
            RouteTableCommand::Replace { route, local } => next.replace(route, &local)?,
            RouteTableCommand::ReplaceWithLocal { destination, local } => {
                next.replace_with_local(&destination, &local)?;
            }
            RouteTableCommand::Propagate { gateway, on } => {
                next.public.propagating_vgws.retain(|known| known.gateway_id() != &*gateway);
                if on {
                    next.public.propagating_vgws.push(PropagatingVgw { gateway_id: Some(gateway.into()) });
                }
            }
            RouteTableCommand::Remove { destination, local } => next.remove(&destination, &local, facts.id)?,
        }
        Ok(Decision::become_(next))
    }

    /// The VPC, and the prefix lists that its routes lead to.
    fn links(&self) -> Vec<Id> {
        let lists = self.public.routes.iter().filter_map(|route| route.destination_prefix_list_id.as_deref());
        std::iter::once(self.public.vpc_id()).chain(lists).map(Id::new).collect()
    }

    fn weighs(&self, id: &Id) -> Vec<Weight> {
        let created = self.public.routes.iter().filter(|route| route.origin() == "CreateRoute");
        let (ipv6, ipv4): (Vec<_>, Vec<_>) = created.partition(|route| route.destination_ipv6_cidr_block.is_some());
        let weight = |name: &str, count| Weight::new("routes-per-route-table", count).per(&format!("{id} ({name})"));
        vec![weight("IPv4", ipv4.len()), weight("IPv6", ipv6.len())]
    }

    resource!(tags);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(text: &str) -> Destination {
        Destination::Block(text.parse().unwrap())
    }

    fn route(destination: &str) -> Route {
        Route { gateway_id: Some("igw-1".into()), ..block(destination).route() }
    }

    #[test]
    fn the_local_route_stays() {
        let local = ["10.0.0.0/16".parse().unwrap()];
        let mut table = RouteTableState::default();
        assert_eq!(table.create(route("10.0.0.0/16"), &local).unwrap_err().code, "RouteAlreadyExists");
        let removal = table.remove(&Destination::Block(local[0]), &local, &Id::new("rtb-1")).unwrap_err();
        assert_eq!(removal.code, "InvalidParameterValue");
        table.replace(route("10.0.0.0/16"), &local).unwrap();
        assert_eq!(table.public.routes.len(), 1, "it may have another target");
        table.replace_with_local(&Destination::Block(local[0]), &local).unwrap();
        assert!(table.public.routes.is_empty(), "and get its own back");
    }

    #[test]
    fn a_route_is_created_once_replaced_and_removed() {
        let mut table = RouteTableState::default();
        let anywhere = block("0.0.0.0/0");
        assert_eq!(table.replace(route("0.0.0.0/0"), &[]).unwrap_err().code, "InvalidParameterValue");
        table.create(route("0.0.0.0/0"), &[]).unwrap();
        table.create(route("::/0"), &[]).unwrap();
        assert_eq!(table.create(route("0.0.0.0/0"), &[]).unwrap_err().code, "RouteAlreadyExists");
        table.remove(&anywhere, &[], &Id::new("rtb-1")).unwrap();
        assert_eq!(table.remove(&anywhere, &[], &Id::new("rtb-1")).unwrap_err().code, "InvalidRoute.NotFound");
    }
}
