//! One node's process.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::time::Instant;

use super::Status;

/// What a node says on standard output when it listens.
pub(crate) const LISTENING: &str = "listening on ";

/// Back-off between restarts; a node that ran for longer than the last begins again with the first.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a node may take to answer what it has in hand and flush its store.
const GRACE: Duration = Duration::from_secs(20);

/// How nodes are started.
#[derive(Clone)]
pub(crate) struct Recipe {
    pub(crate) program: PathBuf,
    /// Options that every node gets.
    pub(crate) options: Vec<String>,
    /// Each region has a folder in it.
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) cluster_token: String,
}

/// Starts the node again whenever it dies, until all stop.
pub(super) async fn keep_running(
    recipe: Recipe,
    region: String,
    status: watch::Sender<Status>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut pause = FIRST_PAUSE;
    while !*stopping.borrow() {
        status.send_replace(Status::Starting);
        let started = Instant::now();
        match recipe.start(&region).await {
            Ok(Node { mut child, stdin, address }) => {
                tracing::info!(region, address, "the node runs");
                status.send_replace(Status::Running { address });
                tokio::select! {
                    ended = child.wait() => tracing::warn!(region, ?ended, "the node died"),
                    () = told_to_stop(&mut stopping) => {
                        drop(stdin);
                        stop(child).await;
                        break;
                    }
                }
            }
            Err(error) => tracing::error!(region, error, "the node did not start"),
        }
        status.send_replace(Status::Starting);
        pause = if started.elapsed() > LONGEST_PAUSE { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = told_to_stop(&mut stopping) => break,
        }
    }
    status.send_replace(Status::Stopped);
}

async fn told_to_stop(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// A node that listens.
struct Node {
    child: Child,
    /// The node stops when this closes. It is kept apart from the child, since `Child::wait` closes it.
    stdin: Option<ChildStdin>,
    address: String,
}

impl Recipe {
    /// Starts a node and waits for its address.
    async fn start(&self, region: &str) -> Result<Node, String> {
        let mut command = Command::new(&self.program);
        command
            .args(["region-node", "--supervised", "--listen", "127.0.0.1:0", "--region", region])
            .args(&self.options);
        if let Some(folder) = &self.data_dir {
            command.arg("--data-dir").arg(folder.join(region));
        }
        // A group of its own: Ctrl-C reaches the supervisor alone, which stops nodes after their last request.
        command.process_group(0).kill_on_drop(true);
        command.env("ARCHIPELAGO_CLUSTER_TOKEN", &self.cluster_token).env_remove("ARCHIPELAGO_LISTEN");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| error.to_string())?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let mut lines = BufReader::new(stdout).lines();
        while let Some(line) = lines.next_line().await.map_err(|error| error.to_string())? {
            if let Some(address) = line.strip_prefix(LISTENING) {
                return Ok(Node { child, stdin, address: address.to_owned() });
            }
        }
        Err("it ended before it listened".to_owned())
    }
}

/// Waits for a node whose standard input is closed.
async fn stop(mut child: Child) {
    if tokio::time::timeout(GRACE, child.wait()).await.is_err() {
        tracing::error!("a node did not stop in time and is killed");
        let _ = child.kill().await;
    }
}
