//! One rule: which writes lag, and by how much.

use archipelago_proto::glob::glob;
use serde::{Deserialize, Serialize};

use crate::time::Millis;

/// An entry `[[consistency]]` of the configuration.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The resource type, as in tag specifications, with `*` and `?`; all, if it is left out.
    #[serde(default = "any")]
    pub kind: String,
    /// The action that writes, likewise. Without it, what happens by itself lags too: that an instance has come up, say.
    #[serde(default)]
    pub action: Option<String>,
    pub delay: Delay,
}

/// Milliseconds, drawn evenly.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Delay {
    pub min: u32,
    pub max: u32,
}

fn any() -> String {
    "*".to_owned()
}

impl Rule {
    /// What is wrong with it, if anything.
    pub fn check(&self) -> Result<(), String> {
        let Delay { min, max } = self.delay;
        if min > max {
            return Err(format!("consistency of {}: the delay's min {min} is more than its max {max}", self.kind));
        }
        Ok(())
    }

    /// Whether it speaks of the same writes, so that the later one replaces the earlier.
    pub(super) fn same_writes(&self, other: &Self) -> bool {
        (&self.kind, &self.action) == (&other.kind, &other.action)
    }

    pub(super) fn is_about(&self, kind: &str, action: Option<&str>) -> bool {
        let by = |pattern: &String| action.is_some_and(|action| glob(pattern, action));
        glob(&self.kind, kind) && self.action.as_ref().is_none_or(by)
    }

    pub(super) fn draw(&self, random: &mut fastrand::Rng) -> Millis {
        random.u32(self.delay.min..=self.delay.max.max(self.delay.min)).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(kind: &str, action: Option<&str>, min: u32, max: u32) -> Rule {
        Rule { kind: kind.into(), action: action.map(str::to_owned), delay: Delay { min, max } }
    }

    #[test]
    fn a_rule_is_about_kinds_and_actions() {
        let rule = rule("*volume*", Some("Create*"), 0, 1);
        assert!(rule.is_about("volume", Some("CreateVolume")));
        assert!(!rule.is_about("volume", Some("DeleteVolume")));
        assert!(!rule.is_about("volume", None), "nobody has asked for it");
        assert!(!rule.is_about("snapshot", Some("CreateSnapshot")));
    }

    #[test]
    fn delays_lie_between_their_bounds_and_follow_from_the_seed() {
        let wide = rule("*", None, 500, 1500);
        let draw = |seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            (0..100).map(|_| wide.draw(&mut random)).collect::<Vec<_>>()
        };
        assert!(draw(1).iter().all(|delay| (500..=1500).contains(delay)));
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert!(rule("*", None, 2, 1).check().is_err());
    }
}
