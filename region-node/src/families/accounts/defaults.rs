//! What an account has from its first call on: a default VPC and all that belongs to it.

use archipelago_proto::Ec2Result;

use super::{AccountState, account_id};
use crate::request::Context;

/// Makes the account's first resources, if it has none yet.
pub async fn settle(cx: &Context) -> Ec2Result<()> {
    let id = account_id(&cx.account);
    if cx.accounts.index().get(&id).is_some() {
        return Ok(());
    }
    let _first = cx.settling.lock().await;
    if cx.accounts.index().get(&id).is_some() {
        return Ok(());
    }
    let cx = Context::internal(&cx.region, &cx.account);
    let mut batch = cx.batch();
    batch.create(&cx.accounts, &id, AccountState::default())?;
    batch.commit().await
}
