//! There and back: whether a packet arrives, and its answer too.

use std::net::IpAddr;
use std::sync::Arc;

use archipelago_proto::ec2::v1::{Explanation, NetworkInsightsPath, PathComponent, PathFilter};
use ipnet::IpNet;

use super::endpoints::{End, end};
use super::explain::{Step, explain, named, path_component};
use super::packet::{Packet, Ports};
use super::walk::{Goal, Interface, Walk, public_address};
use crate::entity::Id;
use crate::families::transit_gateways::attachment_of;
use crate::request::Context;

/// What an analysis finds.
pub(super) struct Outcome {
    pub(super) forward: Vec<PathComponent>,
    pub(super) back: Vec<PathComponent>,
    pub(super) explanations: Vec<Explanation>,
}

impl Outcome {
    pub(super) fn found(&self) -> bool {
        self.explanations.is_empty()
    }
}

/// Tries the interfaces at both ends one after the other: one path is enough.
pub(super) fn travel(cx: &Context, path: &NetworkInsightsPath) -> Outcome {
    let missing = |id: &str| Outcome {
        forward: Vec::new(),
        back: Vec::new(),
        explanations: vec![*explain(
            "UNKNOWN_COMPONENT",
            Explanation { component: named(cx, id), ..Default::default() },
        )],
    };
    let starts: Vec<Start> = match end(cx, path.source()) {
        End::Missing => return missing(path.source()),
        End::Gateway(id) => vec![Start::Gateway(id)],
        End::Interfaces(found) => found.into_iter().map(Start::Interface).collect(),
    };
    let goals: Vec<Goal> = match path.destination.as_deref().map(|id| (id, end(cx, id))) {
        None => vec![Goal::Address],
        Some((id, End::Missing)) => return missing(id),
        Some((_, End::Gateway(id))) => vec![Goal::Gateway(id)],
        Some((_, End::Interfaces(found))) => found.into_iter().map(Goal::Interface).collect(),
    };
    let mut failed: Option<Outcome> = None;
    for start in &starts {
        for goal in &goals {
            let outcome = go(cx, path, start, goal);
            if outcome.found() {
                return outcome;
            }
            failed.get_or_insert(outcome);
        }
    }
    failed.unwrap_or_else(|| missing(path.source()))
}

enum Start {
    Interface(Interface),
    Gateway(String),
}

const ANYWHERE: &str = "0.0.0.0/0";

fn address(text: Option<&str>) -> Option<IpNet> {
    let text = text?;
    text.parse::<IpAddr>().map(IpNet::from).ok().or_else(|| text.parse().ok())
}

fn anywhere() -> IpNet {
    ANYWHERE.parse().expect("it is a block")
}

fn primary(interface: &Interface) -> IpNet {
    let public = &interface.state.public;
    let ipv6 = public.ipv6_addresses.first().and_then(|ip| ip.ipv6_address.as_deref());
    address(public.private_ip_address.as_deref().or(ipv6)).unwrap_or_else(anywhere)
}

fn groups(interface: &Interface) -> Vec<String> {
    interface.state.public.groups.iter().map(|group| group.group_id().to_owned()).collect()
}

fn packet(path: &NetworkInsightsPath, start: &Start, goal: &Goal) -> Packet {
    let (at_source, at_destination) = (path.filter_at_source.as_ref(), path.filter_at_destination.as_ref());
    let filters = || at_source.into_iter().chain(at_destination);
    let first = |of: fn(&PathFilter) -> Option<&str>| filters().find_map(of);
    let source = address(path.source_ip.as_deref()).or_else(|| address(first(|at| at.source_address.as_deref())));
    let destination =
        address(path.destination_ip.as_deref()).or_else(|| address(first(|at| at.destination_address.as_deref())));
    let sources =
        filters().find_map(|at| at.source_port_range.as_ref()).map(|r| Ports::range(r.from_port(), r.to_port()));
    let port = path.destination_port.map(|port| Ports::range(port, port));
    let ports = || {
        filters().find_map(|at| at.destination_port_range.as_ref()).map(|r| Ports::range(r.from_port(), r.to_port()))
    };
    let (own, own_groups) = match start {
        Start::Interface(interface) => (Some(primary(interface)), groups(interface)),
        Start::Gateway(_) => (None, Vec::new()),
    };
    let (other, other_groups) = match goal {
        Goal::Interface(interface) => (Some(primary(interface)), groups(interface)),
        _ => (None, Vec::new()),
    };
    Packet {
        protocol: path.protocol().to_owned(),
        source: source.or(own).unwrap_or_else(anywhere),
        destination: destination.or(other).unwrap_or_else(anywhere),
        source_ports: sources.unwrap_or_else(Ports::all),
        destination_ports: port.or_else(ports).unwrap_or_else(Ports::all),
        source_groups: own_groups,
        destination_groups: other_groups,
    }
}

fn go(cx: &Context, path: &NetworkInsightsPath, start: &Start, goal: &Goal) -> Outcome {
    let mut there = Walk::new(cx, packet(path, start, goal), goal.clone(), false);
    let arrived = match start {
        Start::Interface(interface) => there.leave(interface),
        Start::Gateway(id) => enter(cx, &mut there, id),
    };
    if let Err(explanation) = arrived {
        return Outcome { forward: Vec::new(), back: Vec::new(), explanations: vec![*explanation] };
    }
    match back(cx, &there, start) {
        Ok(back) => Outcome { forward: there.components, back, explanations: Vec::new() },
        Err(explanation) => Outcome { forward: Vec::new(), back: Vec::new(), explanations: vec![*explanation] },
    }
}

