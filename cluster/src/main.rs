//! `archipelago`: the composition root. It reads the command line, the environment and the
//! configuration file, and puts the gateway, the region nodes and their supervisor together.
//!
//! No request is looked at here; see the gateway for that, and the region node for what it does.

mod authority;
mod banner;
mod cli;
mod config;
mod ctl;
mod directory;
mod error;
mod gateway;
mod node;
mod open_files;
mod peers;
mod quotas;
mod shutdown;
mod supervisor;
mod telemetry;
mod tls;
mod up;
mod worlds;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};

/// Allocates faster than the system's allocator, and gives memory back sooner.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    open_files::allow_many();
    let outcome = match Cli::parse().command() {
        Command::Up(options) => up::run(options).await,
        Command::Gateway(options) => gateway::run(options).await,
        Command::RegionNode(options) => node::run(options).await,
        Command::Ctl(options) => ctl::run(options).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("archipelago: {error}");
            ExitCode::FAILURE
        }
    }
}
