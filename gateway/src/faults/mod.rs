//! Faults on demand: rules that make calls fail, wait or break off. There are none, unless the configuration or the
//! operator sets them. The same seed strikes the same calls.

mod rule;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use archipelago_proto::Ec2Error;
use http::StatusCode;
use serde_json::{Value, json};

use crate::query::Form;

pub use rule::Rule;
pub(crate) use rule::{Connection, Target};

pub(crate) struct Faults {
    /// Whether there are any, so that a call without them costs nothing.
    on: AtomicBool,
    rules: Mutex<Vec<Armed>>,
    seed: u64,
}

struct Armed {
    rule: Rule,
    set_ms: i64,
    struck: u64,
    random: fastrand::Rng,
}

/// What happens to a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Strike {
    pub(crate) latency_ms: u64,
    pub(crate) error: Option<Ec2Error>,
    pub(crate) status: Option<StatusCode>,
    pub(crate) connection: Option<Connection>,
}

impl Faults {
    pub(crate) fn new(rules: Vec<Rule>, seed: u64, now_ms: i64) -> Result<Self, String> {
        let faults = Self { on: AtomicBool::new(false), rules: Mutex::default(), seed };
        rules.into_iter().try_for_each(|rule| faults.set(rule, now_ms))?;
        Ok(faults)
    }

    /// The first rule that strikes the call.
    pub(crate) fn strike(&self, target: &Target<'_>, now_ms: i64) -> Option<Strike> {
        if !self.on.load(Ordering::Relaxed) {
            return None;
        }
        self.rules().iter_mut().find_map(|armed| armed.strike(target, now_ms))
    }

    /// A rule of the same name is replaced.
    fn set(&self, rule: Rule, now_ms: i64) -> Result<(), String> {
        rule.check()?;
        let mut rules = self.rules();
        // Whatever other rules there are, its luck is its own.
        let seed = rule.name.bytes().fold(self.seed, |seed, byte| seed.rotate_left(8) ^ u64::from(byte));
        let random = fastrand::Rng::with_seed(seed);
        rules.retain(|armed| armed.rule.name != rule.name);
        rules.push(Armed { rule, set_ms: now_ms, struck: 0, random });
        self.on.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// The parameters are the rule's keys, and `latency` is `100` or `100-300`; `remove=NAME` takes a rule away, and
    /// `remove=*` all.
    pub(crate) fn change(&self, form: &Form<'_>, now_ms: i64) -> Result<(), String> {
        if let Some(name) = form.get("remove") {
            let mut rules = self.rules();
            let before = rules.len();
            rules.retain(|armed| name != "*" && armed.rule.name != name);
            self.on.store(!rules.is_empty(), Ordering::Relaxed);
            let found = name == "*" || rules.len() < before;
            return if found { Ok(()) } else { Err(format!("there is no fault {name}")) };
        }
        self.set(read(form)?, now_ms)
    }

    pub(crate) fn shown(&self) -> Value {
        let rules = self.rules();
        let rules = rules.iter().map(|armed| json!({ "rule": armed.rule, "struck": armed.struck }));
        json!({ "faults": rules.collect::<Vec<_>>() })
    }

    fn rules(&self) -> MutexGuard<'_, Vec<Armed>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Armed {
    fn strike(&mut self, target: &Target<'_>, now_ms: i64) -> Option<Strike> {
        let begins = self.set_ms.saturating_add(milliseconds(self.rule.after.unwrap_or(0)));
        let ends = self.rule.lasts.map_or(i64::MAX, |lasts| begins.saturating_add(milliseconds(lasts)));
        let open = (begins..ends).contains(&now_ms) && self.rule.count.is_none_or(|count| self.struck < count);
        if !open || !self.rule.is_about(target) {
            return None;
        }
        if self.rule.probability.is_some_and(|probability| self.random.f64() >= probability) {
            return None;
        }
        self.struck += 1;
        Some(self.rule.strike(&mut self.random))
    }
}

fn milliseconds(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX)
}

fn read(form: &Form<'_>) -> Result<Rule, String> {
    const KEYS: [&str; 14] = [
        "name",
        "action",
        "account",
        "principal",
        "region",
        "resource",
        "probability",
        "count",
        "after",
        "lasts",
        "error",
        "message",
        "status",
        "connection",
    ];
    if let Some(pair) = form.pairs().iter().find(|pair| !KEYS.contains(&&*pair.name) && pair.name != "latency") {
        return Err(format!("a fault has no {}", pair.name));
    }
    let mut fields = serde_json::Map::new();
    for pair in form.pairs().iter().filter(|pair| pair.name != "latency") {
        let number = matches!(&*pair.name, "probability" | "count" | "after" | "lasts" | "status");
        let value = if number { pair.value.parse().unwrap_or_else(|_| json!(pair.value)) } else { json!(pair.value) };
        fields.insert(pair.name.to_string(), value);
    }
    let mut rule: Rule = serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())?;
    rule.latency = form.get("latency").map(str::parse).transpose()?;
    Ok(rule)
}

#[cfg(test)]
mod tests;
