//! Carrier gateways: from a VPC's subnets in Wavelength Zones into a carrier's network.

mod actions;
mod state;

pub(crate) use actions::actions;
pub use state::CarrierGatewayState;
