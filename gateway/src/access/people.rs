//! Who there is, as JSON: identities in the words of the configuration file, and keys of theirs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Directory, Identities};
use crate::keyring::Key;

#[derive(Default)]
pub(crate) struct People {
    pub(crate) keys: Vec<Key>,
    pub(crate) identities: Identities,
}

/// Flattened by hand, since unknown words are errors among the identities.
#[derive(Deserialize, Serialize)]
struct Written {
    #[serde(default)]
    keys: Vec<Key>,
    #[serde(flatten)]
    identities: Map<String, Value>,
}

impl People {
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let Written { keys, identities } = serde_json::from_slice(json).map_err(|error| error.to_string())?;
        keys.iter().try_for_each(Key::check)?;
        let identities = serde_json::from_value(Value::Object(identities)).map_err(|error| error.to_string())?;
        Ok(Self { keys, identities })
    }

    pub(crate) fn write(self) -> Result<Vec<u8>, String> {
        let Value::Object(identities) = serde_json::to_value(self.identities).map_err(|error| error.to_string())?
        else {
            return Err("identities are an object".to_owned());
        };
        serde_json::to_vec(&Written { keys: self.keys, identities }).map_err(|error| error.to_string())
    }

    /// Fails with who or what is wrong, if these were all that there are.
    pub(crate) fn check(&self) -> Result<(), String> {
        Directory::new(self.identities.clone()).map(drop)
    }
}
