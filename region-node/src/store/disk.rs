//! The store on disk, with group commit: one thread takes every commit that waits, writes them as one
//! batch, syncs once, and answers all.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use tokio::sync::oneshot;

use super::{StoreError, Write};

/// As many commits as share a sync; more would make the first of them wait too long.
const MOST_TOGETHER: usize = 4096;

/// Records are read once, at boot: a cache has nothing to give.
const CACHE_BYTES: u64 = 1 << 20;
const MEMTABLE_BYTES: u64 = 16 << 20;

pub struct Disk {
    records: Keyspace,
    waiting: Option<Sender<Commit>>,
    writer: Option<JoinHandle<()>>,
}

struct Commit {
    writes: Vec<Write>,
    done: oneshot::Sender<Result<(), StoreError>>,
}

impl Disk {
    pub(crate) fn open(folder: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder).map_err(failed)?;
        let database = Database::builder(folder).cache_size(CACHE_BYTES).worker_threads(1).open().map_err(failed)?;
        let options = || KeyspaceCreateOptions::default().max_memtable_size(MEMTABLE_BYTES);
        let records = database.keyspace("records", options).map_err(failed)?;

        let (waiting, commits) = channel();
        let writer = std::thread::Builder::new().name("store".into()).spawn({
            let records = records.clone();
            move || write(&database, &records, &commits)
        });
        Ok(Self { records, waiting: Some(waiting), writer: Some(writer.map_err(failed)?) })
    }

    pub(crate) async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let (done, answer) = oneshot::channel();
        let stopped = || StoreError("the writer has stopped".into());
        let waiting = self.waiting.as_ref().ok_or_else(stopped)?;
        waiting.send(Commit { writes, done }).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    pub(crate) fn load(&self, each: &mut dyn FnMut(&str, &[u8])) -> Result<(), StoreError> {
        for record in self.records.iter() {
            let (key, value) = record.into_inner().map_err(failed)?;
            let key = std::str::from_utf8(&key).map_err(failed)?;
            each(key, &value);
        }
        Ok(())
    }
}

/// Commits that were accepted are written before the store goes.
impl Drop for Disk {
    fn drop(&mut self) {
        self.waiting = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

fn write(database: &Database, records: &Keyspace, commits: &Receiver<Commit>) {
    while let Ok(first) = commits.recv() {
        let mut group = vec![first];
        group.extend(commits.try_iter().take(MOST_TOGETHER));
        let outcome = commit(database, records, &mut group).map_err(|error| error.0);
        metrics::counter!("archipelago_store_commits_total").increment(group.len() as u64);
        metrics::counter!("archipelago_store_syncs_total").increment(1);
        for commit in group {
            let _ = commit.done.send(outcome.clone().map_err(StoreError));
        }
    }
}

/// Atomic for the whole group, and on the disk when it returns.
fn commit(database: &Database, records: &Keyspace, group: &mut [Commit]) -> Result<(), StoreError> {
    let mut batch = database.batch();
    for write in group.iter_mut().flat_map(|commit| commit.writes.drain(..)) {
        match write.value {
            Some(value) => batch.insert(records, write.key, value),
            None => batch.remove(records, write.key),
        }
    }
    batch.commit().map_err(failed)?;
    database.persist(PersistMode::SyncData).map_err(failed)
}

#[allow(clippy::needless_pass_by_value)] // The shape of `map_err`.
fn failed(error: impl ToString) -> StoreError {
    StoreError(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_committed_is_loaded_in_the_order_of_the_keys() {
        let folder = std::env::temp_dir().join(format!("archipelago-{}", fastrand::u64(..)));
        let write =
            |key: &str, value: Option<&str>| Write { key: key.into(), value: value.map(|v| v.as_bytes().to_vec()) };
        let disk = Disk::open(&folder).unwrap();
        disk.commit(vec![write("b", Some("2")), write("a", Some("1")), write("c", Some("3"))]).await.unwrap();
        disk.commit(vec![write("c", None)]).await.unwrap();
        drop(disk);

        let mut found = Vec::new();
        let disk = Disk::open(&folder).unwrap();
        disk.load(&mut |key, value| found.push((key.to_owned(), value.to_vec()))).unwrap();
        assert_eq!(found, [("a".to_owned(), b"1".to_vec()), ("b".to_owned(), b"2".to_vec())]);
        drop(disk);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
