//! Starts a region's node at its first request, restarts it when it dies, and stops all in the end.

mod child;
mod nodes;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use archipelago_gateway::Power;
use archipelago_proto::{Ec2Error, Ec2Result, regions};
use tokio::sync::watch;

pub(crate) use child::{LISTENING, LOOPBACK, Recipe};
pub(crate) use nodes::SupervisedNodes;

/// How long a request waits for its node to start.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Supervisor {
    recipe: Recipe,
    /// Empty: every region.
    allowed: Vec<String>,
    nodes: Mutex<HashMap<String, Node>>,
    stopping: watch::Sender<bool>,
}

/// One region's process, whatever has become of it.
struct Node {
    status: watch::Receiver<Status>,
    power: watch::Sender<Power>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Status {
    Starting,
    Running {
        address: String,
    },
    /// The operator wants it so.
    Off,
    Stopped,
}

impl Supervisor {
    pub(crate) fn new(recipe: Recipe, allowed: Vec<String>) -> Arc<Self> {
        Arc::new(Self { recipe, allowed, nodes: Mutex::default(), stopping: watch::Sender::new(false) })
    }

    /// Where the region's node is. It is started first if it does not run.
    pub(crate) async fn address(&self, region: &str) -> Ec2Result<String> {
        let mut status = self.node(region)?;
        let running = status.wait_for(|status| *status != Status::Starting);
        match tokio::time::timeout(PATIENCE, running).await {
            Ok(Ok(status)) => match &*status {
                Status::Running { address } => Ok(address.clone()),
                Status::Starting | Status::Stopped => Err(Ec2Error::unavailable("The service is stopping.")),
                Status::Off => Err(unavailable(region)),
            },
            _ => Err(unavailable(region)),
        }
    }

    /// Begins to start a region's node, if it does not run.
    fn node(&self, region: &str) -> Ec2Result<watch::Receiver<Status>> {
        let known = regions::find(region).is_some();
        if !known || (!self.allowed.is_empty() && !self.allowed.iter().any(|allowed| allowed == region)) {
            return Err(Ec2Error::unavailable(format!("The region {region} is not served here.")));
        }
        let mut nodes = self.nodes();
        let node = nodes.entry(region.to_owned()).or_insert_with(|| {
            let (status, seen) = watch::channel(Status::Starting);
            let power = watch::Sender::new(Power::On);
            let wishes = child::Wishes { stopping: self.stopping.subscribe(), power: power.subscribe() };
            tokio::spawn(child::keep_running(self.recipe.clone(), region.to_owned(), status, wishes));
            Node { status: seen, power }
        });
        Ok(node.status.clone())
    }

    /// Kills the region's process, freezes it, or lets it go on.
    fn set_power(&self, region: &str, power: Power) -> Result<(), String> {
        self.node(region).map_err(|error| error.message)?;
        if let Some(node) = self.nodes().get(region) {
            node.power.send_replace(power);
        }
        Ok(())
    }

    /// The regions whose nodes have been started.
    fn started(&self) -> Vec<String> {
        let mut regions: Vec<_> = self.nodes().keys().cloned().collect();
        regions.sort();
        regions
    }

    /// Those, and the regions that have a folder from before.
    fn known(&self) -> Vec<String> {
        let mut regions = self.started();
        let allowed = |region: &String| self.allowed.is_empty() || self.allowed.contains(region);
        regions.extend(self.recipe.kept().into_iter().filter(allowed));
        regions.sort();
        regions.dedup();
        regions
    }

    /// Stops every node, and returns when all have stopped.
    pub(crate) async fn stop(&self) {
        self.stopping.send_replace(true);
        let nodes: Vec<_> = self.nodes().values().map(|node| node.status.clone()).collect();
        for mut status in nodes {
            let _ = status.wait_for(|status| *status == Status::Stopped).await;
        }
    }

    fn nodes(&self) -> MutexGuard<'_, HashMap<String, Node>> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unavailable(region: &str) -> Ec2Error {
    Ec2Error::unavailable(format!("The region {region} is not available. Please try again."))
}
