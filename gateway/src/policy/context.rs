//! What is known of a request: condition keys and their values.

use std::collections::HashMap;

/// Keys are told apart regardless of case, values are not changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Context {
    values: HashMap<String, (String, Vec<String>)>,
}

impl Context {
    pub(crate) fn set(&mut self, key: &str, value: impl Into<String>) {
        self.set_all(key, vec![value.into()]);
    }

    pub(crate) fn set_all(&mut self, key: &str, values: Vec<String>) {
        self.values.insert(key.to_ascii_lowercase(), (key.to_owned(), values));
    }

    /// None where the key is missing or has no value. `key` is in lower case.
    pub(super) fn get(&self, key: &str) -> Option<&[String]> {
        self.values.get(key).map(|(_, values)| values.as_slice()).filter(|values| !values.is_empty())
    }

    /// Every key as it was set, in order.
    pub(crate) fn sorted(&self) -> Vec<(&str, &[String])> {
        let mut all: Vec<_> = self.values.values().map(|(key, values)| (key.as_str(), values.as_slice())).collect();
        all.sort_unstable();
        all
    }
}
