//! The configuration for a customer's gateway, in AWS's native XML.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use archipelago_proto::ec2::v1::{TunnelOption, VpnConnectionOptions};
use ipnet::Ipv4Net;

use super::VpnConnectionState;

/// What of the two gateways the configuration has.
pub(super) struct Ends {
    pub(super) customer_address: String,
    pub(super) customer_asn: String,
    pub(super) amazon_asn: i64,
}

pub(super) fn configuration(connection: &VpnConnectionState, ends: &Ends) -> String {
    let public = &connection.public;
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(xml, "<vpn_connection id=\"{}\">", public.vpn_connection_id());
    let _ = writeln!(xml, "  <customer_gateway_id>{}</customer_gateway_id>", public.customer_gateway_id());
    let _ = writeln!(xml, "  <vpn_gateway_id>{}</vpn_gateway_id>", public.vpn_gateway_id());
    let _ = writeln!(xml, "  <vpn_connection_type>{}</vpn_connection_type>", public.r#type());
    let is_static = public.options.as_ref().is_some_and(VpnConnectionOptions::static_routes_only);
    if is_static {
        xml.push_str("  <vpn_connection_attributes>NoBGPVPNConnection</vpn_connection_attributes>\n");
    }
    for tunnel in connection.tunnels() {
        write_tunnel(&mut xml, tunnel, ends, is_static);
    }
    xml.push_str("</vpn_connection>");
    xml
}

/// The addresses within a tunnel: the first is Amazon's, the second the customer's.
pub(super) fn inside(tunnel: &TunnelOption) -> (Ipv4Addr, Ipv4Addr) {
    let block: Ipv4Net = tunnel.tunnel_inside_cidr().parse().unwrap_or_default();
    let first = u32::from(block.network());
    (Ipv4Addr::from(first + 1), Ipv4Addr::from(first + 2))
}

fn write_tunnel(xml: &mut String, tunnel: &TunnelOption, ends: &Ends, is_static: bool) {
    let (amazon, customer) = inside(tunnel);
    xml.push_str("  <ipsec_tunnel>\n");
    let sides = [
        ("customer_gateway", ends.customer_address.as_str(), customer, ends.customer_asn.clone()),
        ("vpn_gateway", tunnel.outside_ip_address(), amazon, ends.amazon_asn.to_string()),
    ];
    for (side, outside, inside, asn) in sides {
        let _ = write!(
            xml,
            "    <{side}>\n      <tunnel_outside_address>\n        <ip_address>{outside}</ip_address>\n      \
             </tunnel_outside_address>\n      <tunnel_inside_address>\n        <ip_address>{inside}</ip_address>\n        \
             <network_mask>255.255.255.252</network_mask>\n        <network_cidr>30</network_cidr>\n      \
             </tunnel_inside_address>\n"
        );
        if !is_static {
            let _ =
                write!(xml, "      <bgp>\n        <asn>{asn}</asn>\n        <hold_time>30</hold_time>\n      </bgp>\n");
        }
        let _ = writeln!(xml, "    </{side}>");
    }
    let encryption = algorithm(tunnel.phase1_encryption_algorithms.first().and_then(|known| known.value.as_deref()));
    let integrity = tunnel.phase1_integrity_algorithms.first().and_then(|known| known.value.as_deref());
    let group = tunnel.phase1_dh_group_numbers.first().and_then(|known| known.value).unwrap_or(2);
    let _ = write!(
        xml,
        "    <ike>\n      <authentication_protocol>{}</authentication_protocol>\n      \
         <encryption_protocol>{encryption}</encryption_protocol>\n      <lifetime>{}</lifetime>\n      \
         <perfect_forward_secrecy>group{group}</perfect_forward_secrecy>\n      <mode>main</mode>\n      \
         <pre_shared_key>{}</pre_shared_key>\n    </ike>\n",
        integrity.unwrap_or("SHA1").to_lowercase(),
        tunnel.phase1_lifetime_seconds.unwrap_or(28_800),
        tunnel.pre_shared_key(),
    );
    let encryption = algorithm(tunnel.phase2_encryption_algorithms.first().and_then(|known| known.value.as_deref()));
    let integrity = tunnel.phase2_integrity_algorithms.first().and_then(|known| known.value.as_deref());
    let group = tunnel.phase2_dh_group_numbers.first().and_then(|known| known.value).unwrap_or(2);
    let timeout = tunnel.dpd_timeout_seconds.unwrap_or(30);
    let _ = write!(
        xml,
        "    <ipsec>\n      <protocol>esp</protocol>\n      <authentication_protocol>{}</authentication_protocol>\n      \
         <encryption_protocol>{encryption}</encryption_protocol>\n      <lifetime>{}</lifetime>\n      \
         <perfect_forward_secrecy>group{group}</perfect_forward_secrecy>\n      <mode>tunnel</mode>\n      \
         <clear_df_bit>true</clear_df_bit>\n      \
         <fragmentation_before_encryption>true</fragmentation_before_encryption>\n      \
         <tcp_mss_adjustment>1379</tcp_mss_adjustment>\n      <dead_peer_detection>\n        \
         <interval>{}</interval>\n        <retries>3</retries>\n      </dead_peer_detection>\n    </ipsec>\n  \
         </ipsec_tunnel>\n",
        hash(integrity.unwrap_or("SHA1")),
        tunnel.phase2_lifetime_seconds.unwrap_or(3_600),
        timeout / 3,
    );
}

fn algorithm(name: Option<&str>) -> String {
    match name.unwrap_or("AES128") {
        "AES128" => "aes-128-cbc".to_owned(),
        "AES256" => "aes-256-cbc".to_owned(),
        other => other.to_lowercase(),
    }
}

fn hash(name: &str) -> &'static str {
    match name {
        "SHA2-256" => "hmac-sha2-256-128",
        "SHA2-384" => "hmac-sha2-384-192",
        "SHA2-512" => "hmac-sha2-512-256",
        _ => "hmac-sha1-96",
    }
}
