//! How a node reaches the nodes of other regions: by a fixed address book, or by asking the supervisor; and whom it
//! believes, by the keys of the gateway.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use archipelago_gateway::{AuthMode, Clock as _, Keyring, WallClock, connect_lazily, endpoint};
use archipelago_proto::cluster::v1::LocateRequest;
use archipelago_proto::cluster::v1::directory_client::DirectoryClient;
use archipelago_proto::tls::ClusterTls;
use archipelago_proto::token::ClusterToken;
use archipelago_proto::topology::Topology;
use archipelago_proto::{Ec2Error, Ec2Result};
use archipelago_region_node::peer::{Peers, Presigned};
use async_trait::async_trait;
use tonic::Request;
use tonic::transport::Channel;

use crate::error::{Error, Result};

/// How often a connection to a peer is probed, and how long the answer may take. One that nobody carries any more is
/// silent for ever: without a probe no other would be tried.
const PULSE: Duration = Duration::from_secs(3);

/// Who knows where the nodes are.
enum Addresses {
    Book(Topology),
    Desk(DirectoryClient<Channel>),
}

/// How others are called, and whom this node believes.
pub(crate) struct Way {
    pub(crate) token: ClusterToken,
    pub(crate) tls: Option<ClusterTls>,
    pub(crate) keyring: Keyring,
    pub(crate) auth: AuthMode,
}

struct ClusterPeers {
    addresses: Addresses,
    way: Way,
    /// By address, since a node that was restarted has another.
    channels: Mutex<HashMap<String, Channel>>,
}

/// The peers of a node that has either the address of a directory or an address book.
pub(crate) fn peers(directory: Option<&str>, topology: Topology, way: Way) -> Result<Arc<dyn Peers>> {
    let addresses = match directory {
        Some(desk) => {
            Addresses::Desk(DirectoryClient::new(connect_lazily(desk, way.tls.as_ref()).map_err(Error::other)?))
        }
        None => Addresses::Book(topology),
    };
    Ok(Arc::new(ClusterPeers { addresses, way, channels: Mutex::default() }))
}

impl ClusterPeers {
    async fn address(&self, region: &str) -> Ec2Result<String> {
        match &self.addresses {
            Addresses::Book(topology) => {
                let missing = || Ec2Error::unavailable(format!("No node serves the region {region} here."));
                topology.address(region).map(str::to_owned).ok_or_else(missing)
            }
            Addresses::Desk(desk) => {
                let mut request = Request::new(LocateRequest { region: region.to_owned() });
                self.way.token.write_to(request.metadata_mut());
                Ok(desk.clone().locate(request).await?.into_inner().address)
            }
        }
    }
}

#[async_trait]
impl Peers for ClusterPeers {
    async fn channel(&self, region: &str) -> Ec2Result<Channel> {
        let address = self.address(region).await?;
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = channels.get(&address) {
            return Ok(channel.clone());
        }
        let endpoint = endpoint(&address, self.way.tls.as_ref()).map_err(|_| Ec2Error::internal())?;
        let endpoint = endpoint.http2_keep_alive_interval(PULSE).keep_alive_timeout(PULSE).keep_alive_while_idle(true);
        let channel = endpoint.connect_lazy();
        channels.insert(address, channel.clone());
        Ok(channel)
    }

    fn token(&self) -> Option<ClusterToken> {
        Some(self.way.token.clone())
    }

    fn verify(&self, url: &str) -> std::result::Result<Presigned, String> {
        let known = archipelago_gateway::Presigned::verify(url, &self.way.keyring, self.way.auth, WallClock.now_ms())?;
        Ok(Presigned { account: known.account, region: known.region, parameters: known.parameters })
    }
}
