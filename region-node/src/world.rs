//! A region as a run of records: what an export takes, and what an import puts in its place.

use std::sync::Arc;

use archipelago_proto::cluster::v1::{WorldRecord, WorldRegion};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::entity::{AnyHost, Recorded};
use crate::store::{Keep, Write};
use crate::{Region, families};

/// A region at one moment. The states are those that were published then; they are encoded one by one.
pub(crate) struct Snapshot {
    pub(crate) head: WorldRegion,
    resources: Vec<Arc<dyn Recorded>>,
    others: Vec<Write>,
}

impl Snapshot {
    pub(crate) fn take(region: &Region) -> Self {
        let shell = &region.shell;
        let still = shell.stand_still();
        let resources = shell.registry().hosts().flat_map(AnyHost::recorded).collect();
        let others = region.keeps().into_iter().flat_map(Keep::records).collect();
        let head = WorldRegion {
            name: region.facts.name.to_owned(),
            now_ms: shell.clock.now(),
            scale: shell.clock.scale(),
            ahead_ms: shell.clock.ahead(),
            sequence: shell.sequence(),
        };
        drop(still);
        Self { head, resources, others }
    }

    /// In the order of the keys, so that the same world is the same file.
    pub(crate) fn records(mut self) -> impl Iterator<Item = WorldRecord> + Send {
        self.others.sort_by(|a, b| a.key.cmp(&b.key));
        self.resources.sort_by_cached_key(|resource| resource.key());
        self.others.into_iter().chain(self.resources.into_iter().map(|resource| resource.write())).map(|write| {
            let value = write.value.unwrap_or_default().into();
            WorldRecord { key: write.key, value }
        })
    }

    fn keys(&self) -> impl Iterator<Item = String> {
        self.others.iter().map(|write| write.key.clone()).chain(self.resources.iter().map(|resource| resource.key()))
    }
}

/// Whether this node can read a record.
pub(crate) fn check(region: &Region, record: &WorldRecord) -> Ec2Result<()> {
    let known = record.key.split_once('/').is_some_and(|(word, rest)| {
        region.keeps().iter().any(|keep| keep.word() == word)
            || region.shell.registry().reads(word, rest, &record.value)
    });
    let unknown = || Ec2Error::invalid_parameter(format!("The record {} cannot be read", record.key));
    if known { Ok(()) } else { Err(unknown()) }
}

/// The region becomes what the records say; what it was is gone. They have been checked.
pub(crate) async fn replace(region: &Arc<Region>, head: &WorldRegion, records: Vec<WorldRecord>) -> Ec2Result<()> {
    let _alone = region.gate.write().await;
    let shell = &region.shell;
    if shell.store.keeps() {
        let former = Snapshot::take(region);
        let mut writes: Vec<_> = former.keys().map(|key| Write { key, value: None }).collect();
        writes.extend(records.iter().map(|record| {
            let value = Some(record.value.to_vec());
            Write { key: record.key.clone(), value }
        }));
        shell.store.commit(writes).await?;
    }
    shell.registry().hosts().for_each(AnyHost::clear);
    region.keeps().into_iter().for_each(Keep::forget);
    families::forget_addresses(region);
    shell.begin_again();
    shell.clock.take_over(head.now_ms, head.ahead_ms, head.scale.max(0.0));
    for record in &records {
        if !region.put_back(&record.key, &record.value) {
            tracing::error!(record.key, "a record that could be read is lost");
        }
    }
    shell.registry().relink();
    shell.continue_from(head.sequence);
    region.rebuild().await;
    Ok(())
}
