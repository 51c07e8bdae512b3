//! How long it takes until others see what was written (reference: "Eventual Consistency"). Off, the default, everybody
//! sees everything at once.
//!
//! Whoever changes a resource always acts on what it is: only what is read, and what a request names, lags behind. Each
//! write draws its delay here; the [`Host`](crate::entity::Host) of the resource keeps what is still seen instead.

mod kept;
mod rule;
mod visible;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use rule::{Delay, Rule};
pub(crate) use visible::check;

use crate::time::Millis;

tokio::task_local! {
    static ACTION: Option<&'static str>;
}

/// Carries out what this action asks for: what is written meanwhile is its writing.
pub(crate) async fn during<F: Future>(action: Option<&'static str>, work: F) -> F::Output {
    ACTION.scope(action, work).await
}

/// The action that is being carried out; None for what happens by itself.
pub(crate) fn action() -> Option<&'static str> {
    ACTION.try_with(|action| *action).ok().flatten()
}

#[derive(Default)]
pub struct Consistency {
    /// Whether anything may lag: all that is asked while nothing does.
    on: AtomicBool,
    rules: Mutex<Rules>,
}

/// Later rules count before earlier ones.
#[derive(Default)]
struct Rules {
    configured: Vec<Rule>,
    /// What the operator has set instead.
    set: Option<Vec<Rule>>,
    random: Option<fastrand::Rng>,
}

impl Rules {
    fn in_force(&self) -> &[Rule] {
        self.set.as_deref().unwrap_or(&self.configured)
    }
}

impl Consistency {
    /// What the configuration says: whatever the operator has set counts before it. The same seed draws the same lots.
    pub fn configure(&self, rules: Vec<Rule>, seed: Option<u64>) {
        let mut known = self.rules();
        known.configured = rules;
        known.random = seed.map(fastrand::Rng::with_seed);
        self.switch(&known);
    }

    /// Sets a rule beside those that are in force.
    pub fn add(&self, rule: Rule) {
        let mut rules = self.in_force();
        rules.retain(|known| !known.same_writes(&rule));
        rules.push(rule);
        self.set(Some(rules));
    }

    /// Sets other rules; None: those of the configuration again.
    pub fn set(&self, rules: Option<Vec<Rule>>) {
        let mut known = self.rules();
        known.set = rules;
        self.switch(&known);
    }

    pub fn in_force(&self) -> Vec<Rule> {
        self.rules().in_force().to_vec()
    }

    pub(crate) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// How long a write that is made now stays unseen.
    pub(crate) fn delay(&self, kind: &str) -> Millis {
        if !self.is_on() {
            return 0;
        }
        let mut rules = self.rules();
        let action = action();
        let Some(rule) = rules.in_force().iter().rev().find(|rule| rule.is_about(kind, action)).cloned() else {
            return 0;
        };
        rule.draw(rules.random.get_or_insert_default())
    }

    fn switch(&self, rules: &Rules) {
        self.on.store(!rules.in_force().is_empty(), Ordering::Relaxed);
    }

    fn rules(&self) -> MutexGuard<'_, Rules> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
