//! A region behind its gRPC address.

use std::sync::Arc;

use archipelago_proto::token::ClusterToken;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::service::InterceptorLayer;
use tonic::transport::Server;

use crate::{Region, families};

/// What a node is besides its region.
pub struct NodeConfig {
    pub token: ClusterToken,
}

/// A region that is served to its cluster.
pub struct Node {
    region: Arc<Region>,
    config: NodeConfig,
}

impl Node {
    pub fn new(region: Arc<Region>, config: NodeConfig) -> Self {
        Self { region, config }
    }

    /// Serves until `stop`; what is in hand by then is answered.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), tonic::transport::Error> {
        let token = self.config.token;
        #[allow(clippy::result_large_err)] // The shape of tonic's interceptors.
        let guard = InterceptorLayer::new(move |request: tonic::Request<()>| {
            token.check(request.metadata())?;
            Ok(request)
        });
        Server::builder()
            .layer(guard)
            .add_routes(families::routes(&self.region))
            .serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop)
            .await
    }
}
