//! A bucket of tokens, exact to the millionth.

use serde::Deserialize;

const WHOLE: u64 = 1_000_000;

/// How many tokens a bucket holds, and how many it gets back each second.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(try_from = "Figures")]
pub(super) struct Rate {
    pub(super) max: u32,
    /// Millionths of a token in a millisecond.
    refill: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Figures {
    max: u32,
    refill: f64,
}

impl Rate {
    pub(super) fn new(max: u32, refill: f64) -> Result<Self, String> {
        if !(0.0..=1e6).contains(&refill) {
            return Err(format!("refill must be a number of tokens a second from 0 to a million, not {refill}"));
        }
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // In bounds.
        Ok(Self { max, refill: (refill * 1000.0).round() as u64 })
    }

    #[allow(clippy::cast_precision_loss)] // At most 2^30.
    pub(super) fn refill(self) -> f64 {
        self.refill as f64 / 1000.0
    }

    fn full(self) -> u64 {
        u64::from(self.max) * WHOLE
    }
}

impl TryFrom<Figures> for Rate {
    type Error = String;

    fn try_from(figures: Figures) -> Result<Self, String> {
        Self::new(figures.max, figures.refill)
    }
}

#[derive(Debug)]
pub(super) struct Bucket {
    /// Millionths of tokens, as of that time.
    level: u64,
    at_ms: i64,
}

impl Bucket {
    pub(super) fn full(rate: Rate, now_ms: i64) -> Self {
        Self { level: rate.full(), at_ms: now_ms }
    }

    /// A clock that goes back gives nothing, and takes nothing.
    pub(super) fn refill(&mut self, rate: Rate, now_ms: i64) {
        let passed = u64::try_from(now_ms.saturating_sub(self.at_ms)).unwrap_or(0);
        self.level = self.level.saturating_add(passed.saturating_mul(rate.refill)).min(rate.full());
        self.at_ms = now_ms;
    }

    pub(super) fn has(&self, tokens: u32) -> bool {
        self.level >= u64::from(tokens) * WHOLE
    }

    pub(super) fn take(&mut self, tokens: u32) {
        self.level = self.level.saturating_sub(u64::from(tokens) * WHOLE);
    }

    /// Whole tokens.
    pub(super) fn tokens(&self) -> u64 {
        self.level / WHOLE
    }

    pub(super) fn is_full(&self, rate: Rate) -> bool {
        self.level >= rate.full()
    }
}
