//! What a route sends its traffic to: one line of a table for each kind of target.

use archipelago_proto::ec2::v1::{CreateRouteRequest, InstanceState, ReplaceRouteRequest, Route};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::destination::Destination;
use crate::entity::{Entity, Host, Id, Published};
use crate::request::Context;

/// Where traffic that is sent to a target from some VPC goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// There is no such target, or no longer.
    Missing,
    /// It belongs to another VPC.
    Elsewhere,
    /// It is there, but takes no traffic.
    Dead,
    Alive,
}

/// A kind of target.
pub(super) struct Kind {
    /// The parameter that names one.
    parameter: &'static str,
    /// What its ids begin with; several kinds share a parameter.
    prefix: &'static str,
    noun: &'static str,
    not_found: &'static str,
    /// Where a route has it.
    slot: fn(&mut Route) -> &mut Option<String>,
    /// Sees it with the eyes of the account and the VPC that have the route.
    look: fn(&Context, &str, &str) -> Reach,
    /// Which addresses can be sent there.
    takes: Takes,
    /// Whether traffic within a VPC, and what enters one at a gateway, can be sent there.
    middlebox: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Everything,
    Ipv6,
    /// And the IPv6 addresses that stand for IPv4 ones (RFC 6052).
    Ipv4AndNat64,
    Ipv4,
}

/// In the order in which a route is looked through.
pub(super) const KINDS: &[Kind] = &[
    Kind {
        parameter: "gatewayId",
        prefix: "igw",
        noun: "gateway ID",
        not_found: "InvalidGatewayID.NotFound",
        slot: |route| &mut route.gateway_id,
        look: |cx, id, vpc| reach(cx, &cx.internet_gateways, id, |gateway| (gateway.state.vpc() == Some(vpc), true)),
        takes: Takes::Everything,
        middlebox: false,
    },
    Kind {
        parameter: "gatewayId",
        prefix: "vgw",
        noun: "gateway ID",
        not_found: "InvalidGatewayID.NotFound",
        slot: |route| &mut route.gateway_id,
        look: |cx, id, vpc| {
            reach(cx, &cx.vpn_gateways, id, |gateway| (gateway.state.vpc() == Some(vpc), gateway.state.serves(vpc)))
        },
        takes: Takes::Everything,
        middlebox: false,
    },
    Kind {
        parameter: "natGatewayId",
        prefix: "nat",
        noun: "NatGateway",
        not_found: "InvalidNatGatewayID.NotFound",
        slot: |route| &mut route.nat_gateway_id,
        look: |cx, id, vpc| match cx.nat_gateways.index().get(id) {
            Some(gateway) if gateway.state.is_over() => Reach::Missing,
            _ => reach(cx, &cx.nat_gateways, id, |gateway| (gateway.state.public.vpc_id() == vpc, true)),
        },
        takes: Takes::Ipv4AndNat64,
        middlebox: false,
    },
    Kind {
        parameter: "egressOnlyInternetGatewayId",
        prefix: "eigw",
        noun: "egressOnlyInternetGateway ID",
        not_found: "InvalidGatewayID.NotFound",
        slot: |route| &mut route.egress_only_internet_gateway_id,
        look: |cx, id, vpc| {
            reach(cx, &cx.egress_only_internet_gateways, id, |gateway| (gateway.state.vpc() == vpc, true))
        },
        takes: Takes::Ipv6,
        middlebox: false,
    },
    Kind {
        parameter: "carrierGatewayId",
        prefix: "cagw",
        noun: "carrierGateway ID",
        not_found: "InvalidCarrierGatewayID.NotFound",
        slot: |route| &mut route.carrier_gateway_id,
        look: |cx, id, vpc| reach(cx, &cx.carrier_gateways, id, |gateway| (gateway.state.public.vpc_id() == vpc, true)),
        takes: Takes::Ipv4,
        middlebox: false,
    },
    Kind {
        parameter: "networkInterfaceId",
        prefix: "eni",
        noun: "networkInterface ID",
        not_found: "InvalidNetworkInterfaceID.NotFound",
        slot: |route| &mut route.network_interface_id,
        look: interface,
        takes: Takes::Everything,
        middlebox: true,
    },
    Kind {
        parameter: "vpcEndpointId",
        prefix: "vpce",
        noun: "Vpc Endpoint Id",
        not_found: "InvalidVpcEndpointId.NotFound",
        slot: |route| &mut route.gateway_id,
        look: |cx, id, vpc| match cx.vpc_endpoints.index().get(id) {
            Some(endpoint) if !endpoint.state.is_gateway_load_balancer() => Reach::Missing,
            _ => reach(cx, &cx.vpc_endpoints, id, |endpoint| {
                (endpoint.state.public.vpc_id() == vpc, endpoint.state.is_available())
            }),
        },
        takes: Takes::Everything,
        middlebox: true,
    },
    Kind {
        parameter: "transitGatewayId",
        prefix: "tgw",
        noun: "transitGateway ID",
        not_found: "InvalidTransitGatewayID.NotFound",
        slot: |route| &mut route.transit_gateway_id,
        look: transit_gateway,
        takes: Takes::Everything,
        middlebox: false,
    },
    Kind {
        parameter: "vpcPeeringConnectionId",
        prefix: "pcx",
        noun: "vpcPeeringConnection ID",
        not_found: "InvalidVpcPeeringConnectionID.NotFound",
        slot: |route| &mut route.vpc_peering_connection_id,
        look: peering,
        takes: Takes::Everything,
        middlebox: false,
    },
    unmade("localGatewayId", "lgw", "localGateway ID", "InvalidLocalGatewayID.NotFound", |route| {
        &mut route.local_gateway_id
    }),
    unmade("coreNetworkArn", "arn", "coreNetwork ARN", "InvalidCoreNetworkArn.NotFound", |route| {
        &mut route.core_network_arn
    }),
    unmade("odbNetworkArn", "arn", "odbNetwork ARN", "InvalidOdbNetworkArn.NotFound", |route| {
        &mut route.odb_network_arn
    }),
];

