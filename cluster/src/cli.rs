//! The command line. Every option is also an environment variable, for containers.

use std::path::PathBuf;

use archipelago_gateway::AuthMode;
use archipelago_proto::topology::Topology;
use clap::{Args, Parser, Subcommand, ValueEnum};
use http::Uri;

use crate::tls::Pem;

/// A distributed emulator of the Amazon EC2 Query API.
#[derive(Parser)]
#[command(version, about, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    up: UpOptions,
}

impl Cli {
    /// Without a command, everything runs.
    pub(crate) fn command(self) -> Command {
        self.command.unwrap_or(Command::Up(self.up))
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the gateway, and a node for each region at its first request.
    Up(UpOptions),
    /// Run a gateway alone, in front of nodes that run elsewhere.
    Gateway(GatewayOptions),
    /// Run one region's node alone.
    RegionNode(NodeOptions),
    /// Operate a running cluster: read a page of the gateway's, or change something there.
    Ctl(CtlOptions),
}

#[derive(Args)]
pub(crate) struct CtlOptions {
    /// Where the gateway is.
    #[arg(long, env = "ARCHIPELAGO_ENDPOINT", default_value = "http://127.0.0.1:4566")]
    pub(crate) endpoint: Uri,
    /// Whom to trust behind an endpoint of https://: authorities in PEM, such as --tls-self-signed writes.
    #[arg(long, env = "ARCHIPELAGO_CA", value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Read: `archipelago ctl get clock`
    Get(Page),
    /// Change: `archipelago ctl post clock advance=3600`
    Post(Page),
    /// Write the whole world, all regions and accounts, to a file.
    Export(WorldFile),
    /// Put the world of a file in the place of the one that there is.
    Import(WorldFile),
}

#[derive(Args)]
pub(crate) struct WorldFile {
    pub(crate) file: PathBuf,
}

#[derive(Args)]
pub(crate) struct Page {
    /// health, clock, capacity, throttle, faults, ...
    pub(crate) name: String,
    /// KEY=VALUE, as the page takes them.
    #[arg(value_parser = parameter)]
    pub(crate) parameters: Vec<(String, String)>,
}

fn parameter(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or_else(|| format!("{text} is not KEY=VALUE"))?;
    Ok((key.to_owned(), value.to_owned()))
}

#[derive(Args)]
pub(crate) struct UpOptions {
    /// Regions to start at once, and the only ones to serve (default: any, at its first request).
    #[arg(long, value_delimiter = ',', env = "ARCHIPELAGO_REGIONS")]
    pub(crate) regions: Vec<String>,
    /// Mutual TLS between the processes, by an authority that is made at each start.
    #[arg(long, env = "ARCHIPELAGO_CLUSTER_TLS")]
    pub(crate) cluster_tls: bool,
    /// Begin with the world of this file, which `archipelago ctl export` has written.
    #[arg(long = "world", env = "ARCHIPELAGO_WORLD")]
    pub(crate) begin_with: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigOption,
    #[command(flatten)]
    pub(crate) front: FrontOptions,
    #[command(flatten)]
    pub(crate) world: WorldOptions,
}

#[derive(Args)]
pub(crate) struct GatewayOptions {
    #[command(flatten)]
    pub(crate) seed: SeedOption,
    /// Where each region's node is: us-east-1=HOST:PORT,eu-west-1=HOST:PORT
    #[arg(long, env = "ARCHIPELAGO_TOPOLOGY")]
    pub(crate) topology: Option<Topology>,
    #[command(flatten)]
    pub(crate) config: ConfigOption,
    #[command(flatten)]
    pub(crate) front: FrontOptions,
    #[command(flatten)]
    pub(crate) cluster: ClusterOptions,
}

#[derive(Args)]
pub(crate) struct NodeOptions {
    /// The region that this node is.
    #[arg(long, env = "ARCHIPELAGO_REGION")]
    pub(crate) region: String,
    /// Where to listen for the cluster; port 0 takes any, and says which on standard output.
    #[arg(long, env = "ARCHIPELAGO_LISTEN", default_value = "127.0.0.1:7001")]
    pub(crate) listen: String,
    /// Where the nodes of the other regions are: us-east-1=HOST:PORT,...
    #[arg(long, env = "ARCHIPELAGO_TOPOLOGY", conflicts_with = "directory")]
    pub(crate) topology: Option<Topology>,
    /// The supervisor that knows where the other nodes are, HOST:PORT.
    #[arg(long, env = "ARCHIPELAGO_DIRECTORY")]
    pub(crate) directory: Option<String>,
    /// Where to answer probes and scrapers in plain HTTP, beside the cluster; for nodes with --cluster-ca.
    #[arg(long, env = "ARCHIPELAGO_PROBES", value_name = "ADDRESS")]
    pub(crate) probes: Option<String>,
    /// Stop when standard input closes: a node does not outlive its supervisor.
    #[arg(long)]
    pub(crate) supervised: bool,
    #[command(flatten)]
    pub(crate) auth: AuthOption,
    #[command(flatten)]
    pub(crate) config: ConfigOption,
    #[command(flatten)]
    pub(crate) world: WorldOptions,
    #[command(flatten)]
    pub(crate) cluster: ClusterOptions,
}

#[derive(Args, Clone)]
pub(crate) struct FrontOptions {
    /// Where clients reach the gateway.
    #[arg(long, env = "ARCHIPELAGO_LISTEN", default_value = "127.0.0.1:4566")]
    pub(crate) listen: String,
    #[command(flatten)]
    pub(crate) auth: AuthOption,
    #[command(flatten)]
    pub(crate) tls: TlsOptions,
}

#[derive(Args, Clone)]
#[allow(clippy::struct_field_names)] // Arguments are called as their fields are.
pub(crate) struct TlsOptions {
    /// Serve HTTPS with this certificate (PEM: its own, then those between it and the root).
    #[arg(long, env = "ARCHIPELAGO_TLS_CERT", value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The key of --tls-cert.
    #[arg(long, env = "ARCHIPELAGO_TLS_KEY", value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Serve HTTPS with a certificate for development, made at each start: for localhost and this host's name. What
    /// clients are to trust (AWS_CA_BUNDLE) is written to this file.
    #[arg(long, env = "ARCHIPELAGO_TLS_SELF_SIGNED", value_name = "FILE")]
    pub(crate) tls_self_signed: Option<PathBuf>,
}

#[derive(Args, Clone, Copy)]
pub(crate) struct AuthOption {
    /// Whether signatures are verified.
    #[arg(long, value_enum, env = "ARCHIPELAGO_AUTH", default_value = "verify")]
    auth: Auth,
}

impl AuthOption {
    pub(crate) fn mode(self) -> AuthMode {
        match self.auth {
            Auth::Verify => AuthMode::Strict,
            Auth::Permissive => AuthMode::Permissive,
        }
    }

