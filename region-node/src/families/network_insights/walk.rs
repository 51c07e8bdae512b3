//! One way through the network: what a packet meets from where it starts to where it is to arrive.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{Explanation, PathComponent, TransitGatewayRouteTableRoute};
use ipnet::IpNet;

use super::explain::{Step, explain, named, path_component};
use super::filtering;
use super::packet::Packet;
use super::routing::{self, Hop};
use crate::entity::{Id, Published};
use crate::families::network_interfaces::NetworkInterfaceState;
use crate::families::subnets::SubnetState;
use crate::families::transit_gateways::{attachment_of, route_to, table_of};
use crate::peer::Role;
use crate::request::Context;

pub(super) type Interface = Arc<Published<NetworkInterfaceState>>;
type Subnet = Arc<Published<SubnetState>>;

/// More hops than any network here needs: packets that go round in circles do not arrive.
const MOST_HOPS: usize = 32;

/// Where a packet is to arrive.
#[derive(Clone)]
pub(super) enum Goal {
    Interface(Interface),
    /// A gateway, an endpoint or a peering connection, by its id.
    Gateway(String),
    /// Whatever has the address.
    Address,
}

impl Goal {
    fn gateway(&self) -> Option<&str> {
        match self {
            Self::Gateway(id) => Some(id),
            _ => None,
        }
    }
}

/// A NAT gateway on the way, and the source that it has replaced.
pub(super) struct Translation {
    pub(super) interface: Interface,
    pub(super) gateway: String,
    pub(super) source: IpNet,
    pub(super) source_groups: Vec<String>,
}

pub(super) struct Walk<'a> {
    pub(super) cx: &'a Context,
    pub(super) packet: Packet,
    pub(super) goal: Goal,
    pub(super) components: Vec<PathComponent>,
    /// An answer is let through by the groups that have let through what it answers.
    pub(super) answer: bool,
    /// The interface whose address the packet has as its source.
    pub(super) sender: Option<Interface>,
    pub(super) translations: Vec<Translation>,
    /// The gateway by which it leaves the VPC for good.
    pub(super) exit: Option<String>,
    /// The interface where it arrives.
    pub(super) arrived: Option<Interface>,
    hops: usize,
}

impl<'a> Walk<'a> {
    pub(super) fn new(cx: &'a Context, packet: Packet, goal: Goal, answer: bool) -> Self {
        Self {
            cx,
            packet,
            goal,
            components: Vec::new(),
            answer,
            sender: None,
            translations: Vec::new(),
            exit: None,
            arrived: None,
            hops: 0,
        }
    }

    pub(super) fn push(&mut self, component: PathComponent) {
        if component.component.is_some() {
            let sequence_number = i32::try_from(self.components.len() + 1).ok();
            self.components.push(PathComponent { sequence_number, ..component });
        }
    }

    fn subnet_of(&self, interface: &Interface) -> Step<Subnet> {
        self.cx.subnets.index().get(interface.state.public.subnet_id()).ok_or_else(|| {
            explain("UNKNOWN_COMPONENT", Explanation { missing_component: Some("subnet".into()), ..Default::default() })
        })
    }

    /// From an interface into its subnet.
    pub(super) fn leave(&mut self, interface: &Interface) -> Step<()> {
        let instance = interface.state.instance().map(str::to_owned);
        if let Some(instance) = &instance {
            let cx = self.cx;
            self.push(PathComponent { outbound_header: Some(self.packet.header()), ..path_component(cx, instance) });
        }
        self.push(PathComponent {
            attached_to: instance.as_deref().and_then(|instance| named(self.cx, instance)),
            outbound_header: Some(self.packet.header()),
            subnet: named(self.cx, interface.state.public.subnet_id()),
            vpc: named(self.cx, interface.state.public.vpc_id()),
            ..path_component(self.cx, &interface.id)
        });
        if !self.answer {
            let component = filtering::groups(self.cx, interface, &mut self.packet, true)?;
            self.push(component);
        }
        self.sender.get_or_insert_with(|| Arc::clone(interface));
        let subnet = self.subnet_of(interface)?;
        self.out_of(&subnet)
    }

    /// Out of a subnet, as its ACL and its route table have it.
    pub(super) fn out_of(&mut self, subnet: &Subnet) -> Step<()> {
        let neighbour = self.addressee(subnet.state.public.vpc_id());
        if let Some(interface) = neighbour.filter(|interface| interface.state.public.subnet_id() == &*subnet.id) {
            return self.arrive(&interface, Some(subnet));
        }
        let component = filtering::acl(self.cx, subnet, &mut self.packet, true)?;
        self.push(component);
        let vpc = subnet.state.public.vpc_id().to_owned();
        let main = || self.cx.vpcs.index().get(&vpc).map(|vpc| vpc.state.main_route_table.clone());
        let Some(table) = subnet.state.route_table.as_ref().map(|table| table.to.clone()).or_else(main) else {
            return Err(explain("UNKNOWN_COMPONENT", Explanation::default()));
        };
        self.by_table(&table, &vpc, Some(subnet))
    }

