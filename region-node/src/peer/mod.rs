//! Between regions: what this node lets others export, and how it asks others (proto: cluster.v1.Peer).

mod conversation;
mod handshake;
mod line;
mod server;
mod source;

use archipelago_proto::token::ClusterToken;
use archipelago_proto::{Ec2Error, Ec2Result};
use async_trait::async_trait;
use tonic::transport::Channel;

pub use conversation::Heard;
pub(crate) use conversation::{Agreeing, listen, reconcile, tell};
pub use handshake::Handshake;
pub(crate) use handshake::{Role, agree, check_heard};
pub(crate) use server::Exporter;
pub(crate) use source::{Exported, Source};

/// The way to the nodes of other regions. An address book is one; a supervisor that knows where they are is another.
#[async_trait]
pub trait Peers: Send + Sync {
    /// A channel to the region's node. A fault of the way shows when it is used.
    async fn channel(&self, region: &str) -> Ec2Result<Channel>;

    /// What lets this node in.
    fn token(&self) -> Option<ClusterToken>;

    /// Who has signed a URL, and what it asks for; or else why it is not believed. No node knows the keys of clients by
    /// itself.
    fn verify(&self, url: &str) -> Result<Presigned, String>;
}

/// A request in a URL whose signature holds.
#[derive(Clone, Debug, Default)]
pub struct Presigned {
    pub account: String,
    pub region: String,
    pub parameters: Vec<(String, String)>,
}

impl Presigned {
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A node that is alone in the world.
pub struct NoPeers;

#[async_trait]
impl Peers for NoPeers {
    async fn channel(&self, region: &str) -> Ec2Result<Channel> {
        Err(Ec2Error::unavailable(format!("The region {region} cannot be reached from here.")))
    }

    fn token(&self) -> Option<ClusterToken> {
        None
    }

    fn verify(&self, _: &str) -> Result<Presigned, String> {
        Err("no keys are known here".to_owned())
    }
}
