//! Internet gateways, and the route tables that they use for what comes in.

mod actions;
mod filters;
mod state;

pub(crate) use actions::actions;
pub use state::{GatewayTable, InternetGatewayCommand, InternetGatewayState};
