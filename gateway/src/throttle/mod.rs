//! Throttling (Amazon EC2 Developer Guide, "Request throttling for the Amazon EC2 API"): each account has, in each
//! region and for each action, a bucket of request tokens and, for some actions, one of resource tokens.
//!
//! The buckets are this gateway's: behind a load balancer, each replica has its own.

mod figures;
mod rate;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use archipelago_proto::Ec2Error;
use dashmap::DashMap;
use serde_json::{Value, json};

use crate::limits::busy;
use crate::query::Form;

pub use figures::ThrottleConfig;
use figures::{Category, Figures, Profile};
use rate::{Bucket, Rate};

pub(crate) struct Throttle {
    /// Whether there are any figures, so that a request without them costs nothing.
    on: AtomicBool,
    figures: RwLock<Arc<Figures>>,
    buckets: DashMap<Key, Pair>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    account: Box<str>,
    region: Box<str>,
    action: Box<str>,
    unfiltered: bool,
}

/// Under one lock, so that a request takes from both or from neither.
struct Pair {
    requests: Option<(Rate, Bucket)>,
    resources: Option<(Rate, Bucket)>,
}

impl Throttle {
    pub(crate) fn new(config: ThrottleConfig) -> Result<Self, String> {
        let figures = Figures::configured(config)?;
        Ok(Self {
            on: AtomicBool::new(!figures.is_empty()),
            figures: RwLock::new(Arc::new(figures)),
            buckets: DashMap::new(),
        })
    }

    /// The tokens that a request takes.
    pub(crate) fn take(
        &self,
        account: &str,
        region: &str,
        action: &str,
        form: &Form<'_>,
        now_ms: i64,
    ) -> Result<(), Ec2Error> {
        if !self.on.load(Ordering::Relaxed) {
            return Ok(());
        }
        let figures = self.figures();
        let unfiltered = figures.tells_unfiltered(action) && asks_for_everything(form);
        let (requests, resources) = (figures.requests(action, unfiltered), figures.resources.get(action).copied());
        if requests.is_none() && resources.is_none() {
            return Ok(());
        }
        let count = figures.counted(action).map_or(0, |parameter| count(form, parameter));
        let key = Key { account: account.into(), region: region.into(), action: action.into(), unfiltered };
        let mut pair = self.buckets.entry(key).or_insert(Pair { requests: None, resources: None });
        let enough = at_rate(&mut pair.requests, requests, now_ms).is_none_or(|bucket| bucket.has(1))
            && at_rate(&mut pair.resources, resources, now_ms).is_none_or(|bucket| bucket.has(count));
        if !enough {
            return Err(busy());
        }
        if let Some((_, bucket)) = &mut pair.requests {
            bucket.take(1);
        }
        if let Some((_, bucket)) = &mut pair.resources {
            bucket.take(count);
        }
        Ok(())
    }

    /// Forgets the buckets that are full: they are as if they had never been touched.
    pub(crate) fn upkeep(&self, now_ms: i64) {
        self.buckets.retain(|_, pair| {
            [&mut pair.requests, &mut pair.resources].into_iter().flatten().any(|(rate, bucket)| {
                bucket.refill(*rate, now_ms);
                !bucket.is_full(*rate)
            })
        });
    }

    /// What the operator sees: the figures, and the buckets that are not full.
    pub(crate) fn shown(&self, now_ms: i64) -> Value {
        self.upkeep(now_ms);
        let figures = self.figures();
        let categories = Category::ALL
            .iter()
            .filter_map(|(name, category)| Some(((*name).to_owned(), rate_shown(*figures.categories.get(category)?))));
        let named = |rates: &std::collections::BTreeMap<String, Rate>| -> Value {
            rates.iter().map(|(action, rate)| (action.clone(), rate_shown(*rate))).collect()
        };
        let tokens = |side: &Option<(Rate, Bucket)>| side.as_ref().map(|(_, bucket)| bucket.tokens());
        let buckets = self.buckets.iter().map(|entry| {
            let (key, pair) = entry.pair();
            json!({
                "account": key.account, "region": key.region, "action": key.action, "unfiltered": key.unfiltered,
                "requests": tokens(&pair.requests), "resources": tokens(&pair.resources),
            })
        });
        json!({
            "categories": categories.collect::<Value>(),
            "requests": named(&figures.requests),
            "resources": named(&figures.resources),
            "buckets": buckets.collect::<Value>(),
        })
    }