    pub(super) fn by_table(&mut self, table: &Id, vpc: &str, from: Option<&Subnet>) -> Step<()> {
        self.hops += 1;
        if self.hops > MOST_HOPS {
            return Err(explain("NO_PATH", Explanation { route_table: named(self.cx, table), ..Default::default() }));
        }
        let (component, hop, destination) =
            routing::choose(self.cx, table, self.packet.destination, self.goal.gateway())?;
        self.packet.destination = destination;
        self.push(component);
        match hop {
            Hop::Local => self.within(vpc, from),
            Hop::To(id) => self.by(&id, vpc, from),
        }
    }

    /// The interface in a VPC that the packet is for.
    fn addressee(&self, vpc: &str) -> Option<Interface> {
        let has = |interface: &Interface| {
            let public = &interface.state.public;
            let own =
                |text: &str| text.parse().is_ok_and(|ip: std::net::IpAddr| IpNet::from(ip) == self.packet.destination);
            public.vpc_id() == vpc
                && (public.private_ip_addresses.iter().any(|address| own(address.private_ip_address()))
                    || public.ipv6_addresses.iter().any(|address| own(address.ipv6_address())))
        };
        match &self.goal {
            Goal::Interface(interface) => Some(interface).filter(|interface| has(interface)).cloned(),
            Goal::Address => self.cx.network_interfaces.linked_to(&Id::new(vpc)).values().find(|i| has(i)).cloned(),
            Goal::Gateway(_) => None,
        }
    }

    /// To an interface of the VPC.
    pub(super) fn within(&mut self, vpc: &str, from: Option<&Subnet>) -> Step<()> {
        match self.addressee(vpc) {
            Some(interface) => self.arrive(&interface, from),
            None => Err(explain(
                "NO_POSSIBLE_DESTINATION",
                Explanation {
                    vpc: named(self.cx, vpc),
                    addresses: vec![self.packet.destination.addr().to_string()],
                    destination: self.goal.gateway().and_then(|goal| named(self.cx, goal)),
                    ..Explanation::default()
                },
            )),
        }
    }

    fn arrive(&mut self, interface: &Interface, from: Option<&Subnet>) -> Step<()> {
        let subnet = self.subnet_of(interface)?;
        if from.is_none_or(|from| from.id != subnet.id) {
            let component = filtering::acl(self.cx, &subnet, &mut self.packet, false)?;
            self.push(component);
        }
        if !self.answer {
            let component = filtering::groups(self.cx, interface, &mut self.packet, false)?;
            self.push(component);
        }
        let instance = interface.state.instance().map(str::to_owned);
        self.push(PathComponent {
            attached_to: instance.as_deref().and_then(|instance| named(self.cx, instance)),
            inbound_header: Some(self.packet.header()),
            subnet: named(self.cx, &subnet.id),
            vpc: named(self.cx, interface.state.public.vpc_id()),
            ..path_component(self.cx, &interface.id)
        });
        if let Some(instance) = &instance {
            let cx = self.cx;
            self.push(PathComponent { inbound_header: Some(self.packet.header()), ..path_component(cx, instance) });
        }
        self.arrived = Some(Arc::clone(interface));
        Ok(())
    }

    /// By way of a gateway or an interface that a route names.
    fn by(&mut self, id: &str, vpc: &str, from: Option<&Subnet>) -> Step<()> {
        let is_goal = self.goal.gateway() == Some(id);
        let prefix = id.rsplit_once('-').map_or("", |(prefix, _)| prefix);
        let outside = matches!(prefix, "eigw" | "vgw" | "vpce" | "cagw") && matches!(self.goal, Goal::Address);
        match prefix {
            "igw" => self.leave_for_internet(id, vpc, is_goal),
            "nat" => self.translate(id, from),
            "tgw" if !is_goal => self.across(id, vpc, from),
            "pcx" if !is_goal => self.cross_peering(id, vpc),
            "eni" => self.through(id),
            _ if is_goal || outside => {
                self.finish(id, vpc);
                Ok(())
            }
            _ => Err(explain(
                "NO_POSSIBLE_DESTINATION",
                Explanation { component: named(self.cx, id), vpc: named(self.cx, vpc), ..Explanation::default() },
            )),
        }
    }

