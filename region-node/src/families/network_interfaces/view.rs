//! An interface as describes show it, together with its elastic addresses and its names.

use archipelago_proto::ec2::v1::{
    ConnectionTrackingSpecificationResponse, InstanceAttachmentEnaSrdSpecification,
    InstanceAttachmentEnaSrdUdpSpecification, InstanceIpv4Prefix, InstanceIpv6Address, InstanceIpv6Prefix,
    InstanceNetworkInterface, InstanceNetworkInterfaceAssociation, InstanceNetworkInterfaceAttachment,
    InstancePrivateIpAddress, NetworkInterface, NetworkInterfaceAssociation, NetworkInterfaceAttachment,
    OperatorResponse,
};

use super::{NetworkInterfaceState, dns};
use crate::entity::{Id, Published};
use crate::request::Context;

/// The owner of the addresses that Amazon lends.
const AMAZON: &str = "amazon";

/// The interface as DescribeNetworkInterfaces shows it.
pub fn view(cx: &Context, interface: &Published<NetworkInterfaceState>) -> NetworkInterface {
    show(cx, &interface.id, &interface.state)
}

pub(super) fn show(cx: &Context, id: &Id, state: &NetworkInterfaceState) -> NetworkInterface {
    let mut shown = state.public.clone();
    let named = has_names(cx, &shown);
    let elastic = cx.addresses.linked_to(id);
    for address in &mut shown.private_ip_addresses {
        let own =
            elastic.values().find(|elastic| elastic.state.public.private_ip_address() == address.private_ip_address());
        let lent = state.public_ip.as_deref().filter(|_| address.primary());
        address.association = match (own, lent) {
            (Some(elastic), _) => Some(NetworkInterfaceAssociation {
                allocation_id: elastic.state.public.allocation_id.clone(),
                association_id: elastic.state.public.association_id.clone(),
                ip_owner_id: Some(elastic.account.to_string()),
                public_dns_name: Some(public_dns_name(cx, named, elastic.state.public.public_ip())),
                public_ip: elastic.state.public.public_ip.clone(),
                ..NetworkInterfaceAssociation::default()
            }),
            (None, Some(lent)) => Some(NetworkInterfaceAssociation {
                ip_owner_id: Some(AMAZON.into()),
                public_dns_name: Some(public_dns_name(cx, named, lent)),
                public_ip: Some(lent.to_owned()),
                ..NetworkInterfaceAssociation::default()
            }),
            (None, None) => None,
        };
        let ip = address.private_ip_address().parse().ok().filter(|_| named);
        address.private_dns_name = ip.map(|ip| dns::private_name(cx.facts.name, ip));
    }
    if let Some(primary) = shown.private_ip_addresses.iter().find(|address| address.primary()) {
        shown.association.clone_from(&primary.association);
        shown.private_dns_name.clone_from(&primary.private_dns_name);
        shown.public_dns_name = primary.association.as_ref().and_then(|a| a.public_dns_name.clone());
    }
    shown.operator = Some(OperatorResponse { managed: Some(false), ..OperatorResponse::default() });
    shown
}

/// AWS: instances have DNS names where the VPC has DNS hostnames and DNS support.
fn has_names(cx: &Context, interface: &NetworkInterface) -> bool {
    let vpc = cx.vpcs.index().get(interface.vpc_id());
    vpc.is_some_and(|vpc| vpc.state.attributes.dns_hostnames && vpc.state.attributes.dns_support)
}

/// Without a name AWS shows an empty one.
fn public_dns_name(cx: &Context, named: bool, address: &str) -> String {
    let name = address.parse().ok().filter(|_| named).map(|address| dns::public_name(cx.facts, address));
    name.unwrap_or_default()
}

/// The interface as DescribeInstances shows it.
pub fn instance_view(cx: &Context, interface: &Published<NetworkInterfaceState>) -> InstanceNetworkInterface {
    let shown = view(cx, interface);
    let private_ip_addresses = shown.private_ip_addresses.into_iter().map(|address| InstancePrivateIpAddress {
        association: address.association.map(association),
        primary: address.primary,
        private_dns_name: address.private_dns_name,
        private_ip_address: address.private_ip_address,
    });
    let ipv6_addresses = shown.ipv6_addresses.into_iter().map(|address| InstanceIpv6Address {
        ipv6_address: address.ipv6_address,
        is_primary_ipv6: address.is_primary_ipv6,
    });
    let tracking = shown.connection_tracking_configuration;
    InstanceNetworkInterface {
        association: shown.association.map(association),
        attachment: shown.attachment.map(attachment),
        description: shown.description,
        groups: shown.groups,
        ipv6_addresses: ipv6_addresses.collect(),
        mac_address: shown.mac_address,
        network_interface_id: shown.network_interface_id,
        owner_id: shown.owner_id,
        private_dns_name: shown.private_dns_name,
        private_ip_address: shown.private_ip_address,
        private_ip_addresses: private_ip_addresses.collect(),
        source_dest_check: shown.source_dest_check,
        status: shown.status,
        subnet_id: shown.subnet_id,
        vpc_id: shown.vpc_id,
        interface_type: shown.interface_type,
        ipv4_prefixes: shown
            .ipv4_prefixes
            .into_iter()
            .map(|prefix| InstanceIpv4Prefix { ipv4_prefix: prefix.ipv4_prefix })
            .collect(),
        ipv6_prefixes: shown
            .ipv6_prefixes
            .into_iter()
            .map(|prefix| InstanceIpv6Prefix { ipv6_prefix: prefix.ipv6_prefix })
            .collect(),
        connection_tracking_configuration: tracking.map(|tracking| ConnectionTrackingSpecificationResponse {
            tcp_established_timeout: tracking.tcp_established_timeout,
            udp_stream_timeout: tracking.udp_stream_timeout,
            udp_timeout: tracking.udp_timeout,
        }),
        operator: shown.operator,
    }
}

fn association(shown: NetworkInterfaceAssociation) -> InstanceNetworkInterfaceAssociation {
    InstanceNetworkInterfaceAssociation {
        ip_owner_id: shown.ip_owner_id,
        public_dns_name: shown.public_dns_name,
        public_ip: shown.public_ip,
        carrier_ip: shown.carrier_ip,
        customer_owned_ip: shown.customer_owned_ip,
    }
}

fn attachment(shown: NetworkInterfaceAttachment) -> InstanceNetworkInterfaceAttachment {
    let ena_srd = shown.ena_srd_specification.map(|specification| InstanceAttachmentEnaSrdSpecification {
        ena_srd_enabled: specification.ena_srd_enabled,
        ena_srd_udp_specification: specification
            .ena_srd_udp_specification
            .map(|udp| InstanceAttachmentEnaSrdUdpSpecification { ena_srd_udp_enabled: udp.ena_srd_udp_enabled }),
    });
    InstanceNetworkInterfaceAttachment {
        attach_time: shown.attach_time,
        attachment_id: shown.attachment_id,
        delete_on_termination: shown.delete_on_termination,
        device_index: shown.device_index,
        status: shown.status,
        network_card_index: shown.network_card_index,
        ena_srd_specification: ena_srd,
        ena_queue_count: shown.ena_queue_count,
    }
}
