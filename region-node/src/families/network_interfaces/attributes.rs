//! The attributes of an interface that can be set, one at a time.

use archipelago_proto::ec2::v1::{
    ConnectionTrackingConfiguration, ConnectionTrackingSpecificationRequest, GroupIdentifier,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::NetworkInterfaceState;

#[derive(Clone, Debug)]
pub enum Attribute {
    Description(String),
    /// With their names, which never change.
    Groups(Vec<GroupIdentifier>),
    SourceDestCheck(bool),
    ConnectionTracking(ConnectionTrackingConfiguration),
    PrimaryIpv6,
    /// Whether it has a public address from the next start of its instance on.
    WantsPublicIp(bool),
}

impl Attribute {
    pub(super) fn apply(self, interface: &mut NetworkInterfaceState) -> Ec2Result<()> {
        let public = &mut interface.public;
        match self {
            Self::Description(text) => public.description = Some(text),
            Self::Groups(groups) => public.groups = groups,
            Self::SourceDestCheck(check) => public.source_dest_check = Some(check),
            Self::ConnectionTracking(new) => {
                let known = public.connection_tracking_configuration.get_or_insert_default();
                known.tcp_established_timeout = new.tcp_established_timeout.or(known.tcp_established_timeout);
                known.udp_stream_timeout = new.udp_stream_timeout.or(known.udp_stream_timeout);
                known.udp_timeout = new.udp_timeout.or(known.udp_timeout);
            }
            Self::PrimaryIpv6 => match public.ipv6_addresses.first_mut() {
                Some(first) => first.is_primary_ipv6 = Some(true),
                None => {
                    return Err(Ec2Error::invalid_parameter(format!(
                        "The network interface '{}' has no IPv6 address that could be primary",
                        public.network_interface_id()
                    )));
                }
            },
            Self::WantsPublicIp(wants) => interface.wants_public_ip = wants,
        }
        Ok(())
    }
}

/// AWS: TCP established 60 to 432,000 seconds, UDP streams 60 to 180, UDP 30 to 60.
pub(super) fn connection_tracking(
    request: &ConnectionTrackingSpecificationRequest,
) -> Ec2Result<ConnectionTrackingConfiguration> {
    let timeouts = [
        ("TcpEstablishedTimeout", request.tcp_established_timeout, 60..=432_000),
        ("UdpStreamTimeout", request.udp_stream_timeout, 60..=180),
        ("UdpTimeout", request.udp_timeout, 30..=60),
    ];
    for (name, value, allowed) in timeouts {
        if value.is_some_and(|value| !allowed.contains(&value)) {
            return Err(Ec2Error::invalid_value(name, value.unwrap_or_default()));
        }
    }
    Ok(ConnectionTrackingConfiguration {
        tcp_established_timeout: request.tcp_established_timeout,
        udp_stream_timeout: request.udp_stream_timeout,
        udp_timeout: request.udp_timeout,
    })
}