    /// As it is given on a command line.
    pub(crate) fn name(self) -> String {
        self.auth.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

#[derive(Args, Clone)]
pub(crate) struct ConfigOption {
    /// The configuration file (TOML).
    #[arg(long, env = "ARCHIPELAGO_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Args, Clone)]
pub(crate) struct WorldOptions {
    /// Keep resources in this folder (default: in memory, a clean world at each start).
    #[arg(long, env = "ARCHIPELAGO_DATA_DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// How long states take: `instant` settles by the next read, `realistic` takes about as long as on AWS.
    #[arg(long, value_enum, env = "ARCHIPELAGO_LIFECYCLE")]
    pub(crate) lifecycle: Option<LifecycleName>,
    #[command(flatten)]
    pub(crate) seed: SeedOption,
}

#[derive(Args, Clone, Copy)]
pub(crate) struct SeedOption {
    /// The same seed and the same calls, one after the other, give the same ids and the same lots.
    #[arg(long, env = "ARCHIPELAGO_SEED")]
    pub(crate) seed: Option<u64>,
}

#[derive(Args)]
#[allow(clippy::struct_field_names)] // Arguments are called as their fields are.
pub(crate) struct ClusterOptions {
    /// The secret that the processes of a cluster share.
    #[arg(long, env = "ARCHIPELAGO_CLUSTER_TOKEN", hide_env_values = true)]
    pub(crate) cluster_token: String,
    /// Mutual TLS between the processes: the authority of the cluster, as a file or in PEM itself.
    #[arg(long, env = "ARCHIPELAGO_CLUSTER_CA", value_name = "PEM", hide_env_values = true)]
    pub(crate) cluster_ca: Option<Pem>,
    /// This process's certificate by that authority, for the names that others know it by.
    #[arg(long, env = "ARCHIPELAGO_CLUSTER_CERT", value_name = "PEM", hide_env_values = true)]
    pub(crate) cluster_cert: Option<Pem>,
    /// The key of --cluster-cert.
    #[arg(long, env = "ARCHIPELAGO_CLUSTER_KEY", value_name = "PEM", hide_env_values = true)]
    pub(crate) cluster_key: Option<Pem>,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Auth {
    /// A request must be signed with a known key.
    Verify,
    /// Signatures are not checked; account and region are taken from what the request says.
    Permissive,
}

#[derive(Clone, Copy, ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LifecycleName {
    Instant,
    Realistic,
}
