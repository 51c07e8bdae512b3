//! Placement groups: how instances that belong together are spread over hardware.

mod actions;
mod filters;
mod members;
mod names;
mod state;

pub(crate) use actions::actions;
pub use members::{check, leave, place};
pub use names::named;
pub use state::{Member, PlacementGroupCommand, PlacementGroupState, Strategy};

use std::sync::Arc;

use crate::Region;

/// Names are claimed again by the groups that have them. Their members come back with the instances.
pub async fn rebuild(region: &Arc<Region>) {
    names::rebuild(region).await;
}
