//! A region on a paused clock, behind its gRPC address, with a client for each family.

pub(crate) mod cable;
pub(crate) mod launch;
pub(crate) mod network;
pub(crate) mod outage;
pub(crate) mod plain;

use std::ops::Deref;
use std::path::Path;
use std::sync::Arc;

use archipelago_proto::cluster::v1::Caller;
use archipelago_proto::token::ClusterToken;
use archipelago_proto::{Call, Ec2Error, regions};
use archipelago_region_node::entity::Ids;
use archipelago_region_node::peer::{NoPeers, Peers};
use archipelago_region_node::store::Store;
use archipelago_region_node::time::{Clock, Lifecycle};
use archipelago_region_node::{Metrics, Node, NodeConfig, Region};
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Response, Status};

/// 2026-01-01T00:00:00Z
pub(crate) const START: i64 = 1_767_225_600_000;

pub(crate) struct Sandbox {
    pub(crate) region: Arc<Region>,
    pub(crate) channel: Channel,
}

impl Sandbox {
    /// us-east-1, settled at once.
    pub(crate) async fn new() -> Self {
        Self::with(Lifecycle::instant(), Store::Memory).await
    }

    pub(crate) async fn with(lifecycle: Lifecycle, store: Store) -> Self {
        Self::of("us-east-1", lifecycle, store, Arc::new(NoPeers)).await
    }

    pub(crate) async fn of(name: &str, lifecycle: Lifecycle, store: Store, peers: Arc<dyn Peers>) -> Self {
        let clock = Arc::new(Clock::paused_at(START));
        let facts = regions::find(name).unwrap();
        let region = Region::open(facts, clock, lifecycle, Ids::seeded(1), store, peers).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let config = NodeConfig { token: token(), metrics: Metrics::none(), tls: None, probes: None };
        let node = Node::new(Arc::clone(&region), config);
        tokio::spawn(node.serve(listener, std::future::pending()));
        let channel = Endpoint::from_shared(address).unwrap().connect_lazy();
        Self { region, channel }
    }

    /// A request of account 000000000000.
    #[allow(clippy::unused_self)] // Reads as what it is.
    pub(crate) fn ask<T>(&self, input: T) -> Request<T> {
        ask_as("000000000000", input)
    }
}

/// A request of some account.
pub(crate) fn ask_as<T>(account: &str, input: T) -> Request<T> {
    let mut request = Request::new(input);
    let caller = Caller {
        account: account.into(),
        principal: format!("arn:aws:iam::{account}:root"),
        version: "2016-11-15".into(),
        ..Caller::default()
    };
    Call { caller }.write_to(request.metadata_mut());
    token().write_to(request.metadata_mut());
    request
}

pub(crate) fn token() -> ClusterToken {
    ClusterToken::new("test").unwrap()
}

/// The EC2 error code of a refused request.
pub(crate) fn code<T: std::fmt::Debug>(outcome: Result<Response<T>, Status>) -> String {
    Ec2Error::from(outcome.expect_err("the request should have been refused")).code
}

/// An empty folder of the test's own, which goes with it.
pub(crate) struct Folder(tempfile::TempDir);

pub(crate) fn folder(name: &str) -> Folder {
    Folder(tempfile::Builder::new().prefix(&format!("archipelago-{name}-")).tempdir().unwrap())
}

impl Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.0.path()
    }
}

/// What a process that is killed at this moment would leave on the disk.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
