//! Route tables: routes, and which subnets and gateways use them.

mod actions;
mod association;
mod destination;
mod filters;
mod propagation;
mod routes;
mod state;
mod target;
mod view;

pub(crate) use actions::actions;
pub use destination::Destination;
pub use state::{RouteTableCommand, RouteTableState};
pub use view::shown;
