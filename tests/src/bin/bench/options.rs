//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, Subcommand};

/// Runs Archipelago side by side with a ceiling and a peer, and prints how they compare.
#[derive(Parser)]
#[command(name = "tests/bench")]
pub(crate) struct Options {
    /// Connections that are kept open, each with one request at a time.
    #[arg(long, default_value_t = 16)]
    pub(crate) connections: usize,
    /// How often each row is run on each system, in turns.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// The longest that one round of a row may take on one system, in seconds.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Only the rows whose name has this in it; may be given again.
    #[arg(long)]
    only: Vec<String>,
    /// Leave out a system: ceiling, moto.
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
    /// Write the tables to this file too.
    #[arg(long)]
    pub(crate) markdown: Option<PathBuf>,
    /// Instead of the tables: make this many instances in one region, and see what that costs.
    #[arg(long, value_name = "INSTANCES")]
    pub(crate) scale: Option<usize>,
    /// The program under test (default: the one built beside this one).
    #[arg(long)]
    program: Option<PathBuf>,
    /// Another Archipelago beside it, with this configuration: `tests/rules.toml` has all rules on, and none that refuses.
    #[arg(long)]
    pub(crate) configured: Option<PathBuf>,
    /// Another Archipelago beside it: this program, from before a change.
    #[arg(long)]
    pub(crate) before: Option<PathBuf>,
    /// The peer; left out when it is not there.
    #[arg(long, default_value = "target/venv/bin/moto_server")]
    pub(crate) moto: PathBuf,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Clone, Copy, Subcommand)]
pub(crate) enum Command {
    /// The ceiling's front: HTTP in, gRPC out.
    #[command(hide = true)]
    CeilingFront { port: u16, node: u16 },
    /// The ceiling's node: answers as many bytes as it is asked for.
    #[command(hide = true)]
    CeilingNode { port: u16 },
}

impl Options {
    pub(crate) fn program(&self) -> std::io::Result<PathBuf> {
        match &self.program {
            Some(program) => Ok(program.clone()),
            None => Ok(std::env::current_exe()?.with_file_name("archipelago")),
        }
    }

    pub(crate) fn rounds(&self) -> usize {
        self.rounds.max(1)
    }

    pub(crate) fn longest(&self) -> Duration {
        Duration::from_secs(self.seconds.max(1))
    }

    pub(crate) fn wants(&self, row: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|part| row.contains(part.as_str()))
    }

    pub(crate) fn has(&self, system: &str) -> bool {
        !self.without.iter().any(|name| name == system)
    }
}
