//! Egress-only internet gateways: IPv6 out of a VPC, and nothing in.

mod actions;
mod state;

pub use actions::Family;
pub use state::EgressOnlyInternetGatewayState;
