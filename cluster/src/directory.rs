//! How nodes find each other under a supervisor: they ask it (proto: cluster.v1.Directory).

use std::sync::Arc;

use archipelago_proto::cluster::v1::directory_server::{Directory, DirectoryServer};
use archipelago_proto::cluster::v1::{LocateRequest, LocateResponse};
use archipelago_proto::tls::ClusterTls;
use archipelago_proto::token::ClusterToken;
use tokio::net::TcpListener;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use crate::supervisor::Supervisor;

struct Desk(Arc<Supervisor>);

#[tonic::async_trait]
impl Directory for Desk {
    async fn locate(&self, request: Request<LocateRequest>) -> Result<Response<LocateResponse>, Status> {
        let address = self.0.address(&request.into_inner().region).await?;
        Ok(Response::new(LocateResponse { address }))
    }
}

/// Answers nodes until it is dropped.
pub(crate) async fn serve(
    listener: TcpListener,
    supervisor: Arc<Supervisor>,
    token: ClusterToken,
    tls: Option<ClusterTls>,
) {
    #[allow(clippy::result_large_err)] // The shape of tonic's interceptors.
    let guard = move |request: Request<()>| {
        token.check(request.metadata())?;
        Ok(request)
    };
    let desk = InterceptedService::new(DirectoryServer::new(Desk(supervisor)), guard);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let server = Server::builder();
    let server = tls.map_or(Ok(server.clone()), |tls| server.tls_config(tls.server()));
    let served = async { server?.add_service(desk).serve_with_incoming(incoming).await }.await;
    if let Err(error) = served {
        tracing::error!(%error, "nodes cannot find each other any more");
    }
}
