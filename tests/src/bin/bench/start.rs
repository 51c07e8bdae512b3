//! From the start of the process to its first answer, the region's node included.

use std::time::Duration;

use tokio::time::Instant;

use crate::Result;
use crate::options::Options;
use crate::systems;

const TIMES: usize = 5;

/// In ascending order.
pub(crate) async fn measure(options: &Options) -> Result<Vec<Duration>> {
    let mut starts = Vec::new();
    for _ in 0..TIMES {
        let start = Instant::now();
        let system = systems::archipelago(options)?;
        system.wait().await?;
        starts.push(start.elapsed());
    }
    starts.sort();
    Ok(starts)
}
