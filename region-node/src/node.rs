//! A region behind its address: gRPC for the cluster, and over HTTP what probes and scrapers ask.

use std::sync::Arc;

use archipelago_proto::cluster::v1::admin_server::AdminServer;
use archipelago_proto::cluster::v1::peer_server::PeerServer;
use archipelago_proto::cluster::v1::permissions_server::PermissionsServer;
use archipelago_proto::cluster::v1::world_server::WorldServer;
use archipelago_proto::tls::ClusterTls;
use archipelago_proto::token::ClusterToken;
use axum::handler::Handler as _;
use axum::routing::get;
use tokio::net::TcpListener;
use tonic::service::interceptor::InterceptedService;
use tonic::service::{Interceptor, Routes, RoutesBuilder};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Status};

use crate::admin::Operator;
use crate::peer::Exporter;
use crate::permissions::Informant;
use crate::request::{Desk, serve};
use crate::world_server::Librarian;
use crate::{Metrics, Region};

/// What a node is besides its region.
pub struct NodeConfig {
    pub token: ClusterToken,
    pub metrics: Metrics,
    /// Without it, calls come in plain HTTP/2.
    pub tls: Option<ClusterTls>,
    /// Where probes and scrapers, who have no certificate, are answered in plain HTTP.
    pub probes: Option<TcpListener>,
}

/// A region that is served to its cluster.
pub struct Node {
    region: Arc<Region>,
    config: NodeConfig,
}

/// Lets in who holds the cluster's token.
#[derive(Clone)]
pub(crate) struct Guard(ClusterToken);

impl Interceptor for Guard {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        self.0.check(request.metadata())?;
        Ok(request)
    }
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
        let (health, health_service) = tonic_health::server::health_reporter();
        health.set_service_status("", tonic_health::ServingStatus::Serving).await;
        let stop = async {
            stop.await;
            health.set_service_status("", tonic_health::ServingStatus::NotServing).await;
        };

        let NodeConfig { token, metrics, tls, probes } = self.config;
        let guard = Guard(token.clone());
        let operator = Operator { region: Arc::clone(&self.region), metrics: metrics.clone() };
        let mut routes = Routes::builder();
        routes.add_service(health_service.clone());
        routes.add_service(InterceptedService::new(AdminServer::new(operator), guard.clone()));
        let exporter = Exporter(Arc::clone(&self.region));
        routes.add_service(InterceptedService::new(PeerServer::new(exporter), guard.clone()));
        let desk = Arc::new(Desk::new(Arc::clone(&self.region), token));
        let informant = Informant(Arc::clone(&desk));
        routes.add_service(InterceptedService::new(PermissionsServer::new(informant), guard.clone()));
        let librarian = WorldServer::new(Librarian(Arc::clone(&self.region))).max_decoding_message_size(usize::MAX);
        routes.add_service(InterceptedService::new(librarian, guard));
        let probed = |routes: RoutesBuilder| {
            let (region, metrics) = (Arc::clone(&self.region), metrics.clone());
            let router = routes.routes().into_axum_router();
            let router = router.route("/livez", get(|| async { "ok" })).route("/readyz", get(|| async { "ok" }));
            router.route("/metrics", get(move || async move { metrics.render(&region) }))
        };
        let router = probed(routes).fallback_service(serve.with_state(desk));

        let mut server = Server::builder().accept_http1(true);
        if let Some(tls) = &tls {
            server = server.tls_config(tls.server())?;
        }
        let served = server
            .initial_connection_window_size(16 << 20)
            .initial_stream_window_size(4 << 20)
            .add_routes(Routes::from(router))
            .serve_with_incoming_shutdown(incoming(listener), stop);
        let Some(probes) = probes else { return served.await };
        let mut routes = Routes::builder();
        routes.add_service(health_service);
        let answered = Server::builder().accept_http1(true).add_routes(Routes::from(probed(routes)));
        tokio::select! {
            served = served => served,
            answered = answered.serve_with_incoming(incoming(probes)) => answered,
        }
    }
}

/// The server's own `tcp_nodelay` is not for listeners that it is given: answers would wait 40 ms, now and then, for the
/// gateway's delayed acknowledgement.
fn incoming(listener: TcpListener) -> TcpIncoming {
    TcpIncoming::from(listener).with_nodelay(Some(true))
}
