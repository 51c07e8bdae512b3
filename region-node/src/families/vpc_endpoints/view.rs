//! An endpoint as it is shown: with its interfaces, their subnets, and its names.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{DnsEntry, VpcEndpoint};

use super::VpcEndpointState;
use crate::entity::{Id, Published};
use crate::families::network_interfaces::NetworkInterfaceState;
use crate::request::Context;

/// The zone of `vpce.amazonaws.com`, and one for the private names.
const PUBLIC_ZONE: &str = "Z7HUB22UULQXV";
const PRIVATE_ZONE: &str = "Z06320943MMOWYG6MAVL9";

pub(super) fn interfaces(cx: &Context, id: &Id) -> Vec<Arc<Published<NetworkInterfaceState>>> {
    cx.network_interfaces.linked_to(id).values().filter(|interface| !interface.state.leaving).cloned().collect()
}

pub(super) fn view(cx: &Context, endpoint: &Published<VpcEndpointState>) -> VpcEndpoint {
    let own = interfaces(cx, &endpoint.id);
    let own: Vec<_> = own.iter().map(|interface| (&interface.id, &interface.state)).collect();
    show(&endpoint.id, &endpoint.state, &own)
}

pub(super) fn show(id: &Id, state: &VpcEndpointState, interfaces: &[(&Id, &NetworkInterfaceState)]) -> VpcEndpoint {
    let subnets = interfaces.iter().map(|(_, interface)| interface.public.subnet_id().to_owned());
    let zones = interfaces.iter().map(|(_, interface)| interface.public.availability_zone());
    VpcEndpoint {
        subnet_ids: subnets.collect(),
        network_interface_ids: interfaces.iter().map(|(id, _)| id.to_string()).collect(),
        dns_entries: dns_entries(id, state, zones),
        ..state.public.clone()
    }
}

/// The endpoint's own name, one for each zone, and the service's private one if it is enabled.
fn dns_entries<'a>(id: &Id, state: &VpcEndpointState, zones: impl Iterator<Item = &'a str>) -> Vec<DnsEntry> {
    if state.public.vpc_endpoint_type() != "Interface" {
        return Vec::new();
    }
    let entry = |name: String, zone: &str| DnsEntry { dns_name: Some(name), hosted_zone_id: Some(zone.to_owned()) };
    let unique = &id[id.len().saturating_sub(8)..];
    let base = state.base_name.trim_start_matches("*.");
    let mut entries = vec![entry(format!("{id}-{unique}.{base}"), PUBLIC_ZONE)];
    entries.extend(zones.map(|zone| entry(format!("{id}-{unique}-{zone}.{base}"), PUBLIC_ZONE)));
    let private = state.private_name.as_ref().filter(|_| state.public.private_dns_enabled());
    entries.extend(private.map(|name| entry(name.clone(), PRIVATE_ZONE)));
    entries
}
