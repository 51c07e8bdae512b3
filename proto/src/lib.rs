//! The language between Archipelago's processes: the EC2 schema with its wire names, the cluster's
//! own services, EC2 errors, the caller, and where regions are.
//!
//! Not here: anything that acts. The gateway reads the descriptors, region nodes implement the
//! services, and both agree on what this crate says.

pub mod actions;
mod agreement;
pub mod call;
pub mod codec;
pub mod error;
pub mod glob;
pub mod names;
pub mod permissions;
pub mod regions;
pub mod tls;
pub mod token;
pub mod topology;
pub mod trace;

pub use call::Call;
pub use error::{Ec2Error, Ec2Result};

/// The EC2 API: one service for each family of actions.
#[allow(clippy::all, clippy::pedantic, unreachable_pub, unused_qualifications, missing_docs)]
pub mod ec2 {
    pub mod v1 {
        tonic::include_proto!("ec2.v1");
        include!(concat!(env!("OUT_DIR"), "/inputs.rs"));
    }
}

/// What the processes of a cluster say to each other beside the EC2 API.
#[allow(clippy::all, clippy::pedantic, unreachable_pub, unused_qualifications, missing_docs)]
pub mod cluster {
    pub mod v1 {
        tonic::include_proto!("cluster.v1");
    }
}

/// The compiled schema, an encoded `FileDescriptorSet` whose custom options are intact.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// The request of an action.
pub trait Input: prost::Message + Default {
    /// The EC2 name of the action, such as `CreateVolume`.
    const ACTION: &'static str;
    /// Where gRPC finds it.
    const PATH: &'static str;
    type Output: prost::Message + Default;

    /// The client's idempotency token, for the actions that have one.
    fn client_token(&self) -> Option<&str> {
        None
    }
}
