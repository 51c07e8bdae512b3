//! The way to the region nodes, as the gateway sees it. A fixed address book is one; a supervisor that starts nodes at
//! their first request is another.

use std::collections::HashMap;
use std::time::Duration;

use archipelago_proto::Ec2Error;
use archipelago_proto::tls::ClusterTls;
use archipelago_proto::topology::Topology;
use async_trait::async_trait;
use tonic::transport::{Channel, Endpoint};

/// How much a node may send before the gateway has read it: a page of a thousand instances at once, and several of
/// them over the one connection. HTTP/2 begins with 64 KiB and 16 KiB.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 64 << 20;
const FRAME: u32 = 256 << 10;

/// How long to wait for a node that does not answer the knock.
const CONNECT: Duration = Duration::from_secs(2);

#[async_trait]
pub trait Nodes: Send + Sync {
    /// A channel to the region's node, which is started first if need be. The gateway keeps it until it breaks.
    async fn channel(&self, region: &str) -> Result<Channel, Ec2Error>;

    /// A call on the region's channel failed on its way. The gateway has dropped the channel and will ask for a new
    /// one; whether the node still lives is not for it to say.
    fn broken(&self, region: &str);

    /// The regions whose nodes have been started.
    fn started(&self) -> Vec<String>;

    /// The regions that have a world: those, and what lies on a disk and has not been asked for yet.
    fn known(&self) -> Vec<String> {
        self.started()
    }

    /// What the operator does to the region's process, where it is ours.
    fn set_power(&self, _region: &str, _power: Power) -> Result<(), String> {
        Err("nodes that run by themselves are stopped where they run".to_owned())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Power {
    On,
    /// It is there and does nothing.
    Paused,
    /// It is killed, and not started again.
    Off,
}

/// Nodes that somebody else runs, at addresses that do not change.
pub struct StaticNodes {
    channels: HashMap<String, Channel>,
}

impl StaticNodes {
    /// Connects to each node at its first request.
    pub fn new(topology: &Topology, tls: Option<&ClusterTls>) -> Result<Self, String> {
        let regions = topology.regions().filter_map(|region| Some((region, topology.address(region)?)));
        let channels = regions.map(|(region, address)| Ok((region.to_owned(), connect_lazily(address, tls)?)));
        Ok(Self { channels: channels.collect::<Result<_, String>>()? })
    }
}

/// A channel as the gateway wants it, to `host:port`; it connects at its first use, and again whenever it has to.
pub fn connect_lazily(address: &str, tls: Option<&ClusterTls>) -> Result<Channel, String> {
    Ok(endpoint(address, tls)?.connect_lazy())
}

/// What a channel to `host:port` is made of.
pub fn endpoint(address: &str, tls: Option<&ClusterTls>) -> Result<Endpoint, String> {
    let wrong = |error| format!("{address}: {error}");
    let endpoint = match tls {
        None => Endpoint::from_shared(format!("http://{address}")).map_err(wrong)?,
        Some(tls) => {
            let endpoint = Endpoint::from_shared(format!("https://{address}")).map_err(wrong)?;
            endpoint.tls_config(tls.client()).map_err(wrong)?
        }
    };
    let endpoint = endpoint.initial_stream_window_size(STREAM_WINDOW).initial_connection_window_size(CONNECTION_WINDOW);
    Ok(endpoint.max_frame_size(FRAME).connect_timeout(CONNECT).tcp_nodelay(true))
}

#[async_trait]
impl Nodes for StaticNodes {
    async fn channel(&self, region: &str) -> Result<Channel, Ec2Error> {
        let missing = || Ec2Error::unavailable(format!("No node serves the region {region} here."));
        self.channels.get(region).cloned().ok_or_else(missing)
    }

    fn broken(&self, region: &str) {
        tracing::warn!(region, "the node does not answer");
    }

    fn started(&self) -> Vec<String> {
        let mut regions: Vec<_> = self.channels.keys().cloned().collect();
        regions.sort();
        regions
    }
}
