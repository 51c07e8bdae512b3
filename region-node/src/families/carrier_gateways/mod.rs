//! Carrier gateways: from a VPC's subnets in Wavelength Zones into a carrier's network.

mod actions;
mod state;

pub use actions::Family;
pub use state::CarrierGatewayState;
