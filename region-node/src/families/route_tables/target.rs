//! What a route sends its traffic to.

use archipelago_proto::ec2::v1::{CreateRouteRequest, InstanceState, ReplaceRouteRequest, Route};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::entity::{Entity as _, Id};
use crate::families::transit_gateways::TransitGatewayState;
use crate::families::vpc_peering::VpcPeeringState;
use crate::request::Context;

/// The target of a request, by the parameter that names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// Into the VPC, as the local routes lead.
    Local,
    Gateway(&'a str),
    Interface(&'a str),
    /// An instance with exactly one interface, which is the target.
    Instance(&'a str),
    Peering(&'a str),
    TransitGateway(&'a str),
    /// A kind of target that no action here makes: the error for any id of it.
    Unknown {
        code: &'static str,
        noun: &'static str,
        id: &'a str,
    },
}

const ONE: &str = "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, \
                   vpcPeeringConnectionId or transitGatewayId";

/// The parameters of targets that CreateRoute and ReplaceRoute share.
macro_rules! targets {
    ($input:ident) => {{
        let unknown = |id: &'a Option<String>, code, noun| id.as_deref().map(|id| Target::Unknown { code, noun, id });
        [
            $input.gateway_id.as_deref().map(|id| if id == "local" { Target::Local } else { Target::Gateway(id) }),
            $input.instance_id.as_deref().map(Target::Instance),
            $input.network_interface_id.as_deref().map(Target::Interface),
            unknown(&$input.nat_gateway_id, "InvalidNatGatewayID.NotFound", "natGateway ID"),
            $input.transit_gateway_id.as_deref().map(Target::TransitGateway),
            unknown(&$input.local_gateway_id, "InvalidLocalGatewayID.NotFound", "localGateway ID"),
            unknown(&$input.carrier_gateway_id, "InvalidCarrierGatewayID.NotFound", "carrierGateway ID"),
            unknown(
                &$input.egress_only_internet_gateway_id,
                "InvalidGatewayID.NotFound",
                "egressOnlyInternetGateway ID",
            ),
            $input.vpc_peering_connection_id.as_deref().map(Target::Peering),
            unknown(&$input.vpc_endpoint_id, "InvalidVpcEndpointId.NotFound", "vpcEndpoint ID"),
            unknown(&$input.core_network_arn, "InvalidCoreNetworkArn.NotFound", "coreNetwork ARN"),
            unknown(&$input.odb_network_arn, "InvalidOdbNetworkArn.NotFound", "odbNetwork ARN"),
        ]
    }};
}

impl<'a> Target<'a> {
    pub(super) fn of_creation(input: &'a CreateRouteRequest) -> Ec2Result<Self> {
        Self::only(targets!(input))
    }

    pub(super) fn of_replacement(input: &'a ReplaceRouteRequest) -> Ec2Result<Self> {
        let local = input.local_target().then_some(Target::Local);
        Self::only(targets!(input).into_iter().chain([local]))
    }

    fn only(given: impl IntoIterator<Item = Option<Self>>) -> Ec2Result<Self> {
        match given.into_iter().flatten().collect::<Vec<_>>()[..] {
            [target] => Ok(target),
            [] => Err(Ec2Error::new("MissingParameter", ONE)),
            _ => Err(Ec2Error::invalid_combination(ONE)),
        }
    }

    /// One network interface, by its own id or its instance's.
    pub(super) fn is_interface(self) -> bool {
        matches!(self, Self::Interface(_) | Self::Instance(_))
    }

    /// Puts the target into a route of a table in this VPC.
    pub(super) fn aim(self, cx: &Context, route: Route, table: &Id, vpc: &str) -> Ec2Result<Route> {
        match self {
            Self::Local => Err(Ec2Error::invalid_parameter("A route with the target local can only replace one.")),
            Self::Gateway(id) => gateway(cx, route, table, vpc, id),
            Self::Interface(id) => interface(cx, route, table, vpc, id),
            Self::Instance(id) => interface(cx, route, table, vpc, &only_interface(cx, id)?),
            Self::TransitGateway(id) => transit_gateway(cx, route, vpc, id),
            Self::Peering(id) => peering(cx, route, table, vpc, id),
            Self::Unknown { code, noun, id } => Err(Ec2Error::new(code, format!("The {noun} '{id}' does not exist"))),
        }
    }
}

fn gateway(cx: &Context, route: Route, table: &Id, vpc: &str, id: &str) -> Ec2Result<Route> {
    let found = cx.internet_gateways.find(&cx.account, id);
    let gateway = found
        .map_err(|_| Ec2Error::new("InvalidGatewayID.NotFound", format!("The gateway ID '{id}' does not exist")))?;
    if gateway.state.vpc() != Some(vpc) {
        let message = format!("route table {table} and network gateway {id} belong to different networks");
        return Err(Ec2Error::invalid_parameter(message));
    }
    Ok(Route { gateway_id: Some(id.to_owned()), ..route })
}

/// AWS knows a gateway here only where the VPC is attached to it.
fn transit_gateway(cx: &Context, route: Route, vpc: &str, id: &str) -> Ec2Result<Route> {
    let gateway = cx.transit_gateways.find(&cx.account, id)?;
    if !is_attached(cx, vpc, &gateway.id) {
        return Err(TransitGatewayState::KIND.not_found(id));
    }
    Ok(Route { transit_gateway_id: Some(id.to_owned()), ..route })
}

fn is_attached(cx: &Context, vpc: &str, gateway: &str) -> bool {
    let attachments = cx.transit_gateway_attachments.linked_to(&Id::new(vpc));
    attachments.values().any(|found| found.state.public.transit_gateway_id() == gateway && found.state.is_available())
}

/// Also one that is not accepted yet: until then the route is a black hole (AWS: "Update your route tables").
fn peering(cx: &Context, route: Route, table: &Id, vpc: &str, id: &str) -> Ec2Result<Route> {
    let known = cx.vpc_peering_connections.index().get(id).filter(|found| !found.state.is_over());
    let seen = known.filter(|found| found.state.visible_to(&cx.account, cx.shell.clock.now()));
    let Some(found) = seen else {
        VpcPeeringState::KIND.check(id)?;
        return Err(VpcPeeringState::KIND.not_found(id));
    };
    if !found.state.joins(&cx.account, vpc) {
        let message = format!("route table {table} and peering connection {id} belong to different networks");
        return Err(Ec2Error::invalid_parameter(message));
    }
    Ok(Route { vpc_peering_connection_id: Some(id.to_owned()), ..route })
}

fn interface(cx: &Context, route: Route, table: &Id, vpc: &str, id: &str) -> Ec2Result<Route> {
    let interface = cx.network_interfaces.find(&cx.account, id)?;
    if interface.state.public.vpc_id() != vpc {
        let message = format!("route table {table} and interface {id} belong to different networks");
        return Err(Ec2Error::invalid_parameter(message));
    }
    Ok(Route { network_interface_id: Some(id.to_owned()), ..route })
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

/// Instances of this state, or that will soon be, take traffic (AWS: `InstanceState`).
const RUNNING: i32 = 16;

/// The route as it is shown: whether its target is there and takes traffic from this VPC, and which
/// instance has its interface.
pub(super) fn shown(cx: &Context, route: Route, vpc: &str) -> Route {
    let mut alive = route.gateway_id() == "local";
    let mut route = route;
    if let Some(id) = &route.gateway_id {
        let gateway = cx.internet_gateways.index().get(id);
        alive |= gateway.is_some_and(|gateway| gateway.state.vpc() == Some(vpc));
    }
    if let Some(id) = &route.vpc_peering_connection_id {
        let found = cx.vpc_peering_connections.index().get(id);
        alive |= found.is_some_and(|found| found.state.is_active() && found.state.joins(&cx.account, vpc));
    }
    alive |= route.transit_gateway_id.as_deref().is_some_and(|id| is_attached(cx, vpc, id));
    let interface = route.network_interface_id.as_deref().and_then(|id| cx.network_interfaces.index().get(id));
    if let Some(attachment) = interface.as_ref().and_then(|interface| interface.state.public.attachment.as_ref()) {
        route.instance_id.clone_from(&attachment.instance_id);
        route.instance_owner_id.clone_from(&attachment.instance_owner_id);
        let instance = cx.instances.index().get(attachment.instance_id());
        let state = instance.and_then(|instance| instance.state.public.state.as_ref().map(InstanceState::code));
        alive |= state.is_some_and(|code| code <= RUNNING);
    }
    Route { state: Some(if alive { "active" } else { "blackhole" }.to_owned()), ..route }
}
