//! Site-to-Site VPN: customer gateways, virtual private gateways, and the connections between them.

mod actions;
mod configuration;
mod connection;
mod connection_actions;
mod creation;
mod customer_gateway;
mod devices;
mod filters;
mod gateway;
mod gateway_actions;
mod modification;
mod restart;
mod tunnels;

pub(crate) use actions::actions;
pub use connection::{VpnConnectionCommand, VpnConnectionState};
pub use customer_gateway::CustomerGatewayState;
pub use gateway::{VpnGatewayCommand, VpnGatewayState};
pub(crate) use restart::{of_account, rebuild};

/// AWS shows what is deleted for a while.
const VISIBLE: crate::time::Millis = 3_600_000;
