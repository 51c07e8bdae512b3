//! A gateway before nodes that somebody else runs:
//!
//! ```text
//! cargo run -p archipelago-gateway --example gateway -- us-east-1=127.0.0.1:7001,eu-west-1=127.0.0.1:7002
//! ```

use std::error::Error;
use std::sync::Arc;

use archipelago_gateway::{Config, Gateway, Keyring, StaticNodes, WallClock};
use archipelago_proto::token::ClusterToken;
use tokio::net::TcpListener;

const SECRET: &str = "cluster";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let topology = std::env::args().nth(1).unwrap_or_default().parse()?;
    let config = Config { cluster_token: ClusterToken::new(SECRET), ..Config::default() };
    let keyring = Keyring::new(SECRET.as_bytes());
    let gateway = Gateway::new(config, keyring, Arc::new(StaticNodes::new(&topology, None)?), Arc::new(WallClock))?;
    let listener = TcpListener::bind("127.0.0.1:4566").await?;
    gateway.serve(listener, async { drop(tokio::signal::ctrl_c().await) }).await?;
    Ok(())
}
