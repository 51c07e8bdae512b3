//! Many requests over some connections, bounded in number and in time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::Result;
use crate::http::Connection;

/// What came of a load, or of several.
#[derive(Default)]
pub(crate) struct Outcome {
    pub(crate) took: Duration,
    /// Of the requests that were answered with success.
    pub(crate) latencies: Vec<Duration>,
    pub(crate) failures: usize,
    pub(crate) error: Option<String>,
}

impl Outcome {
    pub(crate) fn add(&mut self, other: Self) {
        self.took += other.took;
        self.latencies.extend(other.latencies);
        self.failures += other.failures;
        self.error = self.error.take().or(other.error);
    }

    pub(crate) fn answered(&self) -> usize {
        self.latencies.len() + self.failures
    }
}

/// Sends the requests, which are signed already; each connection waits for an answer before it goes on.
pub(crate) async fn run(
    address: SocketAddr,
    requests: &Arc<[Bytes]>,
    connections: usize,
    longest: Duration,
) -> Result<Outcome> {
    let next = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut workers = JoinSet::new();
    for _ in 0..connections.clamp(1, requests.len().max(1)) {
        let (requests, next) = (Arc::clone(requests), Arc::clone(&next));
        workers.spawn(async move { work(address, &requests, &next, start + longest).await });
    }
    let mut outcome = Outcome::default();
    while let Some(worked) = workers.join_next().await {
        outcome.add(worked??);
    }
    outcome.took = start.elapsed();
    Ok(outcome)
}

async fn work(address: SocketAddr, requests: &[Bytes], next: &AtomicUsize, until: Instant) -> Result<Outcome> {
    let mut connection = Connection::new(address);
    let mut outcome = Outcome::default();
    while let Some(request) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        let asked = Instant::now();
        if asked >= until {
            break;
        }
        let answer = connection.ask(request).await?;
        if answer.status == 200 {
            outcome.latencies.push(asked.elapsed());
        } else {
            outcome.failures += 1;
            outcome.error.get_or_insert_with(|| answer.error());
        }
    }
    Ok(outcome)
}
