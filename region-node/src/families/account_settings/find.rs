//! Finds an account's settings.

use crate::Region;
use crate::families::accounts::{Settings, account_id};

/// An account's settings here; the defaults before its first call.
pub(super) fn of(region: &Region, account: &str) -> Settings {
    let known = region.accounts.index().get(&account_id(account));
    known.map(|known| known.state.settings.clone()).unwrap_or_default()
}
