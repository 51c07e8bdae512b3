//! The store on disk, with group commit: one thread takes every commit that waits, makes one
//! transaction of them, and answers all.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use redb::{Database, Durability, ReadableDatabase as _, ReadableTable as _, TableDefinition};
use tokio::sync::oneshot;

use super::{StoreError, Write};

const RECORDS: TableDefinition<'static, &'static str, &'static [u8]> = TableDefinition::new("records");

/// As many commits as share a transaction; more would make the first of them wait too long.
const MOST_TOGETHER: usize = 4096;

pub struct Disk {
    database: std::sync::Arc<Database>,
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
        let database = std::sync::Arc::new(Database::create(folder.join("region.redb")).map_err(failed)?);
        let create = database.begin_write().map_err(failed)?;
        create.open_table(RECORDS).map_err(failed)?;
        create.commit().map_err(failed)?;

        let (waiting, commits) = channel();
        let writer = std::thread::Builder::new().name("store".into()).spawn({
            let database = std::sync::Arc::clone(&database);
            move || write(&database, &commits)
        });
        Ok(Self { database, waiting: Some(waiting), writer: Some(writer.map_err(failed)?) })
    }

    pub(crate) async fn commit(&self, writes: Vec<Write>) -> Result<(), StoreError> {
        let (done, answer) = oneshot::channel();
        let stopped = || StoreError("the writer has stopped".into());
        let waiting = self.waiting.as_ref().ok_or_else(stopped)?;
        waiting.send(Commit { writes, done }).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }

    pub(crate) fn load(&self, each: &mut dyn FnMut(&str, &[u8])) -> Result<(), StoreError> {
        let read = self.database.begin_read().map_err(failed)?;
        let table = read.open_table(RECORDS).map_err(failed)?;
        for record in table.iter().map_err(failed)? {
            let (key, value) = record.map_err(failed)?;
            each(key.value(), value.value());
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

fn write(database: &Database, commits: &Receiver<Commit>) {
    while let Ok(first) = commits.recv() {
        let mut group = vec![first];
        group.extend(commits.try_iter().take(MOST_TOGETHER));
        let outcome = transaction(database, &group).map_err(|error| error.0);
        metrics::counter!("archipelago_store_commits_total").increment(1);
        metrics::counter!("archipelago_store_writes_total")
            .increment(group.iter().map(|c| c.writes.len() as u64).sum());
        for commit in group {
            let _ = commit.done.send(outcome.clone().map_err(StoreError));
        }
    }
}

fn transaction(database: &Database, group: &[Commit]) -> Result<(), StoreError> {
    let mut transaction = database.begin_write().map_err(failed)?;
    transaction.set_durability(Durability::Immediate).map_err(failed)?;
    {
        let mut table = transaction.open_table(RECORDS).map_err(failed)?;
        for write in group.iter().flat_map(|commit| &commit.writes) {
            match &write.value {
                Some(value) => table.insert(write.key.as_str(), value.as_slice()).map_err(failed)?,
                None => table.remove(write.key.as_str()).map_err(failed)?,
            };
        }
    }
    transaction.commit().map_err(failed)
}

#[allow(clippy::needless_pass_by_value)] // The shape of `map_err`.
fn failed(error: impl ToString) -> StoreError {
    StoreError(error.to_string())
}
