//! A key pair's name is unique in its account: the account knows who has which.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::KeyPairState;
use crate::Region;
use crate::entity::{Account, Entity as _, Id, Published};
use crate::families::accounts::{AccountCommand, Name, account_id};
use crate::request::Context;

fn name(key_name: &str) -> Name {
    Name { resource_type: KeyPairState::KIND.resource_type, name: key_name.to_owned() }
}

/// The account's key pair of that name.
pub fn named(cx: &Context, key_name: &str) -> Ec2Result<Arc<Published<KeyPairState>>> {
    let account = cx.accounts.index().get(&account_id(&cx.account));
    let id = account.and_then(|account| account.state.holder(&name(key_name)).cloned());
    let found = id.and_then(|id| cx.key_pairs.index().get(&id));
    found.ok_or_else(|| KeyPairState::KIND.not_found(key_name))
}

pub(super) async fn claim(region: &Region, account: &Account, key_name: &str, by: &Id) -> Ec2Result<()> {
    let taken = Ec2Error::new("InvalidKeyPair.Duplicate", "The keypair already exists");
    let command = AccountCommand::Claim { name: name(key_name), by: by.clone(), taken };
    region.accounts.ask(&account_id(account), command).await.map(drop)
}

pub(super) async fn disclaim(region: &Region, account: &Account, key_name: &str, by: &Id) {
    let command = AccountCommand::Disclaim { name: name(key_name), by: by.clone() };
    // Only an account that is gone refuses, and its names with it.
    let _ = region.accounts.ask(&account_id(account), command).await;
}

/// Names are not stored with the account; they are claimed again by those who have them.
pub async fn rebuild(region: &Arc<Region>) {
    for pair in region.key_pairs.index().all() {
        let claimed = claim(region, &pair.account, pair.state.public.key_name(), &pair.id).await;
        if let Err(error) = claimed {
            tracing::error!(id = %pair.id, %error, "a key pair's name cannot be claimed again");
        }
    }
}
