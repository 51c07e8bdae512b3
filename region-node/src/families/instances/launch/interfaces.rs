//! The network interfaces of a launch, new ones and existing ones.

use std::collections::HashSet;
use std::sync::Arc;

use archipelago_proto::ec2::v1::{InstanceNetworkInterfaceSpecification, InstanceTypeInfo, RunInstancesRequest, Tag};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::place;
use crate::entity::Published;
use crate::families::network_interfaces::launch::{self as interface_launch, LaunchInterface, NewInterface};
use crate::families::network_interfaces::{Limits, NetworkInterfaceState};
use crate::families::security_groups;
use crate::families::subnets::SubnetState;
use crate::request::Context;

/// An interface of the request; the first is the primary one.
pub(super) enum Wanted {
    New(Box<LaunchInterface>),
    Existing { interface: Arc<Published<NetworkInterfaceState>>, device_index: i32, network_card_index: i32 },
}

impl Wanted {
    /// Whether it has no more addresses than the instance type takes on an interface.
    fn check(&self, cx: &Context, limits: Limits) -> Ec2Result<()> {
        match self {
            Self::New(new) => check(cx, new, limits),
            Self::Existing { interface, .. } => limits.check(&interface.state.addresses()).map_err(of_launch),
        }
    }

    fn place(&self) -> (i32, i32) {
        match self {
            Self::New(new) => (new.network_card_index, new.device_index),
            Self::Existing { device_index, network_card_index, .. } => (*network_card_index, *device_index),
        }
    }
}

fn check(cx: &Context, new: &LaunchInterface, limits: Limits) -> Ec2Result<()> {
    interface_launch::check(cx, new, limits).map_err(of_launch)
}

/// What is said of an interface's addresses is said of a launch in another code (reference: error codes).
fn of_launch(error: Ec2Error) -> Ec2Error {
    match error.code.as_str() {
        "PrivateIpAddressLimitExceeded" => Ec2Error::new("InvalidInterface.IpAddressLimitExceeded", error.message),
        _ => error,
    }
}

/// The interfaces that each instance gets, and the subnet of the first.
pub(super) fn read(
    cx: &Context,
    input: &RunInstancesRequest,
    info: &InstanceTypeInfo,
    zones: &[&'static Zone],
    tags: &[Tag],
) -> Ec2Result<(Vec<Wanted>, Arc<Published<SubnetState>>)> {
    let zone = place::zone(cx, input)?;
    if input.network_interfaces.is_empty() {
        let subnet = match input.subnet_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => place::named(cx, id, zone)?,
            None => place::default(cx, zone, zones)?,
        };
        let interface = NewInterface {
            groups: groups(cx, input)?,
            private_ip_address: input.private_ip_address.clone(),
            ipv6_addresses: input.ipv6_addresses.clone(),
            ipv6_address_count: input.ipv6_address_count,
            primary_ipv6: input.enable_primary_ipv6(),
            tags: tags.to_vec(),
            ..NewInterface::in_subnet(Arc::clone(&subnet))
        };
        let first = LaunchInterface::first(interface);
        check(cx, &first, Limits::of_type(info))?;
        return Ok((vec![Wanted::New(Box::new(first))], subnet));
    }
    conflicts(input)?;
    let mut wanted = Vec::new();
    let mut subnets = Vec::new();
    for specification in &input.network_interfaces {
        let (interface, subnet) = one(cx, input, specification, zone, zones, tags)?;
        wanted.push(interface);
        subnets.push(subnet);
    }
    check_places(&wanted, info)?;
    wanted.iter().try_for_each(|interface| interface.check(cx, Limits::of_type(info)))?;
    let first = wanted.iter().position(|interface| interface.place() == (0, 0));
    let first = first.ok_or_else(|| {
        Ec2Error::invalid_parameter("When specifying network interfaces, you must include a device at index 0.")
    })?;
    wanted.swap(0, first);
    subnets.swap(0, first);
    let of = |subnet: &Published<SubnetState>| subnet.state.public.availability_zone.clone();
    if subnets.iter().any(|subnet| of(subnet) != of(&subnets[0])) {
        return Err(Ec2Error::invalid_combination(
            "All network interfaces of an instance must be in the same Availability Zone",
        ));
    }
    Ok((wanted, subnets.swap_remove(0)))
}

/// Top-level parameters that interfaces have of their own.
fn conflicts(input: &RunInstancesRequest) -> Ec2Result<()> {
    let given = [
        (input.subnet_id.is_some(), "an instance-level subnet ID"),
        (!input.security_group_ids.is_empty() || !input.security_groups.is_empty(), "instance-level security groups"),
        (input.private_ip_address.is_some(), "an instance-level private address"),
        (!input.ipv6_addresses.is_empty() || input.ipv6_address_count.is_some(), "instance-level IPv6 addresses"),
    ];
    if let Some((_, what)) = given.iter().find(|(given, _)| *given) {
        return Err(Ec2Error::invalid_combination(format!(
            "Network interfaces and {what} may not be specified on the same request"
        )));
    }
    let several = input.network_interfaces.len() > 1;
    if several && input.network_interfaces.iter().any(|new| new.associate_public_ip_address.is_some()) {
        return Err(Ec2Error::invalid_combination(
            "The associatePublicIPAddress parameter cannot be specified when launching with multiple network interfaces.",
        ));
    }
    Ok(())
}

