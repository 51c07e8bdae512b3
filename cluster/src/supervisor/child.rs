//! One node's process.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use archipelago_gateway::Power;
use archipelago_proto::regions;
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::watch;
use tokio::time::Instant;

use super::Status;
use crate::authority::{Authority, Issued};
use crate::error::Result;

/// What a node says on standard output when it listens.
pub(crate) const LISTENING: &str = "listening on ";

/// Back-off between restarts; a node that ran for longer than the last begins again with the first.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// How long a node may take to answer what it has in hand and flush its store.
const GRACE: Duration = Duration::from_secs(20);

/// Where processes of one machine reach each other.
pub(crate) const LOOPBACK: [&str; 1] = ["127.0.0.1"];

/// How nodes are started.
#[derive(Clone)]
pub(crate) struct Recipe {
    pub(crate) program: PathBuf,
    /// Options that every node gets.
    pub(crate) options: Vec<String>,
    /// Each region has a folder in it.
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) cluster_token: String,
    /// Gives each node a certificate, where the processes speak TLS.
    pub(crate) authority: Option<Arc<Authority>>,
}

impl Recipe {
    /// The regions that have a folder.
    pub(super) fn kept(&self) -> Vec<String> {
        let folders = self.data_dir.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
        let names = folders.filter_map(|folder| folder.ok()?.file_name().into_string().ok());
        names.filter(|name| regions::find(name).is_some()).collect()
    }
}

/// What others want of the node.
pub(super) struct Wishes {
    pub(super) stopping: watch::Receiver<bool>,
    pub(super) power: watch::Receiver<Power>,
}

impl Wishes {
    async fn stop(&mut self) {
        told_to_stop(&mut self.stopping).await;
    }
}

async fn told_to_stop(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

async fn until_on(power: &mut watch::Receiver<Power>) {
    let _ = power.wait_for(|power| *power != Power::Off).await;
}

/// Starts the node again whenever it dies, until all stop; not while it is to be off.
pub(super) async fn keep_running(recipe: Recipe, region: String, status: watch::Sender<Status>, mut wishes: Wishes) {
    let mut pause = FIRST_PAUSE;
    while !*wishes.stopping.borrow() {
        if *wishes.power.borrow() == Power::Off {
            status.send_replace(Status::Off);
            let mut power = wishes.power.clone();
            tokio::select! {
                () = until_on(&mut power) => {}
                () = wishes.stop() => break,
            }
        }
        status.send_replace(Status::Starting);
        let started = Instant::now();
        match recipe.start(&region).await {
            Ok(node) => {
                tracing::info!(region, address = node.address, "the node runs");
                status.send_replace(Status::Running { address: node.address.clone() });
                if node.run(&region, &mut wishes).await.is_break() {
                    break;
                }
            }
            Err(error) => tracing::error!(region, error, "the node did not start"),
        }
        if *wishes.power.borrow() == Power::Off {
            continue;
        }
        status.send_replace(Status::Starting);
        pause = if started.elapsed() > LONGEST_PAUSE { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = wishes.stop() => break,
        }
    }
    status.send_replace(Status::Stopped);
}

/// A node that listens.
struct Node {
    child: Child,
    /// The node stops when this closes. It is kept apart from the child, since `Child::wait` closes it.
    stdin: Option<ChildStdin>,
    address: String,
}

impl Node {
    /// Until it dies or is killed, or until all stop.
    async fn run(self, region: &str, wishes: &mut Wishes) -> ControlFlow<()> {
        let Self { mut child, stdin, .. } = self;
        let Wishes { stopping, power } = wishes;
        loop {
            match *power.borrow_and_update() {
                Power::On => signal(&child, Signal::CONT),
                Power::Paused => signal(&child, Signal::STOP),
                Power::Off => signal(&child, Signal::KILL),
            }
            tokio::select! {
                ended = child.wait() => {
                    tracing::warn!(region, ?ended, "the node died");
                    return ControlFlow::Continue(());
                }
                () = told_to_stop(stopping) => {
                    // What is frozen cannot stop.
                    signal(&child, Signal::CONT);
                    drop(stdin);
                    stop(child).await;
                    return ControlFlow::Break(());
                }
                Ok(()) = power.changed() => {}
            }
        }
    }
}

/// Does nothing to a process that is gone.
fn signal(child: &Child, signal: Signal) {
    let pid = child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    if let Some(pid) = pid {
        let _ = kill_process(pid, signal);
    }
}

impl Recipe {
    /// A certificate of its own, at each start. Its key goes the way of the cluster's token: only who runs the process
    /// reads its environment.
    fn identify(&self, command: &mut Command) -> Result<()> {
        let Some(authority) = &self.authority else { return Ok(()) };
        let Issued { certificate, key } = authority.issue(&LOOPBACK)?;
        command.env("ARCHIPELAGO_CLUSTER_CA", &authority.certificate);
        command.env("ARCHIPELAGO_CLUSTER_CERT", certificate).env("ARCHIPELAGO_CLUSTER_KEY", key);
        Ok(())
    }

    /// Starts a node and waits for its address.
    async fn start(&self, region: &str) -> std::result::Result<Node, String> {
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
        // All nodes would have the same.
        command.env_remove("ARCHIPELAGO_PROBES");
        self.identify(&mut command).map_err(|error| error.to_string())?;
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