    /// `profile=aws` or `profile=off` sets all figures; `category`, `action` or `resources_of`, with `max` and `refill`,
    /// sets one bucket's, and `max=none` takes it away.
    pub(crate) fn change(&self, form: &Form<'_>) -> Result<(), String> {
        let mut figures = match form.get("profile") {
            None => Figures::clone(&self.figures()),
            Some("aws") => Figures::of(Profile::Aws)?,
            Some("off") => Figures::of(Profile::Off)?,
            Some(_) => return Err("profile must be aws or off".to_owned()),
        };
        let rate = rate(form)?;
        match (form.get("category"), form.get("action"), form.get("resources_of")) {
            (None, None, None) if rate.is_none() && form.get("profile").is_some() => {}
            (Some(name), None, None) => {
                let known = Category::ALL.iter().find(|(known, _)| *known == name);
                let (_, category) = known.ok_or_else(|| format!("there is no category {name}"))?;
                set(&mut figures.categories, *category, rate);
            }
            (None, Some(action), None) => set(&mut figures.requests, action.to_owned(), rate),
            (None, None, Some(action)) if figures.counted(action).is_some() => {
                set(&mut figures.resources, action.to_owned(), rate);
            }
            (None, None, Some(action)) => return Err(format!("{action} is not counted by its resources")),
            _ => return Err("profile, or one of category, action and resources_of must be given".to_owned()),
        }
        self.on.store(!figures.is_empty(), Ordering::Relaxed);
        *self.figures.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(figures);
        Ok(())
    }

    fn figures(&self) -> Arc<Figures> {
        Arc::clone(&self.figures.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The bucket as it is now, made or unmade where the figures have changed.
fn at_rate(side: &mut Option<(Rate, Bucket)>, wanted: Option<Rate>, now_ms: i64) -> Option<&mut Bucket> {
    let Some(wanted) = wanted else {
        *side = None;
        return None;
    };
    let (rate, bucket) = side.get_or_insert_with(|| (wanted, Bucket::full(wanted, now_ms)));
    *rate = wanted;
    bucket.refill(wanted, now_ms);
    Some(bucket)
}

/// Lists have dots in their names.
fn asks_for_everything(form: &Form<'_>) -> bool {
    !form.pairs().iter().any(|pair| pair.name.contains('.') || matches!(&*pair.name, "MaxResults" | "NextToken"))
}

/// The number that a parameter is, or the length of the list that it is.
fn count(form: &Form<'_>, parameter: &str) -> u32 {
    if let Some(number) = form.get(parameter) {
        return number.parse().unwrap_or(0);
    }
    let is_element = |name: &str| name.strip_prefix(parameter).is_some_and(|rest| rest.starts_with('.'));
    u32::try_from(form.pairs().iter().filter(|pair| is_element(&pair.name)).count()).unwrap_or(u32::MAX)
}

fn rate(form: &Form<'_>) -> Result<Option<Rate>, String> {
    match (form.get("max"), form.get("refill")) {
        (None | Some("none"), None) => Ok(None),
        (Some(max), Some(refill)) => {
            let max = max.parse().map_err(|_| "max must be a number of tokens, or none".to_owned())?;
            let refill = refill.parse().map_err(|_| "refill must be a number of tokens a second".to_owned())?;
            Rate::new(max, refill).map(Some)
        }
        _ => Err("max and refill go together".to_owned()),
    }
}

fn set<K: Ord>(rates: &mut std::collections::BTreeMap<K, Rate>, key: K, rate: Option<Rate>) {
    match rate {
        Some(rate) => drop(rates.insert(key, rate)),
        None => drop(rates.remove(&key)),
    }
}

fn rate_shown(rate: Rate) -> Value {
    json!({ "max": rate.max, "refill": rate.refill() })
}

#[cfg(test)]
mod tests;
