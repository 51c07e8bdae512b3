//! A group's name is unique in its account.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::PlacementGroupState;
use crate::Region;
use crate::entity::{Account, Entity as _, Id, Published};
use crate::families::accounts;
use crate::request::Context;

/// The account's group of that name.
pub fn named(cx: &Context, name: &str) -> Ec2Result<Arc<Published<PlacementGroupState>>> {
    let kind = &PlacementGroupState::KIND;
    let id = accounts::holder(cx, kind, name);
    id.and_then(|id| cx.placement_groups.index().get(&id))
        .ok_or_else(|| Ec2Error::new(kind.not_found, format!("The Placement Group '{name}' is unknown.")))
}

pub(super) async fn claim(region: &Region, account: &Account, name: &str, by: &Id) -> Ec2Result<()> {
    let taken =
        Ec2Error::new("InvalidPlacementGroup.Duplicate", format!("The Placement Group '{name}' already exists."));
    accounts::claim(region, account, &PlacementGroupState::KIND, name, by, taken).await
}

pub(super) async fn disclaim(region: &Region, account: &Account, name: &str, by: &Id) {
    accounts::disclaim(region, account, &PlacementGroupState::KIND, name, by).await;
}

pub(super) async fn rebuild(region: &Arc<Region>) {
    for group in region.placement_groups.index().all() {
        let claimed = claim(region, &group.account, group.state.public.group_name(), &group.id).await;
        if let Err(error) = claimed {
            tracing::error!(id = %group.id, %error, "a placement group's name cannot be claimed again");
        }
    }
}
