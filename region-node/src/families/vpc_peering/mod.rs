//! VPC peering connections, inside a region, between accounts and across regions.
//!
//! Within a region one resource is both sides. Across regions each node keeps its own side under the same id, and the
//! two agree by the handshake of [`crate::peer`].

mod actions;
mod creation;
mod filters;
mod follower;
mod options;
mod state;
mod view;

pub(crate) use actions::actions;
pub(crate) use follower::{follow, hear, reconcile_all};
pub use state::VpcPeeringState;

/// The resource type, and what the agreement is called between nodes.
pub(crate) const KIND: &str = "vpc-peering-connection";
