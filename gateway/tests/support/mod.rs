//! A gateway on a real socket with fake nodes behind it, and the raw HTTP to drive it.

#![allow(dead_code, unreachable_pub)] // Each test file uses its part.

pub mod http;
pub mod node;

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use archipelago_gateway::{AuthMode, Config, FixedClock, Gateway, Key, Keyring, Limits, StaticNodes};
use archipelago_proto::token::ClusterToken;
use archipelago_proto::topology::Topology;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, oneshot};
use tokio::task::{JoinHandle, JoinSet};

use self::http::Answer;
use self::node::Node;

/// When the recorded requests were signed: 2014-10-01T12:00:00Z
pub const NOW: i64 = 1_412_164_800_000;

/// A gateway being served.
pub struct Door {
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
}

/// A gateway with a node of its own.
pub struct Sandbox {
    pub node: Node,
    pub door: Door,
}

impl Deref for Sandbox {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

impl Sandbox {
    pub async fn start() -> Self {
        Self::with(Limits::default(), AuthMode::Strict).await
    }

    pub async fn permissive() -> Self {
        Self::with(Limits::default(), AuthMode::Permissive).await
    }

    /// One node serves us-east-1 and eu-west-1; nobody listens for us-west-2, and no other region is known.
    pub async fn with(limits: Limits, auth: AuthMode) -> Self {
        let node = Node::start().await;
        Self { door: Door::open(node.address, limits, auth).await, node }
    }
}

impl Door {
    pub async fn open(node: SocketAddr, limits: Limits, auth: AuthMode) -> Self {
        let mut topology = Topology::default();
        topology.insert("us-east-1", node.to_string());
        topology.insert("eu-west-1", node.to_string());
        topology.insert("us-west-2", closed_port().await.to_string());
        let config = Config { limits, auth, cluster_token: ClusterToken::new("cluster"), ..Config::default() };
        let nodes = Arc::new(StaticNodes::new(&topology, None).unwrap());
        let gateway = Gateway::new(config, keyring(), nodes, Arc::new(FixedClock(NOW))).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(async move { gateway.serve(listener, async { drop(stopped.await) }).await });
        Self { address, stop, served }
    }

    pub async fn send(&self, request: &str) -> Answer {
        http::send(self.address, request).await
    }

    pub async fn get(&self, target: &str) -> Answer {
        self.send(&format!("GET {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")).await
    }

    pub async fn post(&self, target: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        let head = format!("POST {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}");
        self.send(&format!("{head}Content-Length: {length}\r\n\r\n{body}")).await
    }

    /// Begins to stop; the end is the returned task's.
    pub fn stop(self) -> JoinHandle<std::io::Result<()>> {
        let _ = self.stop.send(());
        self.served
    }
}

/// A way to a node that can be cut.
pub struct Line {
    pub address: SocketAddr,
    carried: Arc<Mutex<JoinSet<()>>>,
}

impl Line {
    pub async fn to(node: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let carried = Arc::new(Mutex::new(JoinSet::new()));
        let carrying = Arc::clone(&carried);
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                carrying.lock().await.spawn(async move {
                    let mut far = TcpStream::connect(node).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        Self { address, carried }
    }

    /// Breaks all connections; new ones may be made.
    pub async fn cut(&self) {
        self.carried.lock().await.shutdown().await;
    }
}

fn keyring() -> Keyring {
    let keyring = Keyring::new(b"cluster");
    keyring.add(Key {
        access_key: "AKIDEXAMPLE".into(),
        secret: "secret/with+signs".into(),
        account: "123456789012".into(),
        principal: Some("arn:aws:iam::123456789012:user/alice".into()),
        session_token: Some("a/token+with=signs".into()),
    });
    keyring
}

async fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}
