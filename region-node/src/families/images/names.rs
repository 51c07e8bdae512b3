//! The names of an account's images, each taken by one.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use crate::Region;
use crate::entity::{CATALOGUE, Entity as _, Id, Undo};
use crate::families::accounts::{AccountCommand, Name, account_id};
use crate::families::images::ImageState;
use crate::request::Context;

/// AWS: 3 to 128 characters, letters, digits and these.
const MARKS: &str = "()[] ./-'@_";

pub(super) fn check(name: &str) -> Ec2Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || MARKS.contains(c);
    if (3..=128).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(Ec2Error::new(
        "InvalidAMIName.Malformed",
        "AMI names must be between 3 and 128 characters long, and may contain letters, numbers, \
         '(', ')', '.', '-', '/', '_', spaces, square brackets, single quotes and at-signs",
    ))
}

fn key(name: &str) -> Name {
    Name { resource_type: ImageState::KIND.resource_type, name: name.to_owned() }
}

/// Takes a name for an image that is about to exist.
pub(super) async fn claim(cx: &Context, undo: &mut Undo, name: &str, by: &Id) -> Ec2Result<()> {
    let account = account_id(&cx.account);
    let known = cx.accounts.index().get(&account);
    let holder = known.as_ref().and_then(|account| account.state.holder(&key(name)));
    let holder = holder.map_or_else(|| "another image".to_owned(), |id| format!("AMI {id}"));
    let taken = Ec2Error::new("InvalidAMIName.Duplicate", format!("AMI name {name} is already in use by {holder}"));
    cx.accounts.ask(&account, AccountCommand::Claim { name: key(name), by: by.clone(), taken }).await?;
    let (cx, name, by) = (cx.clone(), name.to_owned(), by.clone());
    undo.push(async move { release(&cx, &name, &by).await });
    Ok(())
}

pub(super) async fn release(cx: &Context, name: &str, by: &Id) {
    let disclaim = AccountCommand::Disclaim { name: key(name), by: by.clone() };
    if let Err(error) = cx.accounts.ask(&account_id(&cx.account), disclaim).await {
        tracing::warn!(%by, %error, "an image's name was not given back");
    }
}

/// Takes the names again after a restart.
pub(crate) async fn rebuild(region: &Arc<Region>) {
    for image in region.images.index().all() {
        if image.sequence < CATALOGUE || image.state.is_deregistered() {
            continue;
        }
        let name = key(image.state.public.name());
        let claim = AccountCommand::Claim { name, by: image.id.clone(), taken: Ec2Error::internal() };
        if let Err(error) = region.accounts.ask(&account_id(&image.account), claim).await {
            tracing::warn!(id = %image.id, %error, "an image's name is taken");
        }
    }
}
