//! `archipelago up`: everything on one machine.

use std::sync::Arc;

use archipelago_proto::regions;
use archipelago_proto::tls::ClusterTls;
use archipelago_proto::token::ClusterToken;
use tokio::net::TcpListener;

use crate::authority::{Authority, Issued};
use crate::cli::UpOptions;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::supervisor::{LOOPBACK, Recipe, SupervisedNodes, Supervisor};
use crate::{banner, directory, gateway, shutdown, telemetry, worlds};

pub(crate) async fn run(options: UpOptions) -> Result<()> {
    let _telemetry = telemetry::start("archipelago-gateway")?;
    if let Some(unknown) = options.regions.iter().find(|region| regions::find(region).is_none()) {
        return Err(Error::Region(unknown.clone()));
    }
    let config = Config::load(options.config.config.as_deref())?;
    let secret = fresh_secret()?;
    let token = ClusterToken::new(&secret).ok_or_else(|| Error::other("the cluster token cannot stand in a header"))?;

    let authority = if options.cluster_tls { Some(Arc::new(Authority::new("Archipelago's processes")?)) } else { None };
    let tls = authority.as_deref().map(identity).transpose()?;

    let desk = listen("127.0.0.1:0").await?;
    let desk_address = desk.local_addr().map_err(Error::other)?.to_string();
    let recipe = Recipe {
        program: std::env::current_exe().map_err(Error::other)?,
        options: node_options(&options, &desk_address),
        data_dir: options.world.data_dir.clone(),
        cluster_token: secret.clone(),
        authority,
    };
    let supervisor = Supervisor::new(recipe, options.regions.clone());
    tokio::spawn(directory::serve(desk, Arc::clone(&supervisor), token.clone(), tls.clone()));

    let listener = listen(&options.front.listen).await?;
    let address = listener.local_addr().map_err(Error::other)?.to_string();
    let nodes = Arc::new(SupervisedNodes { supervisor: Arc::clone(&supervisor), tls });
    let front = gateway::build(&options.front, options.world.seed, config, &secret, token, nodes)?;
    for region in &options.regions {
        supervisor.address(region).await.map_err(Error::other)?;
    }
    let serving = async {
        if let Some(file) = &options.begin_with {
            worlds::begin_with(&front, file).await?;
        }
        front.populate().await.map_err(Error::Other)?;
        banner::print(&address, &options.front.tls);
        front.serve(listener, shutdown::requested()).await.map_err(Error::other)
    };
    let served = serving.await;
    supervisor.stop().await;
    served
}

/// What this process shows the nodes, as the gateway and as their directory.
fn identity(authority: &Authority) -> Result<ClusterTls> {
    let Issued { certificate, key } = authority.issue(&LOOPBACK)?;
    Ok(ClusterTls::new(&authority.certificate, &certificate, &key))
}

/// The nodes' part of the options.
fn node_options(options: &UpOptions, desk: &str) -> Vec<String> {
    use clap::ValueEnum as _;
    let mut given = vec!["--directory".to_owned(), desk.to_owned()];
    given.extend(["--auth".to_owned(), options.front.auth.name()]);
    if let Some(config) = &options.config.config {
        given.extend(["--config".to_owned(), config.display().to_string()]);
    }
    if let Some(name) = options.world.lifecycle.and_then(|lifecycle| lifecycle.to_possible_value()) {
        given.extend(["--lifecycle".to_owned(), name.get_name().to_owned()]);
    }
    if let Some(seed) = options.world.seed.seed {
        given.extend(["--seed".to_owned(), seed.to_string()]);
    }
    given
}

pub(crate) async fn listen(address: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| Error::Listen(address.to_owned(), error))
}

fn fresh_secret() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Error::other)?;
    Ok(hex::encode(bytes))
}