    fn finish(&mut self, id: &str, vpc: &str) {
        self.push(PathComponent {
            inbound_header: Some(self.packet.header()),
            vpc: named(self.cx, vpc),
            ..path_component(self.cx, id)
        });
        self.exit = Some(id.to_owned());
    }

    /// AWS: "Internet gateways reject outbound traffic" of senders without a public address, and to private ones.
    fn leave_for_internet(&mut self, id: &str, vpc: &str, is_goal: bool) -> Step<()> {
        let refuse = |walk: &Self, code: &str| {
            explain(
                code,
                Explanation {
                    internet_gateway: named(walk.cx, id),
                    component: named(walk.cx, id),
                    network_interface: walk.sender.as_ref().and_then(|sender| named(walk.cx, &sender.id)),
                    address: Some(walk.packet.destination.addr().to_string()),
                    vpc: named(walk.cx, vpc),
                    ..Explanation::default()
                },
            )
        };
        if let IpNet::V4(destination) = self.packet.destination {
            let public = self.sender.as_ref().is_some_and(|sender| public_address(self.cx, sender).is_some());
            if !public {
                return Err(refuse(self, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"));
            }
            if destination.addr().is_private() {
                return Err(refuse(self, "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"));
            }
        }
        if !is_goal && matches!(self.goal, Goal::Interface(_) | Goal::Gateway(_)) {
            return Err(refuse(self, "NO_POSSIBLE_DESTINATION"));
        }
        self.finish(id, vpc);
        Ok(())
    }

    fn translate(&mut self, id: &str, from: Option<&Subnet>) -> Step<()> {
        let found = self.cx.nat_gateways.index().get(id);
        let interfaces = self.cx.network_interfaces.linked_to(&Id::new(id));
        let Some((gateway, interface)) = found.zip(interfaces.values().next().cloned()) else {
            return Err(explain(
                "UNKNOWN_COMPONENT",
                Explanation { nat_gateway: named(self.cx, id), ..Default::default() },
            ));
        };
        let subnet = self.subnet_of(&interface)?;
        if from.is_none_or(|from| from.id != subnet.id) {
            let component = filtering::acl(self.cx, &subnet, &mut self.packet, false)?;
            self.push(component);
        }
        let inbound = self.packet.header();
        let address = interface.state.public.private_ip_address().parse::<std::net::IpAddr>();
        let source = address.map_or(self.packet.source, IpNet::from);
        self.translations.push(Translation {
            interface: Arc::clone(&interface),
            gateway: id.to_owned(),
            source: std::mem::replace(&mut self.packet.source, source),
            source_groups: std::mem::take(&mut self.packet.source_groups),
        });
        self.sender = Some(interface);
        self.push(PathComponent {
            inbound_header: Some(inbound),
            outbound_header: Some(self.packet.header()),
            subnet: named(self.cx, &subnet.id),
            vpc: named(self.cx, gateway.state.public.vpc_id()),
            ..path_component(self.cx, id)
        });
        self.out_of(&subnet)
    }

    /// Through an appliance, which must not check that it is the source or the destination.
    fn through(&mut self, id: &str) -> Step<()> {
        let Some(interface) = self.cx.network_interfaces.index().get(id) else {
            return Err(explain(
                "UNKNOWN_COMPONENT",
                Explanation { component: named(self.cx, id), ..Default::default() },
            ));
        };
        let subnet = self.subnet_of(&interface)?;
        let component = filtering::acl(self.cx, &subnet, &mut self.packet, false)?;
        self.push(component);
        if !self.answer {
            let component = filtering::groups(self.cx, &interface, &mut self.packet, false)?;
            self.push(component);
        }
        if interface.state.public.source_dest_check() {
            return Err(explain(
                "ENI_SOURCE_DEST_CHECK_RESTRICTION",
                Explanation {
                    component: named(self.cx, id),
                    network_interface: named(self.cx, id),
                    vpc: named(self.cx, interface.state.public.vpc_id()),
                    ..Explanation::default()
                },
            ));
        }
        self.leave(&interface)
    }

    /// Into the VPC on the other side of a peering connection.
    fn cross_peering(&mut self, id: &str, vpc: &str) -> Step<()> {
        let found = self.cx.vpc_peering_connections.index().get(id);
        let other = found.as_ref().and_then(|found| {
            let parties = Role::BOTH.into_iter().map(|role| found.state.side.party(role));
            let far = found.state.side.elsewhere().is_some();
            parties.into_iter().find(|party| party.resource != vpc && !far).map(|party| party.resource.clone())
        });
        let known = other.and_then(|other| self.cx.vpcs.index().get(&other));
        let Some(other) = known.filter(|other| other.account == self.cx.account) else {
            return Err(explain(
                "UNKNOWN_COMPONENT",
                Explanation {
                    missing_component: Some("vpc".into()),
                    vpc_peering_connection: named(self.cx, id),
                    ..Explanation::default()
                },
            ));
        };
        let blocks = || other.state.ipv4_blocks().chain(other.state.ipv6_blocks().map(IpNet::from));
        if !blocks().any(|block| block.contains(&self.packet.destination)) {
            return Err(explain(
                "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR",
                Explanation {
                    vpc_peering_connection: named(self.cx, id),
                    component: named(self.cx, id),
                    destination_vpc: named(self.cx, &other.id),
                    source_vpc: named(self.cx, vpc),
                    address: Some(self.packet.destination.addr().to_string()),
                    ..Explanation::default()
                },
            ));
        }
        self.push(PathComponent {
            source_vpc: named(self.cx, vpc),
            destination_vpc: named(self.cx, &other.id),
            ..path_component(self.cx, id)
        });
        self.within(&other.id, None)
    }

    /// By a transit gateway into another VPC.
    fn across(&mut self, id: &str, vpc: &str, from: Option<&Subnet>) -> Step<()> {
        let Some(attachment) = attachment_of(self.cx, id, vpc) else {
            return Err(explain(
                "UNKNOWN_COMPONENT",
                Explanation { transit_gateway: named(self.cx, id), ..Default::default() },
            ));
        };
        // AWS: a gateway takes traffic from the zones only where the attachment has a subnet.
        if let Some(from) = from {
            let zone = from.state.public.availability_zone();
            let mut subnets = attachment.state.public.subnet_ids.iter();
            let served = subnets.any(|id| {
                self.cx.subnets.index().get(id).is_some_and(|own| own.state.public.availability_zone() == zone)
            });
            if !served {
                return Err(explain(
                    "TGW_ATTACH_VPC_AZ_RESTRICTION",
                    Explanation {
                        transit_gateway: named(self.cx, id),
                        transit_gateway_attachment: named(self.cx, &attachment.id),
                        availability_zones: vec![zone.to_owned()],
                        vpc: named(self.cx, vpc),
                        ..Explanation::default()
                    },
                ));
            }
        }
        self.push(path_component(self.cx, &attachment.id));
        self.push(PathComponent { transit_gateway: named(self.cx, id), ..path_component(self.cx, id) });
        let table = table_of(self.cx, &attachment.state, id);
        let table = table.as_ref();
        let route = table.and_then(|table| route_to(self.cx, table, self.packet.destination));
        let of = |code: &str, shown: Option<TransitGatewayRouteTableRoute>| {
            explain(
                code,
                Explanation {
                    transit_gateway: named(self.cx, id),
                    transit_gateway_attachment: named(self.cx, &attachment.id),
                    transit_gateway_route_table: table.and_then(|table| named(self.cx, &table.id)),
                    transit_gateway_route_table_route: shown,
                    cidrs: vec![self.packet.destination.to_string()],
                    ..Explanation::default()
                },
            )
        };
        let Some((table, route)) = table.zip(route) else {
            return Err(of("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", None));
        };
        let next = route.transit_gateway_attachments.first().cloned().unwrap_or_default();
        let shown = TransitGatewayRouteTableRoute {
            destination_cidr: route.destination_cidr_block.clone(),
            state: route.state.clone(),
            route_origin: route.r#type.clone(),
            prefix_list_id: route.prefix_list_id.clone(),
            attachment_id: next.transit_gateway_attachment_id.clone(),
            resource_id: next.resource_id.clone(),
            resource_type: next.resource_type.clone(),
        };
        if route.state() == "blackhole" {
            return Err(of("TGW_RTB_BAD_STATE_ROUTE", Some(shown)));
        }
        let table = PathComponent {
            transit_gateway: named(self.cx, id),
            transit_gateway_route_table_route: Some(shown.clone()),
            ..path_component(self.cx, &table.id)
        };
        if next.resource_type() != "vpc" {
            return Err(of("UNKNOWN_COMPONENT", Some(shown)));
        }
        self.push(table);
        self.push(path_component(self.cx, next.transit_gateway_attachment_id()));
        self.within(next.resource_id(), None)
    }
}

/// The address by which the internet knows an interface's primary address.
pub(super) fn public_address(cx: &Context, interface: &Interface) -> Option<String> {
    let shown = crate::families::network_interfaces::view(cx, interface);
    let own = shown.association.and_then(|association| association.public_ip);
    // A NAT gateway's elastic address is associated with its interface too.
    own.or_else(|| shown.private_ip_addresses.iter().find_map(|ip| ip.association.as_ref()?.public_ip.clone()))
}
