//! Where a packet goes from a route table: the longest prefix that has its destination.

use archipelago_proto::ec2::v1::{Explanation, PathComponent, Route};
use ipnet::IpNet;

use super::explain::{Step, explain, named, path_component, route};
use super::filtering::prefixes;
use crate::entity::Id;
use crate::families::route_tables;
use crate::request::Context;

/// Where a route leads.
pub(super) enum Hop {
    Local,
    /// A gateway or an interface, by its id.
    To(String),
}

fn blocks(cx: &Context, route: &Route) -> Vec<IpNet> {
    if let Some(list) = &route.destination_prefix_list_id {
        return prefixes(cx, list);
    }
    let text = route.destination_cidr_block.as_deref().or(route.destination_ipv6_cidr_block.as_deref());
    text.and_then(|text| text.parse().ok()).into_iter().collect()
}

fn target(route: &Route) -> Option<&str> {
    route
        .gateway_id
        .as_deref()
        .or(route.nat_gateway_id.as_deref())
        .or(route.transit_gateway_id.as_deref())
        .or(route.vpc_peering_connection_id.as_deref())
        .or(route.egress_only_internet_gateway_id.as_deref())
        .or(route.carrier_gateway_id.as_deref())
        .or(route.network_interface_id.as_deref())
}

/// The route that a packet takes. `goal` is the gateway where it is to go, if any: a route to it counts where the
/// destination is no single address.
pub(super) fn choose(
    cx: &Context,
    table: &Id,
    destination: IpNet,
    goal: Option<&str>,
) -> Step<(PathComponent, Hop, IpNet)> {
    let known = cx.route_tables.index().get(table);
    let routes = known.as_ref().map(|known| route_tables::shown(cx, known)).unwrap_or_default();
    let vpc = known.as_ref().map(|known| known.state.public.vpc_id().to_owned()).unwrap_or_default();
    let unspecified = destination.prefix_len() == 0;
    let direct = routes.iter().find(|route| unspecified && goal.is_some() && target(route) == goal);
    let longest = || {
        let candidates = routes.iter().filter_map(|route| {
            let own = blocks(cx, route).into_iter().filter(|block| block.contains(&destination));
            own.map(|block| block.prefix_len()).max().map(|length| (length, route))
        });
        // Of two routes with the same prefix, the one that is first shown.
        candidates.rev().max_by_key(|(length, _)| *length).map(|(_, route)| route)
    };
    let Some(chosen) = direct.or_else(longest) else {
        return Err(explain(
            "NO_ROUTE_TO_DESTINATION",
            Explanation {
                component: named(cx, table),
                route_table: named(cx, table),
                vpc: named(cx, &vpc),
                destination: goal.and_then(|goal| named(cx, goal)),
                cidrs: vec![destination.to_string()],
                ..Explanation::default()
            },
        ));
    };
    let shown = route(chosen);
    if chosen.state() == "blackhole" {
        return Err(explain(
            "BAD_STATE_ROUTE",
            Explanation {
                component: named(cx, table),
                route_table: named(cx, table),
                route_table_route: Some(shown),
                state: Some("blackhole".into()),
                vpc: named(cx, &vpc),
                ..Explanation::default()
            },
        ));
    }
    let narrowed = blocks(cx, chosen).into_iter().find(|block| destination.contains(block)).unwrap_or(destination);
    let hop = match target(chosen) {
        Some("local") => Hop::Local,
        Some(id) => Hop::To(id.to_owned()),
        None => {
            return Err(explain(
                "UNKNOWN_COMPONENT",
                Explanation { route_table: named(cx, table), route_table_route: Some(shown), ..Explanation::default() },
            ));
        }
    };
    let component = PathComponent { route_table_route: Some(shown), vpc: named(cx, &vpc), ..path_component(cx, table) };
    Ok((component, hop, narrowed))
}