/// A kind of target that no action here makes: no id of it is known.
const fn unmade(
    parameter: &'static str,
    prefix: &'static str,
    noun: &'static str,
    not_found: &'static str,
    slot: fn(&mut Route) -> &mut Option<String>,
) -> Kind {
    let look = |_: &Context, _: &str, _: &str| Reach::Missing;
    Kind { parameter, prefix, noun, not_found, slot, look, takes: Takes::Everything, middlebox: false }
}

/// A resource of the caller's as a target: whether it is in the VPC, and takes traffic.
fn reach<E: Entity>(cx: &Context, host: &Host<E>, id: &str, test: impl FnOnce(&Published<E>) -> (bool, bool)) -> Reach {
    let found = host.index().get(id).filter(|found| found.account == cx.account);
    match found.map(|found| test(&found)) {
        None => Reach::Missing,
        Some((false, _)) => Reach::Elsewhere,
        Some((true, false)) => Reach::Dead,
        Some((true, true)) => Reach::Alive,
    }
}

/// Instances of this state, or that will soon be, take traffic (AWS: `InstanceState`).
const RUNNING: i32 = 16;

fn interface(cx: &Context, id: &str, vpc: &str) -> Reach {
    reach(cx, &cx.network_interfaces, id, |interface| {
        let public = &interface.state.public;
        let instance = interface.state.instance().and_then(|instance| cx.instances.index().get(instance));
        let state = instance.and_then(|instance| instance.state.public.state.as_ref().map(InstanceState::code));
        let serves = public.requester_managed() && public.attachment.is_some();
        (public.vpc_id() == vpc, serves || state.is_some_and(|code| code <= RUNNING))
    })
}

/// AWS knows a gateway here only where the VPC is attached to it.
fn transit_gateway(cx: &Context, id: &str, vpc: &str) -> Reach {
    let attachments = cx.transit_gateway_attachments.linked_to(&Id::new(vpc));
    let mut attached = attachments.values().map(|found| &found.state);
    let serves = attached.any(|state| state.public.transit_gateway_id() == id && state.is_available());
    if serves { Reach::Alive } else { Reach::Missing }
}

