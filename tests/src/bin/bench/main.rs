//! The benchmark: Archipelago side by side with a ceiling and a peer.
//!
//! It starts everything itself, speaks to all of them as a client, and prints tables. The ceiling is a front and a node
//! that answer as many bytes and think nothing; the peer is moto. `tests/bench --help` has the options.

mod cases;
mod ceiling;
mod http;
mod load;
mod measure;
mod options;
mod process;
mod report;
mod scale;
mod sign;
mod start;
mod systems;
mod template;
mod world;

use std::process::ExitCode;

use clap::Parser as _;

use options::{Command, Options};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> ExitCode {
    let options = Options::parse();
    match options.command {
        Some(Command::CeilingNode { port }) => finish(threads().block_on(ceiling::node(port))),
        Some(Command::CeilingFront { port, node }) => finish(threads().block_on(ceiling::front(port, node))),
        None => finish(one_thread().block_on(run(options))),
    }
}

async fn run(options: Options) -> Result<()> {
    let text = match options.scale {
        Some(instances) => scale::run(&options, instances).await?,
        None => side_by_side(&options).await?,
    };
    println!("{text}");
    if let Some(file) = &options.markdown {
        std::fs::write(file, text)?;
    }
    Ok(())
}

async fn side_by_side(options: &Options) -> Result<String> {
    let starts = start::measure(options).await?;
    let mut systems = systems::start(options).await?;
    let mut rows = Vec::new();
    for case in cases::CASES.iter().filter(|case| options.wants(case.name)) {
        rows.push(measure::measure(case, &mut systems, options).await?);
    }
    Ok(report::report(&starts, &systems, &rows, options))
}

/// The load generator keeps to one core, the servers have the others.
fn one_thread() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be built")
}

fn threads() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime can be built")
}

fn finish(outcome: Result<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
