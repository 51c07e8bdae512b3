//! `archipelago gateway`: the front door alone, and the building of it for `up`.

use std::sync::Arc;

use archipelago_gateway::{Gateway, Key, Keyring, Nodes, StaticNodes, WallClock};
use archipelago_proto::token::ClusterToken;

use crate::cli::{FrontOptions, GatewayOptions, SeedOption};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::{shutdown, telemetry, tls, up};

pub(crate) async fn run(options: GatewayOptions) -> Result<()> {
    let _telemetry = telemetry::start("archipelago-gateway")?;
    let config = Config::load(options.config.config.as_deref())?;
    let topology = config.topology(options.topology);
    if topology.is_empty() {
        return Err(Error::other("a gateway needs a topology: --topology us-east-1=HOST:PORT,..."));
    }
    let secret = options.cluster.cluster_token.clone();
    let token = ClusterToken::new(&secret).ok_or_else(|| Error::other("the cluster token cannot stand in a header"))?;
    let cluster = tls::cluster(&options.cluster)?;
    let nodes = Arc::new(StaticNodes::new(&topology, cluster.as_ref()).map_err(Error::other)?);
    let front = build(&options.front, options.seed, config, &secret, token, nodes)?;
    let listener = up::listen(&options.front.listen).await?;
    front.populate().await.map_err(Error::Other)?;
    tracing::info!(address = %listener.local_addr().map_err(Error::other)?, "the gateway listens");
    front.serve(listener, shutdown::requested()).await.map_err(Error::other)
}

/// All keys that are accepted.
pub(crate) fn keyring(secret: &str, keys: Vec<Key>) -> Keyring {
    let keyring = Keyring::new(secret.as_bytes());
    for key in keys {
        keyring.add(key);
    }
    keyring
}

/// A gateway in front of some nodes.
pub(crate) fn build(
    options: &FrontOptions,
    seed: SeedOption,
    config: Config,
    secret: &str,
    token: ClusterToken,
    nodes: Arc<dyn Nodes>,
) -> Result<Gateway> {
    let identities = config.identities();
    let keyring = keyring(secret, config.keys);
    let config = archipelago_gateway::Config {
        auth: options.auth.mode(),
        cluster_token: Some(token),
        throttle: config.throttle,
        record: config.record,
        faults: config.faults,
        scenario: config.scenario,
        populate: config.populate,
        seed: seed.seed.or(config.seed),
        identities,
        secret: secret.as_bytes().to_vec(),
        tls: tls::front(&options.tls)?,
        ..Default::default()
    };
    Gateway::new(config, keyring, nodes, Arc::new(WallClock)).map_err(Error::other)
}
