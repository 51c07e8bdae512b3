//! The actions on VPNs (reference: "Virtual Private Gateways", "Customer Gateways", "VPN Connections").

use super::connection_actions::{
    create_vpn_connection_route, delete_vpn_connection, delete_vpn_connection_route, describe_vpn_connections,
    get_active_vpn_tunnel_status, get_vpn_tunnel_replacement_status, replace_vpn_tunnel,
};
use super::creation::create_vpn_connection;
use super::customer_gateway::{create_customer_gateway, delete_customer_gateway, describe_customer_gateways};
use super::devices::{get_vpn_connection_device_sample_configuration, get_vpn_connection_device_types};
use super::gateway_actions::{
    attach_vpn_gateway, create_vpn_gateway, delete_vpn_gateway, describe_vpn_gateways, detach_vpn_gateway,
};
use super::modification::{
    modify_vpn_connection, modify_vpn_connection_options, modify_vpn_tunnel_certificate, modify_vpn_tunnel_options,
};
use crate::request::Action;

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(attach_vpn_gateway),
        Action::new(create_customer_gateway),
        Action::new(create_vpn_connection),
        Action::new(create_vpn_connection_route),
        Action::new(create_vpn_gateway),
        Action::new(delete_customer_gateway),
        Action::new(delete_vpn_connection),
        Action::new(delete_vpn_connection_route),
        Action::new(delete_vpn_gateway),
        Action::new(describe_customer_gateways),
        Action::new(describe_vpn_connections),
        Action::new(describe_vpn_gateways),
        Action::new(detach_vpn_gateway),
        Action::new(get_active_vpn_tunnel_status),
        Action::new(get_vpn_connection_device_sample_configuration),
        Action::new(get_vpn_connection_device_types),
        Action::new(get_vpn_tunnel_replacement_status),
        Action::new(modify_vpn_connection),
        Action::new(modify_vpn_connection_options),
        Action::new(modify_vpn_tunnel_certificate),
        Action::new(modify_vpn_tunnel_options),
        Action::new(replace_vpn_tunnel),
    ]
}
