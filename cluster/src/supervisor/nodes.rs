//! The supervisor, as the gateway sees it.

use std::sync::Arc;

use archipelago_gateway::{Nodes, Power, connect_lazily};
use archipelago_proto::Ec2Error;
use archipelago_proto::tls::ClusterTls;
use tonic::transport::Channel;

use super::Supervisor;

pub(crate) struct SupervisedNodes {
    pub(crate) supervisor: Arc<Supervisor>,
    pub(crate) tls: Option<ClusterTls>,
}

#[async_trait::async_trait]
impl Nodes for SupervisedNodes {
    async fn channel(&self, region: &str) -> Result<Channel, Ec2Error> {
        let address = self.supervisor.address(region).await?;
        connect_lazily(&address, self.tls.as_ref()).map_err(|_| Ec2Error::internal())
    }

    /// Nothing to do: a node that died is being restarted, and its new address is asked for.
    fn broken(&self, _region: &str) {}

    fn started(&self) -> Vec<String> {
        self.supervisor.started()
    }

    fn known(&self) -> Vec<String> {
        self.supervisor.known()
    }

    fn set_power(&self, region: &str, power: Power) -> Result<(), String> {
        self.supervisor.set_power(region, power)
    }
}
