//! The address book: which node serves which region, where that is fixed beforehand.

use std::collections::BTreeMap;
use std::str::FromStr;

/// Region name to `host:port`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology(BTreeMap<String, String>);

impl Topology {
    pub fn address(&self, region: &str) -> Option<&str> {
        self.0.get(region).map(String::as_str)
    }

    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn insert(&mut self, region: impl Into<String>, address: impl Into<String>) {
        self.0.insert(region.into(), address.into());
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `us-east-1=10.0.0.1:7001,eu-west-1=10.0.0.2:7001`
impl FromStr for Topology {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut topology = Self::default();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (region, address) =
                entry.split_once('=').ok_or_else(|| format!("'{entry}' is not REGION=HOST:PORT"))?;
            topology.insert(region.trim(), address.trim());
        }
        Ok(topology)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topology_is_read_from_one_line() {
        let topology: Topology = "us-east-1=a:1, eu-west-1=b:2".parse().unwrap();
        assert_eq!(topology.address("eu-west-1"), Some("b:2"));
        assert_eq!(topology.regions().count(), 2);
        assert!("us-east-1".parse::<Topology>().is_err());
    }
}
