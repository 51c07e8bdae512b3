//! A route table as it is shown: with the local routes, the state of every route, and its associations.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{Route, RouteTable, RouteTableAssociation, RouteTableAssociationState, Tag};
use ipnet::IpNet;

use super::{Destination, RouteTableState, target};
use crate::entity::{Id, Published};
use crate::request::{Context, Row};

/// What filters are held against.
pub(super) struct View {
    id: Id,
    pub(super) table: RouteTable,
}

impl Row for View {
    fn id(&self) -> &str {
        &self.id
    }

    fn tags(&self) -> &[Tag] {
        &self.table.tags
    }
}

pub(super) fn view(cx: &Context, published: &Arc<Published<RouteTableState>>) -> View {
    let stored = &published.state.public;
    let routes = routes(cx, stored);
    let associations = associations(cx, &published.id, stored.vpc_id());
    View { id: published.id.clone(), table: RouteTable { routes, associations, ..stored.clone() } }
}

/// The VPC's blocks, to which every table has a local route.
pub(super) fn local_blocks(cx: &Context, vpc: &str) -> Vec<IpNet> {
    let vpc = cx.vpcs.index().get(vpc);
    vpc.iter().flat_map(|vpc| vpc.state.ipv4_blocks().chain(vpc.state.ipv6_blocks().map(IpNet::from))).collect()
}

/// All routes of a table, each in its state.
pub fn shown(cx: &Context, table: &Published<RouteTableState>) -> Vec<Route> {
    routes(cx, &table.state.public)
}

/// Local routes first, then the others in the order of their creation.
pub(super) fn routes(cx: &Context, stored: &RouteTable) -> Vec<Route> {
    let vpc = stored.vpc_id();
    let local = local_blocks(cx, vpc).into_iter();
    let local = local.filter(|block| !stored.routes.iter().any(|route| Destination::Block(*block).is_of(route)));
    let local = local.map(|block| Route {
        gateway_id: Some("local".into()),
        origin: Some("CreateRouteTable".into()),
        ..Destination::Block(block).route()
    });
    let routes = local.chain(stored.routes.iter().cloned());
    let routes = routes.map(|route| target::shown(cx, route, vpc));
    let mut routes: Vec<_> = routes.chain(endpoint_routes(cx, stored.route_table_id())).collect();
    for route in propagated(cx, stored) {
        // A route that was created counts more than one that is propagated.
        let known = Destination::of(&route).is_none_or(|to| routes.iter().any(|known| to.is_of(known)));
        if !known {
            routes.push(route);
        }
    }
    routes
}

/// The networks behind the virtual private gateways whose routes propagate to the table.
fn propagated(cx: &Context, stored: &RouteTable) -> Vec<Route> {
    let gateways = stored.propagating_vgws.iter().filter_map(|vgw| cx.vpn_gateways.index().get(vgw.gateway_id()));
    let gateways = gateways.filter(|gateway| gateway.state.serves(stored.vpc_id()));
    let mut routes = Vec::new();
    for gateway in gateways {
        for connection in cx.vpn_connections.linked_to(&gateway.id).values() {
            let networks = connection.state.static_routes().filter_map(|block| block.parse().ok());
            routes.extend(networks.map(|block| Route {
                gateway_id: Some(gateway.id.to_string()),
                origin: Some("EnableVgwRoutePropagation".into()),
                state: Some("active".into()),
                ..Destination::Block(block).route()
            }));
        }
    }
    routes
}

/// The routes of gateway endpoints, which come and go with their associations.
fn endpoint_routes(cx: &Context, table: &str) -> Vec<Route> {
    let endpoints = cx.vpc_endpoints.linked_to(&Id::new(table));
    let routes = endpoints.values().filter_map(|endpoint| {
        Some(Route {
            destination_prefix_list_id: Some(endpoint.state.prefix_list.clone()?),
            gateway_id: Some(endpoint.id.to_string()),
            origin: Some("CreateRoute".into()),
            state: Some(if endpoint.state.is_available() { "active" } else { "blackhole" }.to_owned()),
            ..Route::default()
        })
    });
    routes.collect()
}

/// The endpoint whose route leads to a destination.
pub(super) fn endpoint_of(cx: &Context, table: &Id, destination: &Destination) -> Option<Id> {
    let endpoints = cx.vpc_endpoints.linked_to(table);
    let mut endpoints = endpoints.values();
    let Destination::PrefixList(list) = destination else { return None };
    endpoints.find(|endpoint| endpoint.state.prefix_list.as_ref() == Some(list)).map(|endpoint| endpoint.id.clone())
}

/// The main association is the VPC's, the others are their subnets' and gateways'.
fn associations(cx: &Context, id: &Id, vpc: &str) -> Vec<RouteTableAssociation> {
    let association = |association: &str| RouteTableAssociation {
        main: Some(false),
        route_table_association_id: Some(association.to_owned()),
        route_table_id: Some(id.to_string()),
        association_state: Some(associated()),
        ..RouteTableAssociation::default()
    };
    let vpc = cx.vpcs.index().get(vpc).filter(|vpc| vpc.state.main_route_table == *id);
    let main = vpc.map(|vpc| RouteTableAssociation { main: Some(true), ..association(&vpc.state.main_association) });
    let subnets = cx.subnets.linked_to(id);
    let subnets = subnets.values().filter_map(|subnet| {
        let table = subnet.state.route_table.as_ref()?;
        Some(RouteTableAssociation { subnet_id: Some(subnet.id.to_string()), ..association(&table.id) })
    });
    let gateways = cx.internet_gateways.linked_to(id);
    let gateways = gateways.values().filter_map(|gateway| {
        let table = gateway.state.route_table.as_ref()?;
        Some(RouteTableAssociation { gateway_id: Some(gateway.id.to_string()), ..association(&table.association) })
    });
    let vpn_gateways = cx.vpn_gateways.linked_to(id);
    let vpn_gateways = vpn_gateways.values().filter_map(|gateway| {
        let table = gateway.state.route_table.as_ref()?;
        Some(RouteTableAssociation { gateway_id: Some(gateway.id.to_string()), ..association(&table.association) })
    });
    main.into_iter().chain(subnets).chain(gateways).chain(vpn_gateways).collect()
}

pub(super) fn associated() -> RouteTableAssociationState {
    RouteTableAssociationState { state: Some("associated".into()), status_message: None }
}

/// Whether a gateway uses the table for what enters the VPC.
pub(super) fn has_gateway(cx: &Context, table: &Id) -> bool {
    !cx.internet_gateways.linked_to(table).is_empty() || !cx.vpn_gateways.linked_to(table).is_empty()
}
