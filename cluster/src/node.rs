//! `archipelago region-node`: one region.

use std::io::Write as _;
use std::sync::Arc;

use archipelago_proto::regions;
use archipelago_proto::token::ClusterToken;
use archipelago_region_node::entity::Ids;
use archipelago_region_node::store::Store;
use archipelago_region_node::time::Clock;
use archipelago_region_node::{Node, NodeConfig, Region};

use crate::cli::NodeOptions;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::{gateway, peers, shutdown, telemetry, up};

pub(crate) async fn run(options: NodeOptions) -> Result<()> {
    let _telemetry = telemetry::start(&format!("archipelago-{}", options.region))?;
    let facts = regions::find(&options.region).ok_or_else(|| Error::Region(options.region.clone()))?;
    let config = Config::load(options.config.config.as_deref())?;
    let token = ClusterToken::new(&options.cluster.cluster_token)
        .ok_or_else(|| Error::other("the cluster token cannot stand in a header"))?;
    let metrics = telemetry::metrics()?;
    let store = match &options.world.data_dir {
        Some(folder) => Store::open(folder).map_err(Error::other)?,
        None => Store::Memory,
    };
    let lifecycle = config.lifecycle(options.world.lifecycle);
    let topology = config.topology(options.topology);
    let bounds: Vec<_> = config.capacity().collect();
    let (profile, limits) = (config.quotas.profile(), config.quotas.settings(facts.name));
    let consistency = config.consistency.clone();
    let classic: Vec<_> = config.classic().map(str::to_owned).collect();
    let keyring = gateway::keyring(&options.cluster.cluster_token, config.keys);
    let auth = options.auth.mode();
    let peers = peers::peers(options.directory.as_deref(), topology, token.clone(), keyring, auth)?;
    let clock = Arc::new(Clock::wall());
    let seed = options.world.seed.seed.or(config.seed);
    let ids = seed.map_or_else(Ids::random, |seed| Ids::of_region(seed, facts.name));
    let region = Region::open(facts, clock, lifecycle, ids, store, peers).await.map_err(Error::other)?;
    region.shell.consistency.configure(consistency, seed);
    bounds.into_iter().for_each(|bound| region.capacity.configure(bound));
    region.shell.quotas.configure(&region.shell, profile, limits);
    classic.iter().for_each(|account| region.platforms.add_classic(account));

    let listener = up::listen(&options.listen).await?;
    let address = listener.local_addr().map_err(Error::other)?;
    // The supervisor reads this line.
    println!("{}{address}", crate::supervisor::LISTENING);
    std::io::stdout().flush().map_err(Error::other)?;
    let stop = async {
        tokio::select! {
            () = shutdown::requested() => {}
            () = shutdown::orphaned(), if options.supervised => {}
        }
    };
    Node::new(region, NodeConfig { token, metrics }).serve(listener, stop).await.map_err(Error::other)
}
