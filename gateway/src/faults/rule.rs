//! One rule: which calls it strikes, how often, and with what.

use archipelago_proto::Ec2Error;
use archipelago_proto::glob::glob;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::Strike;
use crate::milliseconds::Milliseconds;
use crate::query::Form;

/// An entry `[[faults]]` of the configuration. What is left out of the first five means all; they take `*` and `?`.
#[derive(Clone, Debug, Default, Deserialize, Serialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct Rule {
    /// The operator takes it away by this name.
    pub(super) name: String,
    pub(super) action: Option<String>,
    pub(super) account: Option<String>,
    /// The ARN of who calls.
    pub(super) principal: Option<String>,
    pub(super) region: Option<String>,
    /// The value of any parameter: an id, a zone.
    pub(super) resource: Option<String>,
    /// Of a hundred such calls, so many are struck if it is 0.01 times as many; all, without it.
    pub(super) probability: Option<f64>,
    /// No more calls than these.
    pub(super) count: Option<u64>,
    /// Seconds from when the rule is set until it begins, and how many it lasts.
    pub(super) after: Option<u64>,
    pub(super) lasts: Option<u64>,
    /// An EC2 error code, ...
    pub(super) error: Option<String>,
    /// ... its message, and its HTTP status if it is not the code's own.
    pub(super) message: Option<String>,
    pub(super) status: Option<u16>,
    /// Before anything else happens.
    pub(super) latency: Option<Milliseconds>,
    pub(super) connection: Option<Connection>,
}

/// What becomes of the client's connection.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Connection {
    /// Closed at once: nothing has happened.
    Drop,
    /// Closed when it has happened: the client cannot know.
    LoseAnswer,
    /// Closed in the middle of the answer.
    Truncate,
}

/// A call, as rules see it.
#[derive(Clone, Copy)]
pub(crate) struct Target<'t> {
    pub(crate) action: &'t str,
    pub(crate) account: &'t str,
    pub(crate) principal: &'t str,
    pub(crate) region: &'t str,
    pub(crate) form: &'t Form<'t>,
}

/// A client waits no longer for an answer.
const LONGEST_LATENCY: u64 = 60_000;

impl Rule {
    pub(super) fn check(&self) -> Result<(), String> {
        let wrong = |what: &str| Err(format!("fault {:?}: {what}", self.name));
        if self.name.is_empty() {
            return Err("a fault must have a name".to_owned());
        }
        if self.error.is_none() && self.latency.is_none() && self.connection.is_none() {
            return wrong("one of error, latency and connection must be given");
        }
        if self.error.is_none() && (self.message.is_some() || self.status.is_some()) {
            return wrong("message and status go with an error");
        }
        if self.error.is_some() && self.connection.is_some() {
            return wrong("error and connection exclude each other");
        }
        if self.status.is_some_and(|status| !(400..=599).contains(&status)) {
            return wrong("status must be from 400 to 599");
        }
        if self.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return wrong("probability must be from 0 to 1");
        }
        if self.latency.is_some_and(|latency| latency.min > latency.max || latency.max > LONGEST_LATENCY) {
            return wrong("latency is from min to max milliseconds, at most 60000");
        }
        Ok(())
    }

    pub(super) fn is_about(&self, target: &Target<'_>) -> bool {
        let fits = |pattern: &Option<String>, text: &str| pattern.as_ref().is_none_or(|pattern| glob(pattern, text));
        fits(&self.action, target.action)
            && fits(&self.account, target.account)
            && fits(&self.principal, target.principal)
            && fits(&self.region, target.region)
            && self
                .resource
                .as_ref()
                .is_none_or(|pattern| target.form.pairs().iter().any(|pair| glob(pattern, &pair.value)))
    }

    pub(super) fn strike(&self, random: &mut fastrand::Rng) -> Strike {
        let message = self.message.clone().unwrap_or_else(|| "An error was asked for.".to_owned());
        Strike {
            latency_ms: self.latency.map_or(0, |latency| random.u64(latency.min..=latency.max)),
            error: self.error.as_ref().map(|code| Ec2Error::new(code.clone(), message)),
            status: self.status.and_then(|status| StatusCode::from_u16(status).ok()),
            connection: self.connection,
        }
    }
}
