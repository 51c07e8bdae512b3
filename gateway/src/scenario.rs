//! Scenarios: what the operator would do, at times that are set beforehand. They pass with the gateway's time, and go ahead
//! with the clocks of all regions.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::admin::{self, PAGES};
use crate::limits::Limits;
use crate::pipeline::Pipeline;
use crate::query::Form;

/// An entry `[[scenario]]` of the configuration: a page of the operator's, what is posted to it, and when.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Seconds from the start.
    at: u64,
    page: String,
    #[serde(default)]
    set: BTreeMap<String, String>,
}

#[derive(Default)]
pub(crate) struct Scenario {
    plan: Mutex<Plan>,
    changed: Notify,
}

#[derive(Default)]
struct Plan {
    steps: Vec<Planned>,
    started_ms: i64,
    /// How far the clocks have been set ahead since.
    ahead_ms: i64,
}

struct Planned {
    step: Step,
    /// What came of it.
    outcome: Option<String>,
}

impl Scenario {
    pub(crate) fn new(steps: Vec<Step>, now_ms: i64) -> Result<Self, String> {
        let scenario = Self::default();
        scenario.play(steps, now_ms)?;
        Ok(scenario)
    }

    /// Begins with these steps; whatever was planned before is forgotten.
    pub(crate) fn play(&self, mut steps: Vec<Step>, now_ms: i64) -> Result<(), String> {
        if let Some(step) = steps.iter().find(|step| !PAGES.contains(&step.page.as_str()) || step.page == "scenario") {
            return Err(format!("scenario: there is no page {:?} to post to", step.page));
        }
        steps.sort_by_key(|step| step.at);
        let steps = steps.into_iter().map(|step| Planned { step, outcome: None }).collect();
        *self.plan() = Plan { steps, started_ms: now_ms, ahead_ms: 0 };
        self.changed.notify_one();
        Ok(())
    }

    /// The steps in JSON, as `[{"at": 60, "page": "faults", "set": {"name": "f"}}]`; none of them ends the scenario.
    pub(crate) fn change(&self, form: &Form<'_>, now_ms: i64) -> Result<(), String> {
        let steps = form.get("steps").ok_or("steps must be given, in JSON")?;
        let steps = serde_json::from_str(steps).map_err(|error| format!("steps: {error}"))?;
        self.play(steps, now_ms)
    }

    pub(crate) fn advance(&self, ms: i64) {
        let mut plan = self.plan();
        plan.ahead_ms = plan.ahead_ms.saturating_add(ms);
        self.changed.notify_one();
    }

    pub(crate) fn shown(&self, now_ms: i64) -> Value {
        let plan = self.plan();
        let steps = plan.steps.iter().map(|planned| {
            let Step { at, page, set } = &planned.step;
            json!({ "at": at, "page": page, "set": set, "outcome": planned.outcome })
        });
        json!({ "second": plan.passed(now_ms) / 1000, "steps": steps.collect::<Vec<_>>() })
    }

    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Plan {
    fn passed(&self, now_ms: i64) -> i64 {
        now_ms.saturating_sub(self.started_ms).saturating_add(self.ahead_ms)
    }

    /// The next step, or how long it is until there is one.
    fn next(&self, now_ms: i64) -> Option<Result<(usize, Step), Duration>> {
        let (place, planned) = self.steps.iter().enumerate().find(|(_, planned)| planned.outcome.is_none())?;
        let at = i64::try_from(planned.step.at.saturating_mul(1000)).unwrap_or(i64::MAX);
        let missing = u64::try_from(at.saturating_sub(self.passed(now_ms))).unwrap_or(0);
        Some(if missing == 0 { Ok((place, planned.step.clone())) } else { Err(Duration::from_millis(missing)) })
    }
}

/// Takes each step at its time, for as long as the gateway runs.
pub(crate) async fn direct(pipeline: &Pipeline) {
    let scenario = &pipeline.scenario;
    loop {
        let next = scenario.plan().next(pipeline.clock.now_ms());
        match next {
            None => scenario.changed.notified().await,
            Some(Err(missing)) => {
                let _ = tokio::time::timeout(missing, scenario.changed.notified()).await;
            }
            Some(Ok((place, step))) => {
                let outcome = take(pipeline, &step).await;
                tracing::info!(at = step.at, page = step.page, outcome, "a step of the scenario");
                // It may have been forgotten in the meantime.
                if let Some(planned) = scenario.plan().steps.get_mut(place).filter(|planned| planned.step.at == step.at)
                {
                    planned.outcome = Some(outcome);
                }
            }
        }
    }
}

async fn take(pipeline: &Pipeline, step: &Step) -> String {
    let escaped = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let query: Vec<_> = step.set.iter().map(|(key, value)| format!("{}={}", escaped(key), escaped(value))).collect();
    let query = query.join("&");
    match Form::parse(query.as_bytes(), b"", &Limits::default()) {
        Ok(form) => {
            let reply = Box::pin(admin::answer(pipeline, &Method::POST, &step.page, &form)).await;
            reply.status().to_string()
        }
        Err(error) => error.message,
    }
}