/// From a gateway into the VPC of the destination.
fn enter(cx: &Context, walk: &mut Walk<'_>, id: &str) -> Step<()> {
    let Goal::Interface(interface) = walk.goal.clone() else {
        let goal = if let Goal::Gateway(id) = &walk.goal { named(cx, id) } else { None };
        return Err(explain(
            "NO_PATH",
            Explanation { component: named(cx, id), destination: goal, ..Default::default() },
        ));
    };
    let vpc = interface.state.public.vpc_id().to_owned();
    let (attached, table) = attached(cx, id, &vpc);
    if !attached {
        let code = if id.starts_with("igw-") { "IGW_NOT_ATTACHED_TO_VPC" } else { "UNASSOCIATED_COMPONENT" };
        let own = |prefix: &str| id.starts_with(prefix).then(|| named(cx, id)).flatten();
        return Err(explain(
            code,
            Explanation {
                component: named(cx, id),
                internet_gateway: own("igw-"),
                vpn_gateway: own("vgw-"),
                vpc_peering_connection: own("pcx-"),
                vpc: named(cx, &vpc),
                ..Explanation::default()
            },
        ));
    }
    let inbound = walk.packet.header();
    if id.starts_with("igw-") && matches!(walk.packet.destination, IpNet::V4(_)) {
        let Some(public) = public_address(cx, &interface) else {
            return Err(explain(
                "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
                Explanation {
                    internet_gateway: named(cx, id),
                    network_interface: named(cx, &interface.id),
                    address: interface.state.public.private_ip_address.clone(),
                    vpc: named(cx, &vpc),
                    ..Explanation::default()
                },
            ));
        };
        // The client may have said the public address; the VPC knows the private one only.
        let private = primary(&interface);
        walk.packet.destination = address(Some(&public)).unwrap_or(private);
        let inbound = walk.packet.header();
        walk.packet.destination = private;
        walk.push(PathComponent {
            inbound_header: Some(inbound),
            outbound_header: Some(walk.packet.header()),
            vpc: named(cx, &vpc),
            ..path_component(cx, id)
        });
    } else {
        walk.push(PathComponent { outbound_header: Some(inbound), vpc: named(cx, &vpc), ..path_component(cx, id) });
    }
    match table {
        Some(table) => walk.by_table(&table, &vpc, None),
        None => walk.within(&vpc, None),
    }
}

/// Whether a gateway leads into a VPC, and the table that it routes by.
fn attached(cx: &Context, id: &str, vpc: &str) -> (bool, Option<Id>) {
    match id.rsplit_once('-').map_or("", |(prefix, _)| prefix) {
        "igw" => cx.internet_gateways.index().get(id).map_or((false, None), |gateway| {
            (
                gateway.state.vpc() == Some(vpc),
                gateway.state.route_table.as_ref().map(|table| Id::new(&table.route_table)),
            )
        }),
        "vgw" => cx.vpn_gateways.index().get(id).map_or((false, None), |gateway| {
            (gateway.state.serves(vpc), gateway.state.route_table.as_ref().map(|table| Id::new(&table.route_table)))
        }),
        "tgw" => (attachment_of(cx, id, vpc).is_some(), None),
        "tgw-attach" => {
            let attachment = cx.transit_gateway_attachments.index().get(id);
            let serves = |found: &crate::families::transit_gateways::AttachmentState| {
                attachment_of(cx, found.public.transit_gateway_id(), vpc).is_some()
            };
            (attachment.is_some_and(|found| serves(&found.state)), None)
        }
        "pcx" => {
            let found = cx.vpc_peering_connections.index().get(id);
            (found.is_some_and(|found| found.state.is_active() && found.state.joins(&cx.account, vpc)), None)
        }
        _ => (false, None),
    }
}

/// The answer, which finds its own way; translations are undone on it.
fn back(cx: &Context, there: &Walk<'_>, start: &Start) -> Step<Vec<PathComponent>> {
    let mut components = Vec::new();
    let mut packet = there.packet.answer();
    // Where it is to go, one translation after the other.
    let mut stops: Vec<(Goal, Option<&super::walk::Translation>)> =
        there.translations.iter().rev().map(|t| (Goal::Interface(Arc::clone(&t.interface)), Some(t))).collect();
    stops.push(match start {
        Start::Interface(interface) => (Goal::Interface(Arc::clone(interface)), None),
        Start::Gateway(id) => (Goal::Gateway(id.clone()), None),
    });
    let mut from = match (&there.arrived, &there.exit) {
        (Some(interface), _) => Some(Start::Interface(Arc::clone(interface))),
        (None, exit) => exit.clone().map(Start::Gateway),
    };
    for (goal, translation) in stops {
        let mut walk = Walk::new(cx, packet, goal.clone(), true);
        match from.take() {
            Some(Start::Interface(interface)) => walk.leave(&interface)?,
            Some(Start::Gateway(id)) => {
                walk.push(path_component(cx, &id));
                if let Goal::Interface(interface) = &goal {
                    walk.within(interface.state.public.vpc_id(), None)?;
                }
            }
            None => {
                // From the NAT gateway of the stop before.
                let before = there.translations.iter().find(|t| t.source == walk.packet.destination);
                let subnet = before.and_then(|t| cx.subnets.index().get(t.interface.state.public.subnet_id()));
                if let Some(subnet) = subnet {
                    walk.out_of(&subnet)?;
                }
            }
        }
        packet = walk.packet.clone();
        components.append(&mut walk.components);
        if let Some(translation) = translation {
            components.pop();
            packet.destination = translation.source;
            packet.destination_groups.clone_from(&translation.source_groups);
            components.push(PathComponent {
                outbound_header: Some(packet.header()),
                ..path_component(cx, &translation.gateway)
            });
        }
    }
    for (position, component) in components.iter_mut().enumerate() {
        component.sequence_number = i32::try_from(position + 1).ok();
    }
    Ok(components)
}
