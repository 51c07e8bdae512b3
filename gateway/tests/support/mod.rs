//! A gateway on a real socket with fake nodes behind it, and the raw HTTP to drive it.

#![allow(dead_code, unreachable_pub)] // Each test file uses its part.

pub mod http;
pub mod node;

use std::net::SocketAddr;
use std::sync::Arc;

use archipelago_gateway::{AuthMode, Config, FixedClock, Gateway, Key, Keyring, Limits, StaticNodes};
use archipelago_proto::token::ClusterToken;
use archipelago_proto::topology::Topology;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use self::http::Answer;
use self::node::Node;

/// When the recorded requests were signed: 2014-10-01T12:00:00Z
pub const NOW: i64 = 1_412_164_800_000;

pub struct Sandbox {
    pub node: Node,
    pub address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
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
        let mut topology = Topology::default();
        topology.insert("us-east-1", node.address.to_string());
        topology.insert("eu-west-1", node.address.to_string());
        topology.insert("us-west-2", closed_port().await.to_string());
        let config = Config { limits, auth, cluster_token: ClusterToken::new("cluster") };
        let nodes = Arc::new(StaticNodes::new(&topology).unwrap());
        let gateway = Gateway::new(config, keyring(), nodes, Arc::new(FixedClock(NOW))).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(async move { gateway.serve(listener, async { drop(stopped.await) }).await });
        Self { node, address, stop, served }
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

fn keyring() -> Keyring {
    let mut keyring = Keyring::new(b"cluster");
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
