//! A VPN connection: pending, available, modifying, deleting, and deleted for an hour.

use std::net::Ipv4Addr;

use archipelago_proto::cluster::v1::SetVpnTunnelRequest;
use archipelago_proto::ec2::v1::{TunnelOption, VpnConnection, VpnConnectionOptions, VpnStaticRoute};
use archipelago_proto::{Ec2Error, Ec2Result};
use prost::Message;

use super::VISIBLE;
use crate::entity::{Decision, Entity, Facts, Id, Kind, Next, resource};
use crate::time::{Millis, Transition};

#[derive(Clone, PartialEq, Message)]
pub struct VpnConnectionState {
    /// Without the configuration for the customer's gateway, which is made from the rest.
    #[prost(message, required, tag = "1")]
    pub public: VpnConnection,
    #[prost(int64, optional, tag = "2")]
    settles: Option<Millis>,
}

/// Changes what clients see, or refuses to.
type Modification = Box<dyn FnOnce(&mut VpnConnection) -> Ec2Result<()> + Send>;

pub enum VpnConnectionCommand {
    Delete,
    AddRoute(String),
    RemoveRoute(String),
    Modify(Modification),
    /// A new endpoint for the tunnel with this address.
    ReplaceTunnel(String),
    /// What has become of a tunnel.
    SetTunnel(SetVpnTunnelRequest),
}

impl VpnConnectionState {
    pub(super) fn new(public: VpnConnection, settles: Millis) -> Self {
        Self { public, settles: Some(settles) }
    }

    pub fn is_over(&self) -> bool {
        matches!(self.public.state(), "deleting" | "deleted")
    }

    pub(super) fn tunnels(&self) -> &[TunnelOption] {
        self.public.options.as_ref().map(|options| options.tunnel_options.as_slice()).unwrap_or_default()
    }

    pub(super) fn tunnel(&self, outside: &str) -> Ec2Result<&TunnelOption> {
        let known = self.tunnels().iter().find(|tunnel| tunnel.outside_ip_address() == outside);
        known.ok_or_else(|| Ec2Error::invalid_value("vpnTunnelOutsideIpAddress", outside))
    }

    /// The addresses that its tunnels have taken.
    pub(super) fn addresses(&self) -> Vec<Ipv4Addr> {
        self.tunnels().iter().filter_map(|tunnel| tunnel.outside_ip_address().parse().ok()).collect()
    }

    /// The networks behind it, for the route tables that its gateway's routes propagate to.
    pub fn static_routes(&self) -> impl Iterator<Item = &str> {
        let routes = self.public.routes.iter().filter(|_| self.public.state() == "available");
        routes.map(VpnStaticRoute::destination_cidr_block)
    }

    fn must_be_static(&self, id: &Id) -> Ec2Result<()> {
        if self.public.options.as_ref().is_some_and(VpnConnectionOptions::static_routes_only) {
            return Ok(());
        }
        Err(Ec2Error::unsupported(format!("The VPN connection '{id}' does not use static routes.")))
    }
}

impl Entity for VpnConnectionState {
    const KIND: Kind = Kind {
        resource_type: "vpn-connection",
        prefix: "vpn",
        not_found: "InvalidVpnConnectionID.NotFound",
        malformed: "InvalidVpnConnectionID.Malformed",
        noun: "vpnConnection ID",
    };
    type Command = VpnConnectionCommand;
    /// The addresses that are free again.
    type Reply = Vec<Ipv4Addr>;

    fn decide(&self, command: VpnConnectionCommand, facts: &Facts<'_>) -> Ec2Result<Decision<Self>> {
        let mut next = self.clone();
        let mut reply = Vec::new();
        match (self.public.state(), command) {
            ("deleted", _) => return Err(Self::KIND.not_found(facts.id)),
            ("deleting", VpnConnectionCommand::Delete) => return Ok(Decision { next: Next::Keep, reply }),
            (_, VpnConnectionCommand::Delete) => {
                next.public.state = Some("deleting".into());
                next.settles = Some(facts.after(Transition::VpnConnectionDelete));
                reply = self.addresses();
            }
            ("available", VpnConnectionCommand::AddRoute(destination)) => {
                self.must_be_static(facts.id)?;
                if !self.public.routes.iter().any(|known| known.destination_cidr_block() == destination) {
                    next.public.routes.push(VpnStaticRoute {
                        destination_cidr_block: Some(destination),
                        source: Some("Static".into()),
                        state: Some("available".into()),
                    });
                }
            }
            ("available", VpnConnectionCommand::RemoveRoute(destination)) => {
                next.public.routes.retain(|known| known.destination_cidr_block() != destination);
                if next.public.routes.len() == self.public.routes.len() {
                    let message = format!("The route {destination} does not exist in the VPN connection {}", facts.id);
                    return Err(Ec2Error::new("InvalidRoute.NotFound", message));
                }
            }
            ("available", VpnConnectionCommand::Modify(modify)) => {
                modify(&mut next.public)?;
                next.public.state = Some("modifying".into());
                next.settles = Some(facts.after(Transition::VpnConnectionModify));
            }
            ("available", VpnConnectionCommand::ReplaceTunnel(outside)) => {
                let telemetry = next.public.vgw_telemetry.iter_mut();
                telemetry.filter(|known| known.outside_ip_address() == outside).for_each(|known| {
                    known.last_status_change = Some(facts.now);
                });
            }
            ("available" | "modifying", VpnConnectionCommand::SetTunnel(new)) => {
                self.tunnel(&new.outside_ip_address)?;
                let telemetry = next.public.vgw_telemetry.iter_mut();
                for known in telemetry.filter(|known| known.outside_ip_address() == new.outside_ip_address) {
                    known.last_status_change = Some(facts.now);
                    known.status = Some(new.status.clone());
                    known.status_message = Some(new.message.clone());
                    known.accepted_route_count = Some(new.accepted_routes);
                }
            }
            (state, _) => {
                let message = format!("The vpnConnection '{}' is not available: it is {state}.", facts.id);
                return Err(Ec2Error::new("IncorrectState", message));
            }
        }
        Ok(Decision { next: Next::Become(next), reply })
    }

    fn due(&self) -> Option<Millis> {
        self.settles
    }

    fn elapse(&self, facts: &Facts<'_>) -> Next<Self> {
        let mut next = self.clone();
        next.settles = None;
        match self.public.state() {
            "deleted" => return Next::Gone(next),
            "deleting" => {
                next.public.state = Some("deleted".into());
                next.settles = Some(facts.now + VISIBLE);
            }
            _ => next.public.state = Some("available".into()),
        }
        Next::Become(next)
    }

    fn links(&self) -> Vec<Id> {
        if self.public.state() == "deleted" {
            return Vec::new();
        }
        let gateway = self.public.vpn_gateway_id.iter();
        gateway.chain(&self.public.customer_gateway_id).map(|id| Id::new(id)).collect()
    }

    fn counts(&self) -> bool {
        self.public.state() != "deleted"
    }

    resource!(tags);
}
