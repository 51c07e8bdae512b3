//! What the operator has set, as the store keeps it.

use super::{Consistency, Rule};
use crate::store::{Keep, Write};

/// Where the store keeps it.
const CONSISTENCY: &str = "consistency";

impl Consistency {
    /// What the operator has set, for the store.
    pub(crate) fn record(&self) -> Write {
        let value = self.rules().set.as_ref().and_then(|rules| serde_json::to_vec(rules).ok());
        Write { key: format!("{CONSISTENCY}/operator"), value }
    }
}

impl Keep for Consistency {
    fn word(&self) -> &'static str {
        CONSISTENCY
    }

    fn records(&self) -> Vec<Write> {
        Some(self.record()).filter(|record| record.value.is_some()).into_iter().collect()
    }

    fn restore(&self, _: &str, bytes: &[u8]) -> bool {
        let Ok(rules) = serde_json::from_slice::<Vec<Rule>>(bytes) else { return false };
        self.set(Some(rules));
        true
    }

    fn forget(&self) {
        self.set(None);
    }
}
