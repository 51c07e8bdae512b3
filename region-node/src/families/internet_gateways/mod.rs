//! Internet gateways, and the route tables that they use for what comes in.

mod actions;
mod filters;
mod state;
mod table;

pub(crate) use actions::actions;
pub use state::{InternetGatewayCommand, InternetGatewayState};
pub use table::{GatewayTable, TableChange};
