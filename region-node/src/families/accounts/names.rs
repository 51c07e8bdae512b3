//! Names that are unique in an account, claimed by the resources that have them.

use archipelago_proto::{Ec2Error, Ec2Result};

use super::state::{AccountCommand, Name, account_id};
use crate::Region;
use crate::entity::{Id, Kind};
use crate::request::Context;

fn of_kind(kind: &Kind, name: &str) -> Name {
    Name { resource_type: kind.resource_type, name: name.to_owned() }
}

/// Who has a name.
pub fn holder(cx: &Context, kind: &Kind, name: &str) -> Option<Id> {
    let account = cx.accounts.index().get(&account_id(&cx.account))?;
    account.state.holder(&of_kind(kind, name)).cloned()
}

/// Takes a name; if another has it, the error is `taken`.
pub async fn claim(region: &Region, account: &str, kind: &Kind, name: &str, by: &Id, taken: Ec2Error) -> Ec2Result<()> {
    let command = AccountCommand::Claim { name: of_kind(kind, name), by: by.clone(), taken };
    region.accounts.ask(&account_id(account), command).await.map(drop)
}

/// Gives a name back. Only an account that is gone refuses, and its names with it.
pub async fn disclaim(region: &Region, account: &str, kind: &Kind, name: &str, by: &Id) {
    let command = AccountCommand::Disclaim { name: of_kind(kind, name), by: by.clone() };
    let _ = region.accounts.ask(&account_id(account), command).await;
}