/// Also one that is not accepted yet: until then the route is a black hole (AWS: "Update your route tables").
fn peering(cx: &Context, id: &str, vpc: &str) -> Reach {
    let known = cx.vpc_peering_connections.index().get(id).filter(|found| !found.state.is_over());
    match known.filter(|found| found.state.visible_to(&cx.account, cx.shell.clock.now())) {
        None => Reach::Missing,
        Some(found) if !found.state.joins(&cx.account, vpc) => Reach::Elsewhere,
        Some(found) if found.state.is_active() => Reach::Alive,
        Some(_) => Reach::Dead,
    }
}

/// The target of a request.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    /// Into the VPC, as the local routes lead.
    Local,
    /// An instance with exactly one interface, which is the target.
    Instance(&'a str),
    Of(&'static str, &'a str),
}

const ONE: &str = "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, \
                   vpcPeeringConnectionId or transitGatewayId";

/// The parameters of targets that CreateRoute and ReplaceRoute share.
macro_rules! targets {
    ($input:ident) => {
        [
            ("gatewayId", &$input.gateway_id),
            ("networkInterfaceId", &$input.network_interface_id),
            ("natGatewayId", &$input.nat_gateway_id),
            ("transitGatewayId", &$input.transit_gateway_id),
            ("localGatewayId", &$input.local_gateway_id),
            ("carrierGatewayId", &$input.carrier_gateway_id),
            ("egressOnlyInternetGatewayId", &$input.egress_only_internet_gateway_id),
            ("vpcPeeringConnectionId", &$input.vpc_peering_connection_id),
            ("vpcEndpointId", &$input.vpc_endpoint_id),
            ("coreNetworkArn", &$input.core_network_arn),
            ("odbNetworkArn", &$input.odb_network_arn),
        ]
    };
}

impl<'a> Target<'a> {
    pub(super) fn of_creation(input: &'a CreateRouteRequest) -> Ec2Result<Self> {
        Self::only(targets!(input), input.instance_id.as_deref(), false)
    }

    pub(super) fn of_replacement(input: &'a ReplaceRouteRequest) -> Ec2Result<Self> {
        Self::only(targets!(input), input.instance_id.as_deref(), input.local_target())
    }

    fn only<const N: usize>(
        given: [(&'static str, &'a Option<String>); N],
        instance: Option<&'a str>,
        local: bool,
    ) -> Ec2Result<Self> {
        let given = given.into_iter().filter_map(|(parameter, id)| Some((parameter, id.as_deref()?)));
        let given = given.map(|target| match target {
            ("gatewayId", "local") => Self::Local,
            (parameter, id) => Self::Of(parameter, id),
        });
        let given = given.chain(instance.map(Self::Instance)).chain(local.then_some(Self::Local));
        match given.collect::<Vec<_>>()[..] {
            [target] => Ok(target),
            [] => Err(Ec2Error::new("MissingParameter", ONE)),
            _ => Err(Ec2Error::invalid_combination(ONE)),
        }
    }

    pub(super) fn is_local(self) -> bool {
        matches!(self, Self::Local)
    }

    /// Puts the target into a route of a table in this VPC.
    pub(super) fn aim(self, cx: &Context, mut route: Route, table: &Id, vpc: &str) -> Ec2Result<Route> {
        let (parameter, id) = match self {
            Self::Local => {
                return Err(Ec2Error::invalid_parameter("A route with the target local can only replace one."));
            }
            Self::Instance(id) => ("networkInterfaceId", only_interface(cx, id)?),
            Self::Of(parameter, id) => (parameter, Id::new(id)),
        };
        let kind = kind_for(parameter, &id)?;
        match (kind.look)(cx, &id, vpc) {
            Reach::Missing => return Err(kind.missing(&id)),
            Reach::Elsewhere => {
                let noun = match kind.parameter {
                    "gatewayId" => "network gateway",
                    "networkInterfaceId" => "interface",
                    _ => kind.noun,
                };
                let message = format!("route table {table} and {noun} {id} belong to different networks");
                return Err(Ec2Error::invalid_parameter(message));
            }
            Reach::Dead | Reach::Alive => {}
        }
        kind.check_takes(&route)?;
        *(kind.slot)(&mut route) = Some(id.into());
        Ok(route)
    }
}

