//! What is measured side by side. All run at the same time; who is not asked does nothing.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::Result;
use crate::http::{Answer, Connection};
use crate::options::Options;
use crate::process::{Process, Server, free_address};
use crate::sign::Signer;
use crate::template::Query;
use crate::world::{self, World};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_mins(1);
const PAUSE: Duration = Duration::from_millis(1);

pub(crate) struct System {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    servers: Vec<Server>,
    /// The ceiling has none: it is asked what Archipelago is asked.
    pub(crate) world: Option<World>,
    /// A slow system gets only one of so many requests.
    one_in: usize,
    /// Memory at rest, by process.
    pub(crate) at_rest: Vec<(String, u64)>,
}

/// Archipelago first, since the others are compared with it.
pub(crate) async fn start(options: &Options) -> Result<Vec<System>> {
    let mut systems = vec![archipelago(options)?];
    if let Some(config) = &options.configured {
        let config = ["--config".to_owned(), config.display().to_string()];
        systems.push(up("configured", &options.program()?, &config)?);
    }
    if let Some(program) = &options.before {
        systems.push(up("before", program, &[])?);
    }
    if options.has("ceiling") {
        systems.push(ceiling()?);
    }
    if options.has("moto") {
        if options.moto.exists() {
            systems.push(moto(options)?);
        } else {
            eprintln!("moto is left out: there is no {}", options.moto.display());
        }
    }
    for system in &mut systems {
        system.wait().await?;
        system.at_rest = system.memory();
        if system.name != "ceiling" {
            system.world = Some(world::make(system).await?);
        }
    }
    Ok(systems)
}

pub(crate) fn archipelago(options: &Options) -> Result<System> {
    up("archipelago", &options.program()?, &[])
}

fn up(name: &'static str, program: &Path, more: &[String]) -> Result<System> {
    let address = free_address()?;
    let arguments = [&["up".to_owned(), "--listen".to_owned(), address.to_string()], more].concat();
    let server = Server::start(program, &arguments)?;
    Ok(System::new(name, address, vec![server], 1))
}

fn ceiling() -> Result<System> {
    let program = std::env::current_exe()?;
    let (front, node) = (free_address()?, free_address()?);
    let ports = (front.port().to_string(), node.port().to_string());
    let servers = vec![
        Server::start(&program, &["ceiling-front".to_owned(), ports.0, ports.1.clone()])?,
        Server::start(&program, &["ceiling-node".to_owned(), ports.1])?,
    ];
    Ok(System::new("ceiling", front, servers, 1))
}

fn moto(options: &Options) -> Result<System> {
    let address = free_address()?;
    let arguments = ["-H", "127.0.0.1", "-p"].map(str::to_owned).into_iter().chain([address.port().to_string()]);
    let server = Server::start(&options.moto, &arguments.collect::<Vec<_>>())?;
    Ok(System::new("moto", address, vec![server], 100))
}

impl System {
    fn new(name: &'static str, address: SocketAddr, servers: Vec<Server>, one_in: usize) -> Self {
        Self { name, address, servers, world: None, one_in, at_rest: Vec::new() }
    }

    /// How many of so many requests it gets.
    pub(crate) fn share(&self, requests: usize) -> usize {
        requests.div_ceil(self.one_in)
    }

    /// Until it answers its first request.
    pub(crate) async fn wait(&self) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        let query =
            vec![("Action".to_owned(), "DescribeRegions".to_owned()), ("Version".to_owned(), "2016-11-15".to_owned())];
        loop {
            match self.ask("us-east-1", &query).await {
                Ok(answer) if answer.status == 200 => return Ok(()),
                Ok(answer) => return Err(format!("{}: {}", self.name, answer.error()).into()),
                Err(error) if Instant::now() > until => return Err(format!("{}: {error}", self.name).into()),
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// One request over a connection of its own.
    pub(crate) async fn ask(&self, region: &str, query: &Query) -> Result<Answer> {
        let request = self.signer(region).request(query, 1024);
        Ok(Connection::new(self.address).ask(&request).await?)
    }

    pub(crate) fn signer(&self, region: &str) -> Signer {
        Signer::new(self.address.to_string(), region)
    }

    /// Of all its processes.
    pub(crate) fn cpu(&self) -> Duration {
        self.processes().map(|process| process.cpu).sum()
    }

    pub(crate) fn memory(&self) -> Vec<(String, u64)> {
        self.processes().map(|process| (process.role(), process.memory())).collect()
    }

    fn processes(&self) -> impl Iterator<Item = Process> {
        self.servers.iter().flat_map(Server::processes)
    }
}