fn one(
    cx: &Context,
    input: &RunInstancesRequest,
    specification: &InstanceNetworkInterfaceSpecification,
    zone: Option<&Zone>,
    zones: &[&'static Zone],
    tags: &[Tag],
) -> Ec2Result<(Wanted, Arc<Published<SubnetState>>)> {
    let Some(id) = specification.network_interface_id.as_deref().filter(|id| !id.is_empty()) else {
        let subnet = match specification.subnet_id.as_deref().filter(|id| !id.is_empty()) {
            Some(id) => place::named(cx, id, zone)?,
            None => place::default(cx, zone, zones)?,
        };
        let new =
            NewInterface { primary_ipv6: input.enable_primary_ipv6(), ..NewInterface::in_subnet(Arc::clone(&subnet)) };
        let new = LaunchInterface::specified(new, specification, tags.to_vec())?;
        return Ok((Wanted::New(Box::new(new)), subnet));
    };
    existing(cx, input, specification, id, zone)
}

fn existing(
    cx: &Context,
    input: &RunInstancesRequest,
    specification: &InstanceNetworkInterfaceSpecification,
    id: &str,
    zone: Option<&Zone>,
) -> Ec2Result<(Wanted, Arc<Published<SubnetState>>)> {
    let only_new = specification.subnet_id.is_some()
        || !specification.groups.is_empty()
        || specification.private_ip_address.is_some()
        || !specification.private_ip_addresses.is_empty()
        || specification.secondary_private_ip_address_count.is_some()
        || !specification.ipv6_addresses.is_empty()
        || specification.ipv6_address_count.is_some()
        || !specification.ipv4_prefixes.is_empty()
        || specification.ipv4_prefix_count.is_some()
        || !specification.ipv6_prefixes.is_empty()
        || specification.ipv6_prefix_count.is_some()
        || specification.primary_ipv6.is_some()
        || specification.connection_tracking_specification.is_some()
        || specification.description.is_some()
        || specification.associate_public_ip_address.is_some();
    if only_new {
        return Err(Ec2Error::invalid_combination(
            "A network interface may not specify a network interface ID together with the parameters of a new one",
        ));
    }
    if specification.delete_on_termination() {
        return Err(Ec2Error::invalid_combination(
            "The parameter deleteOnTermination may be true only for new network interfaces",
        ));
    }
    if input.max_count() > 1 {
        return Err(Ec2Error::invalid_combination(
            "A network interface ID may not be specified when more than one instance is launched",
        ));
    }
    if specification.ena_queue_count.is_some() || specification.ena_srd_specification.is_some() {
        return Err(Ec2Error::unsupported(
            "EnaQueueCount and EnaSrdSpecification are not supported for a network interface that exists.",
        ));
    }
    let interface = cx.network_interfaces.find(&cx.account, id)?;
    let subnet = place::named(cx, interface.state.public.subnet_id(), zone)?;
    let device_index = specification
        .device_index
        .ok_or_else(|| Ec2Error::new("MissingParameter", "Each network interface requires a device index."))?;
    let network_card_index = specification.network_card_index();
    Ok((Wanted::Existing { interface, device_index, network_card_index }, subnet))
}

fn check_places(wanted: &[Wanted], info: &InstanceTypeInfo) -> Ec2Result<()> {
    let mut places = HashSet::new();
    if !wanted.iter().all(|interface| places.insert(interface.place())) {
        return Err(Ec2Error::invalid_parameter("Each network interface requires a unique device index."));
    }
    if wanted.iter().any(|interface| interface.place().1 < 0) {
        return Err(Ec2Error::invalid_parameter("A device index may not be negative."));
    }
    let cards = info.network_info.as_ref().map_or(&[][..], |network| network.network_cards.as_slice());
    for (card, _) in &places {
        let known = cards.iter().find(|known| known.network_card_index() == *card).ok_or_else(|| {
            let name = info.instance_type();
            Ec2Error::invalid_parameter(format!("The network card index '{card}' is not valid for '{name}'."))
        })?;
        let count = places.iter().filter(|(on, _)| on == card).count();
        check_count(count, known.maximum_network_interfaces(), info)?;
    }
    Ok(())
}

/// AWS: each type takes so many interfaces on a network card.
fn check_count(count: usize, most: i32, info: &InstanceTypeInfo) -> Ec2Result<()> {
    if i32::try_from(count).is_ok_and(|count| count <= most) {
        return Ok(());
    }
    let name = info.instance_type();
    Err(Ec2Error::new("AttachmentLimitExceeded", format!("Interface count {count} exceeds the limit for {name}")))
}

/// The groups of an instance that names no interfaces. Names are those of the default VPC.
fn groups(cx: &Context, input: &RunInstancesRequest) -> Ec2Result<Vec<String>> {
    if !input.security_groups.is_empty() && input.subnet_id.is_some() {
        return Err(Ec2Error::invalid_combination("The parameter groupName cannot be used with the parameter subnet"));
    }
    let mut groups = input.security_group_ids.clone();
    for name in &input.security_groups {
        groups.push(security_groups::by_name(cx, name)?.id.to_string());
    }
    Ok(groups)
}
