//! The platforms of accounts. All have VPCs; those that are configured so have EC2-Classic too, as old accounts had, and
//! no default VPC then (reference: DescribeAccountAttributes).

use std::collections::HashSet;
use std::sync::RwLock;

use crate::entity::Account;

#[derive(Default)]
pub struct Platforms(RwLock<HashSet<Account>>);

impl Platforms {
    /// Gives an account EC2-Classic. Before its first call: what an account begins with depends on it.
    pub fn add_classic(&self, account: &str) {
        if let Ok(mut known) = self.0.write() {
            known.insert(account.into());
        }
    }

    pub fn has_classic(&self, account: &str) -> bool {
        self.0.read().is_ok_and(|known| known.contains(account))
    }
}
