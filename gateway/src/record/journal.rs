//! Records as lines of JSON in files, which begin anew by size and by time.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use super::RecordConfig;
use super::event::Event;

/// Records on their way to the disk; whoever writes another one then waits.
const QUEUE: usize = 4096;

pub(super) struct Journal {
    /// None once it is being closed.
    records: Option<mpsc::Sender<Arc<Event>>>,
    writer: Option<JoinHandle<()>>,
}

impl Journal {
    pub(super) fn open(config: &RecordConfig, directory: PathBuf) -> io::Result<Self> {
        std::fs::create_dir_all(&directory)?;
        let mut files = Files {
            directory,
            most_bytes: config.rotate_bytes,
            most_ms: i64::try_from(config.rotate_seconds.saturating_mul(1000)).unwrap_or(i64::MAX),
            open: None,
        };
        let (sender, mut records) = mpsc::channel::<Arc<Event>>(QUEUE);
        let writer = std::thread::Builder::new().name("record".to_owned()).spawn(move || {
            while let Some(event) = records.blocking_recv() {
                // All that is there, then to the disk at once.
                let written = files.write(&event).and_then(|()| {
                    while let Ok(event) = records.try_recv() {
                        files.write(&event)?;
                    }
                    files.flush()
                });
                if let Err(error) = written {
                    tracing::error!(%error, "calls could not be recorded");
                }
            }
        })?;
        Ok(Self { records: Some(sender), writer: Some(writer) })
    }

    pub(super) async fn write(&self, event: Arc<Event>) {
        if let Some(records) = &self.records {
            let _ = records.send(event).await;
        }
    }
}

/// What was answered is on the disk when the process ends.
impl Drop for Journal {
    fn drop(&mut self) {
        self.records = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

struct Files {
    directory: PathBuf,
    most_bytes: u64,
    most_ms: i64,
    open: Option<Open>,
}

struct Open {
    file: BufWriter<File>,
    bytes: u64,
    since_ms: i64,
}

impl Files {
    fn write(&mut self, event: &Event) -> io::Result<()> {
        let length = event.line.len() as u64 + 1;
        let fits = |open: &Open| {
            open.bytes + length <= self.most_bytes && event.time_ms.saturating_sub(open.since_ms) < self.most_ms
        };
        if !self.open.as_ref().is_some_and(fits) {
            self.flush()?;
            self.open = Some(self.next(event.time_ms)?);
        }
        let Some(open) = &mut self.open else { return Ok(()) };
        open.bytes += length;
        open.file.write_all(event.line.as_bytes())?;
        open.file.write_all(b"\n")
    }

    /// Named by the time of its first record; another one of the same time has a number.
    fn next(&self, now_ms: i64) -> io::Result<Open> {
        let time = crate::encode::timestamp_text(now_ms).replace([':', '.'], "-");
        let mut number = 0;
        loop {
            let name = if number == 0 { format!("{time}.jsonl") } else { format!("{time}-{number}.jsonl") };
            match OpenOptions::new().append(true).create_new(true).open(self.directory.join(name)) {
                Ok(file) => return Ok(Open { file: BufWriter::new(file), bytes: 0, since_ms: now_ms }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.open.as_mut().map_or(Ok(()), |open| open.file.flush())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(line: &str, time_ms: i64) -> Event {
        Event { line: line.to_owned(), time_ms, ..Event::default() }
    }

    #[test]
    fn files_begin_anew_by_size_and_by_time() {
        let directory = std::env::temp_dir().join(format!("archipelago-{}-journal", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let mut files = Files { directory: directory.clone(), most_bytes: 10, most_ms: 1000, open: None };
        for (line, time_ms) in [("1234", 0), ("5678", 0), ("9", 0), ("later", 999), ("latest", 1999)] {
            files.write(&event(line, time_ms)).unwrap();
        }
        files.flush().unwrap();
        let mut names: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        let texts: Vec<_> = names.iter().map(|name| std::fs::read_to_string(name).unwrap()).collect();
        std::fs::remove_dir_all(&directory).unwrap();
        assert_eq!(texts, ["9\nlater\n", "1234\n5678\n", "latest\n"]);
        assert!(names[1].ends_with("1970-01-01T00-00-00-000Z.jsonl"), "{names:?}");
    }
}
