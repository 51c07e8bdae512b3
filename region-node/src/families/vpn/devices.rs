//! Sample configurations for customers' devices.

use std::fmt::Write as _;

use archipelago_proto::ec2::v1::{
    GetVpnConnectionDeviceSampleConfigurationRequest, GetVpnConnectionDeviceSampleConfigurationResult,
    GetVpnConnectionDeviceTypesRequest, GetVpnConnectionDeviceTypesResult, VpnConnectionDeviceType,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::VpnConnectionState;
use super::configuration::{Ends, inside};
use super::connection_actions::ends;
use crate::request::{Context, Describe, Row};

/// Vendor, platform and software of devices that AWS has samples for (AWS: "Customer gateway devices"). The ids
/// are made up.
const DEVICES: &[(&str, &str, &str, &str)] = &[
    ("9005b6c1", "Generic", "Generic", "Vendor Agnostic"),
    ("2b0bc7d0", "Barracuda", "NextGen Firewall F-series", "6.2+"),
    ("30c92c18", "Check Point", "Gaia", "R80.10+"),
    ("41a59f22", "Cisco Systems, Inc.", "ASA 5500 Series", "ASA 9.7+ VTI"),
    ("5fb390ba", "Cisco Systems, Inc.", "ISR Series Routers", "IOS 12.4+"),
    ("6b8fa7e3", "Cisco Systems, Inc.", "CSRv AMI", "IOS 12.4+"),
    ("7125681a", "Fortinet", "Fortigate 40+ Series", "FortiOS 6.4.4+ (GUI)"),
    ("8a4e3c5d", "Juniper Networks, Inc.", "J-Series Routers", "JunOS 9.5+"),
    ("939c3f36", "Juniper Networks, Inc.", "SRX Routers", "JunOS 11.0+"),
    ("a0f9d7c4", "Microsoft", "Windows Server", "2016"),
    ("b0adb196", "Palo Alto Networks", "PA Series", "PANOS 7.0+"),
    ("c4d1e852", "pfSense", "pfSense", "pfSense 2.2.5+(GUI)"),
    ("d6f2a9b3", "SonicWall", "NSA, TZ", "OS 6.5"),
    ("e1b7c046", "Strongswan", "Ubuntu 16.04", "Strongswan 5.5.1+"),
    ("f3c8d157", "Yamaha", "RTX Routers", "Rev.10.01.16+"),
];

impl Row for VpnConnectionDeviceType {
    fn id(&self) -> &str {
        self.vpn_connection_device_type_id()
    }
}

pub(super) async fn get_vpn_connection_device_types(
    _: Context,
    input: GetVpnConnectionDeviceTypesRequest,
) -> Ec2Result<GetVpnConnectionDeviceTypesResult> {
    let device = |(id, vendor, platform, software): &(&str, &str, &str, &str)| VpnConnectionDeviceType {
        vpn_connection_device_type_id: Some((*id).to_owned()),
        vendor: Some((*vendor).to_owned()),
        platform: Some((*platform).to_owned()),
        software: Some((*software).to_owned()),
    };
    let describe = Describe {
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 200..=1000,
        ..Describe::default()
    };
    let page = describe.pick_from("vpn-device-types", &[], DEVICES.iter().map(device).collect())?;
    Ok(GetVpnConnectionDeviceTypesResult { vpn_connection_device_types: page.items, next_token: page.next_token })
}

pub(super) async fn get_vpn_connection_device_sample_configuration(
    cx: Context,
    input: GetVpnConnectionDeviceSampleConfigurationRequest,
) -> Ec2Result<GetVpnConnectionDeviceSampleConfigurationResult> {
    let version = match input.internet_key_exchange_version.as_deref() {
        None | Some("ikev1") => "ikev1",
        Some("ikev2") => "ikev2",
        Some(other) => return Err(Ec2Error::invalid_value("internetKeyExchangeVersion", other)),
    };
    if let Some(other) = input.sample_type.as_deref().filter(|kind| !matches!(*kind, "compatibility" | "recommended")) {
        return Err(Ec2Error::invalid_value("sampleType", other));
    }
    let wanted = input.vpn_connection_device_type_id();
    let device = DEVICES.iter().find(|(id, ..)| *id == wanted);
    let device = device.ok_or_else(|| {
        let message = format!("The VPN connection device type ID '{wanted}' does not exist");
        Ec2Error::new("InvalidVpnConnectionDeviceTypeId.NotFound", message)
    })?;
    let connection = cx.vpn_connections.find(&cx.account, input.vpn_connection_id())?;
    let text = sample(&connection.state, &ends(&cx, &connection.state), *device, version);
    Ok(GetVpnConnectionDeviceSampleConfigurationResult { vpn_connection_device_sample_configuration: Some(text) })
}

fn sample(
    connection: &VpnConnectionState,
    ends: &Ends,
    (_, vendor, platform, software): (&str, &str, &str, &str),
    version: &str,
) -> String {
    let public = &connection.public;
    let mut text = format!(
        "! Sample configuration for {vendor} {platform} ({software})\n! Your VPN Connection ID           : {}\n! Your \
         Virtual Private Gateway ID  : {}\n! Your Customer Gateway ID         : {}\n",
        public.vpn_connection_id(),
        public.vpn_gateway_id(),
        public.customer_gateway_id(),
    );
    for (number, tunnel) in (1..).zip(connection.tunnels()) {
        let (amazon, customer) = inside(tunnel);
        let _ = write!(
            text,
            "\n! IPSec Tunnel #{number}\n  IKE version              : {version}\n  Pre-Shared Key           : {}\n  \
             Phase 1 lifetime         : {} seconds\n  Phase 2 lifetime         : {} seconds\n  Outside, customer        \
             : {}\n  Outside, virtual gateway : {}\n  Inside, customer         : {customer}/30\n  Inside, virtual gateway  \
             : {amazon}/30\n  Customer Gateway ASN     : {}\n  Virtual Gateway ASN      : {}\n",
            tunnel.pre_shared_key(),
            tunnel.phase1_lifetime_seconds.unwrap_or(28_800),
            tunnel.phase2_lifetime_seconds.unwrap_or(3_600),
            ends.customer_address,
            tunnel.outside_ip_address(),
            ends.customer_asn,
            ends.amazon_asn,
        );
    }
    text
}