/// The kind that a parameter and the beginning of an id say; any of the parameter's if the id is malformed.
fn kind_for(parameter: &str, id: &Id) -> Ec2Result<&'static Kind> {
    let mut kinds = KINDS.iter().filter(|kind| kind.parameter == parameter);
    let first = kinds.clone().next();
    let kind = kinds.find(|kind| id.prefix() == kind.prefix).or(first);
    kind.ok_or_else(|| Ec2Error::invalid_value(parameter, id))
}

impl Kind {
    fn missing(&self, id: &str) -> Ec2Error {
        Ec2Error::new(self.not_found, format!("The {} '{id}' does not exist", self.noun))
    }

    fn check_takes(&self, route: &Route) -> Ec2Result<()> {
        let Some(destination) = Destination::of(route) else { return Ok(()) };
        let Destination::Block(block) = &destination else { return Ok(()) };
        let ipv4 = matches!(block, ipnet::IpNet::V4(_));
        let fits = match self.takes {
            Takes::Everything => true,
            Takes::Ipv6 => !ipv4,
            Takes::Ipv4 => ipv4,
            Takes::Ipv4AndNat64 => ipv4 || block.to_string() == "64:ff9b::/96",
        };
        if fits {
            return Ok(());
        }
        Err(Ec2Error::invalid_parameter(format!(
            "The destination {destination} is not supported for a route with the target {}.",
            self.parameter
        )))
    }
}

/// The kind of a route's target, and its id; None for a local route.
fn of(route: &Route) -> Option<(&'static Kind, String)> {
    let mut route = route.clone();
    KINDS.iter().find_map(|kind| {
        let id = (kind.slot)(&mut route).clone()?;
        (Id::new(&id).prefix() == kind.prefix || kind.prefix == "arn").then_some((kind, id))
    })
}

/// Whether traffic within a VPC, or from outside into it, can be sent to a route's target.
pub(super) fn is_middlebox(route: &Route) -> bool {
    of(route).is_none_or(|(kind, _)| kind.middlebox)
}

fn only_interface(cx: &Context, instance: &str) -> Ec2Result<Id> {
    let instance = &cx.instances.find(&cx.account, instance)?.id;
    let interfaces = cx.network_interfaces.linked_to(instance);
    match interfaces.values().collect::<Vec<_>>()[..] {
        [interface] => Ok(interface.id.clone()),
        [] => {
            let message = format!("There is no interface attached to instance '{instance}'.");
            Err(Ec2Error::new("InvalidInstanceID", message))
        }
        _ => Err(Ec2Error::new(
            "InvalidInstanceID",
            format!(
                "There are multiple interfaces attached to instance '{instance}'. Please specify an interface ID for \
                 the operation instead."
            ),
        )),
    }
}

/// The route as it is shown: whether its target is there and takes traffic from this VPC, and which
/// instance has its interface.
pub(super) fn shown(cx: &Context, route: Route, vpc: &str) -> Route {
    let alive = of(&route).is_none_or(|(kind, id)| (kind.look)(cx, &id, vpc) == Reach::Alive);
    let mut route = route;
    let interface = route.network_interface_id.as_deref().and_then(|id| cx.network_interfaces.index().get(id));
    if let Some(attachment) = interface.as_ref().and_then(|interface| interface.state.public.attachment.as_ref()) {
        route.instance_id.clone_from(&attachment.instance_id);
        route.instance_owner_id.clone_from(&attachment.instance_owner_id);
    }
    Route { state: Some(if alive { "active" } else { "blackhole" }.to_owned()), ..route }
}
