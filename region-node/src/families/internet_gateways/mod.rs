//! Internet gateways, and the route tables that they use for what comes in.

mod actions;
mod filters;
mod state;

pub use actions::Family;
pub use state::{GatewayTable, InternetGatewayCommand, InternetGatewayState};
