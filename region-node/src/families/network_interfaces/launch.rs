//! The interfaces that instances are launched with, and what their instances' life means to them.

use archipelago_proto::ec2::v1::{
    EnaSrdSpecification, EnaSrdUdpSpecification, InstanceNetworkInterfaceSpecification, Tag,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::attachment::Attachment;
use super::plan::Plan;
use super::{Addresses, Limits, NetworkInterfaceCommand, NetworkInterfaceState, removal};
use crate::entity::{Id, Undo};
use crate::request::Context;
use crate::time::Transition;

pub use super::plan::{NewInterface, groups};

/// A new interface for each instance of a launch.
#[derive(Clone)]
pub struct LaunchInterface {
    pub interface: NewInterface,
    pub device_index: i32,
    pub network_card_index: i32,
    pub delete_on_termination: bool,
    /// None: as the subnet has it, for the first interface.
    pub associate_public_ip: Option<bool>,
    pub ena_srd: Option<EnaSrdSpecification>,
}

impl LaunchInterface {
    /// The first interface of an instance that says nothing of its own.
    pub fn first(interface: NewInterface) -> Self {
        Self {
            interface,
            device_index: 0,
            network_card_index: 0,
            delete_on_termination: true,
            associate_public_ip: None,
            ena_srd: None,
        }
    }

    /// As RunInstances specifies a new interface. `interface` says where it is, and what holds for the launch.
    pub fn specified(
        interface: NewInterface,
        specification: &InstanceNetworkInterfaceSpecification,
        tags: Vec<Tag>,
    ) -> Ec2Result<Self> {
        if specification.associate_carrier_ip_address() {
            return Err(Ec2Error::unsupported(
                "Carrier IP addresses are not supported: there are no Wavelength Zones.",
            ));
        }
        if specification.ena_queue_count.is_some() {
            return Err(Ec2Error::unsupported("The parameter EnaQueueCount is not supported."));
        }
        let specification = specification.clone();
        let groups = if specification.groups.is_empty() { interface.groups } else { specification.groups };
        let new = NewInterface {
            subnet: interface.subnet,
            groups,
            description: specification.description,
            private_ip_address: specification.private_ip_address.or(interface.private_ip_address),
            private_ip_addresses: specification.private_ip_addresses,
            secondary_private_ip_address_count: specification.secondary_private_ip_address_count,
            ipv4_prefixes: specification.ipv4_prefixes,
            ipv4_prefix_count: specification.ipv4_prefix_count,
            ipv6_addresses: specification.ipv6_addresses,
            ipv6_address_count: specification.ipv6_address_count,
            ipv6_prefixes: specification.ipv6_prefixes,
            ipv6_prefix_count: specification.ipv6_prefix_count,
            primary_ipv6: specification.primary_ipv6.unwrap_or(interface.primary_ipv6),
            interface_type: specification.interface_type.filter(|kind| kind != "interface"),
            connection_tracking: specification.connection_tracking_specification,
            tags,
        };
        let ena_srd = specification.ena_srd_specification.map(|specification| EnaSrdSpecification {
            ena_srd_enabled: specification.ena_srd_enabled,
            ena_srd_udp_specification: specification
                .ena_srd_udp_specification
                .map(|udp| EnaSrdUdpSpecification { ena_srd_udp_enabled: udp.ena_srd_udp_enabled }),
        });
        let device_index = specification
            .device_index
            .ok_or_else(|| Ec2Error::new("MissingParameter", "Each network interface requires a device index."))?;
        Ok(Self {
            interface: new,
            device_index,
            network_card_index: specification.network_card_index.unwrap_or(0),
            delete_on_termination: specification.delete_on_termination.unwrap_or(true),
            associate_public_ip: specification.associate_public_ip_address,
            ena_srd,
        })
    }

    fn wants_public_ip(&self) -> bool {
        let automatic = self.device_index == 0 && self.network_card_index == 0;
        let of_subnet = self.interface.subnet.state.public.map_public_ip_on_launch();
        self.associate_public_ip.unwrap_or(automatic && of_subnet) && self.interface.subnet.state.ipv4_block().is_some()
    }
}

/// Whether instances of a type can have such an interface.
pub fn check(cx: &Context, spec: &LaunchInterface, limits: Limits) -> Ec2Result<()> {
    Plan::read(cx, &spec.interface)?.check(limits)
}

/// One interface for each of the instances, attached to it. They exist once the caller adds them to
/// its batch; the addresses go back if the workflow fails.
pub async fn prepare(
    cx: &Context,
    undo: &mut Undo,
    spec: &LaunchInterface,
    instances: &[Id],
) -> Ec2Result<Vec<(Id, NetworkInterfaceState)>> {
    let plan = Plan::read(cx, &spec.interface)?;
    if instances.len() > 1 && plan.names_addresses() {
        return Err(Ec2Error::invalid_combination(
            "A private IP address may not be specified when more than one instance is launched",
        ));
    }
    let now = cx.shell.clock.now();
    let settles = now + cx.shell.lifecycle.duration(Transition::InterfaceAttach);
    let mut interfaces = plan.interfaces(cx, undo, instances.len()).await?;
    for (interface, instance) in interfaces.iter_mut().zip(instances) {
        let attachment = Attachment {
            id: cx.shell.ids.prefixed("eni-attach"),
            instance: instance.clone(),
            instance_owner: cx.account.to_string(),
            device_index: spec.device_index,
            network_card_index: spec.network_card_index,
            delete_on_termination: spec.delete_on_termination,
            ena_srd: spec.ena_srd,
        };
        interface.attach_at(&attachment, now, settles);
        if spec.wants_public_ip() {
            interface.wants_public_ip = true;
            interface.public_ip = Some(take_public(cx, undo)?);
        }
    }
    let id = |interface: &NetworkInterfaceState| Id::new(interface.public.network_interface_id());
    Ok(interfaces.into_iter().map(|interface| (id(&interface), interface)).collect())
}

fn take_public(cx: &Context, undo: &mut Undo) -> Ec2Result<String> {
    let address = cx.public_addresses.take(&cx.shell.ids)?;
    let region = cx.region.clone();
    undo.push(async move { region.public_addresses.give_back(address) });
    Ok(address.to_string())
}

/// A stopped instance's public address goes back (AWS: "Public IPv4 addresses").
pub async fn stopped(cx: &Context, interface: &Id) -> Ec2Result<()> {
    removal::command(cx, interface, NetworkInterfaceCommand::ReleasePublicIp).await.map(drop)
}

/// An instance that starts gets a public address again, unless it has an elastic one.
pub async fn started(cx: &Context, interface: &Id) -> Ec2Result<()> {
    let known = cx.network_interfaces.find(&cx.account, interface)?;
    if known.state.wants_public_ip { lend_public_ip(cx, interface).await } else { Ok(()) }
}

/// Lends an interface a public address, if it has none.
pub(super) async fn lend_public_ip(cx: &Context, interface: &Id) -> Ec2Result<()> {
    let known = cx.network_interfaces.find(&cx.account, interface)?;
    if super::view(cx, &known).association.is_some() {
        return Ok(());
    }
    let address = cx.public_addresses.take(&cx.shell.ids)?;
    let new = Addresses { public: Some(address), ..Addresses::default() };
    let outcome = cx.network_interfaces.ask(interface, NetworkInterfaceCommand::Assign(new, Limits::default())).await;
    if outcome.is_err() {
        cx.public_addresses.give_back(address);
    }
    outcome.map(drop)
}

/// The instance is terminated: each of its interfaces goes with it, or is available again.
pub async fn terminated(cx: &Context, instance: &Id) -> Ec2Result<()> {
    for interface in cx.network_interfaces.linked_to(instance).values() {
        removal::command(cx, &interface.id, NetworkInterfaceCommand::InstanceGone).await?;
    }
    Ok(())
}
