//! The record of calls: each one as a CloudTrail event, kept for LookupEvents and written to files. Off, unless the
//! configuration or the operator says otherwise; then it costs nothing.

mod event;
mod journal;
mod json;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::Value;

use crate::query::{Form, Parameters};
use crate::schema::{Action, Schema};
use crate::service::only_reads;

pub(crate) use event::{Call, Event};
use journal::Journal;

/// Bytes of what is kept in memory, whatever its number.
const MOST_BYTES: usize = 256 << 20;

/// The section `[record]` of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RecordConfig {
    /// How many calls LookupEvents remembers; none, and nothing is kept.
    keep: usize,
    /// Where the files are, a line of JSON for each call.
    directory: Option<PathBuf>,
    /// A file is not larger, ...
    rotate_bytes: u64,
    /// ... and not older.
    rotate_seconds: u64,
}

impl Default for RecordConfig {
    fn default() -> Self {
        Self { keep: 0, directory: None, rotate_bytes: 64 << 20, rotate_seconds: 3600 }
    }
}

pub(crate) struct Record {
    keep: AtomicUsize,
    events: Mutex<Events>,
    journal: Option<Journal>,
}

/// The newest last, each with a number of its own.
#[derive(Default)]
struct Events {
    kept: VecDeque<Arc<Event>>,
    bytes: usize,
    /// The number of the oldest.
    first: u64,
}

impl Record {
    pub(crate) fn new(config: &RecordConfig) -> Result<Self, String> {
        let open = |directory: &PathBuf| {
            Journal::open(config, directory.clone()).map_err(|error| format!("{}: {error}", directory.display()))
        };
        let journal = config.directory.as_ref().map(open).transpose()?;
        Ok(Self { keep: AtomicUsize::new(config.keep), events: Mutex::default(), journal })
    }

    pub(crate) fn is_on(&self) -> bool {
        self.keeps() || self.journal.is_some()
    }

    /// Whether LookupEvents has anything to look at.
    pub(crate) fn keeps(&self) -> bool {
        self.keep.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn keep(&self, most: usize) {
        self.keep.store(most, Ordering::Relaxed);
        self.events().shrink(most);
    }

    pub(crate) async fn add(&self, call: Call<'_>) {
        let event = Arc::new(Event::of(call));
        let most = self.keep.load(Ordering::Relaxed);
        if most > 0 {
            self.events().push(Arc::clone(&event), most);
        }
        if let Some(journal) = &self.journal {
            journal.write(event).await;
        }
    }

    /// The newest first, from below a number on, as far as the function wants them, with their numbers.
    pub(crate) fn newest(&self, below: u64, mut wants: impl FnMut(u64, &Arc<Event>) -> bool) {
        let events = self.events();
        for (place, event) in events.kept.iter().enumerate().rev() {
            let number = events.first + place as u64;
            if number < below && !wants(number, event) {
                return;
            }
        }
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        self.events().kept.len()
    }

    fn events(&self) -> std::sync::MutexGuard<'_, Events> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Events {
    fn push(&mut self, event: Arc<Event>, most: usize) {
        self.bytes += event.line.len();
        self.kept.push_back(event);
        self.shrink(most);
    }

    fn shrink(&mut self, most: usize) {
        while self.kept.len() > most || self.bytes > MOST_BYTES {
            let Some(oldest) = self.kept.pop_front() else { return };
            self.bytes -= oldest.line.len();
            self.first += 1;
        }
    }
}

/// The element `requestParameters`.
pub(crate) fn parameters(form: &Form<'_>) -> Value {
    Parameters::of(form).map_or(Value::Null, |parameters| json::of_parameters(parameters.root()))
}

/// All elements of an answer.
pub(crate) fn answer(schema: &Schema, action: &Action, answer: &[u8]) -> Value {
    json::of_response(schema, action.output, answer).unwrap_or_default()
}

/// The element `responseElements`: null for what only reads.
pub(crate) fn elements(schema: &Schema, action: &Action, request_id: &str, answer: &[u8]) -> Value {
    if only_reads(&action.name) {
        return Value::Null;
    }
    let mut elements = self::answer(schema, action, answer);
    elements["requestId"] = Value::from(request_id);
    if action.returns_true {
        elements["_return"] = Value::from(true);
    }
    elements
}
