//! Egress-only internet gateways: IPv6 out of a VPC, and nothing in.

mod actions;
mod state;

pub(crate) use actions::actions;
pub use state::EgressOnlyInternetGatewayState;
