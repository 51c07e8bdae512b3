//! One region of the emulated cloud: its resources as actors, the families of actions on them, its
//! clock and its store, served over gRPC to the gateway and to the nodes of other regions.
//!
//! Not here: HTTP, signatures and XML (the gateway's), and processes (the cluster's).

mod admin;
pub mod capacity;
pub mod consistency;
pub mod entity;
pub mod families;
mod incidents;
mod metering;
mod node;
pub mod peer;
mod permissions;
mod platforms;
pub mod quotas;
mod region;
pub mod request;
pub mod store;
pub mod time;
mod world;
mod world_server;

pub use metering::Metrics;
pub use node::{Node, NodeConfig};
pub use region::Region;
