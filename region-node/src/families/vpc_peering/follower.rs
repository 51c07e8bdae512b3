//! The handshake with the other region's node: what is told, and what is heard.

use std::sync::Arc;

use archipelago_proto::Ec2Result;
use archipelago_proto::cluster::v1::{Agreement, Stage};

use super::VpcPeeringState;
use super::creation::receive;
use super::state::PeeringCommand;
use crate::Region;
use crate::entity::{Entity as _, Id, Published};
use crate::peer::agree;

/// Tells the other region what it has to know.
pub(crate) async fn follow(region: Arc<Region>, found: Arc<Published<VpcPeeringState>>) {
    let Some(with) = found.state.side.elsewhere() else { return };
    let command = match agree(&region, with, found.state.side.agreement.clone()).await {
        Ok(answer) => PeeringCommand::Answered(answer),
        Err(error) => {
            tracing::warn!(id = %found.id, %error, "the other side of a peering connection was not told");
            PeeringCommand::Unheard
        }
    };
    if let Err(error) = region.vpc_peering_connections.ask(&found.id, command).await {
        tracing::warn!(id = %found.id, %error, "a peering connection is gone");
    }
}

/// Another region tells how far a connection is there; it is answered how far it is here.
pub(crate) async fn hear(region: &Arc<Region>, told: Agreement) -> Ec2Result<Agreement> {
    VpcPeeringState::KIND.check(&told.id)?;
    let id = Id::new(&told.id);
    let hosts = &region.vpc_peering_connections;
    if hosts.index().get(&id).is_none() && told.stage() == Stage::Requested {
        // A request that was told twice is received once.
        let _one = region.settling.lock().await;
        if hosts.index().get(&id).is_none() {
            return receive(region, told).await;
        }
    }
    if hosts.index().get(&id).is_some() {
        let answer = hosts.ask(&id, PeeringCommand::Told(told)).await?;
        return Ok(answer.published.state.side.agreement.clone());
    }
    if told.is_over() {
        return Ok(told);
    }
    // It has been here and is forgotten: then there is no connection.
    let by = told.accepter.as_ref().filter(|party| party.region == region.facts.name).or(told.requester.as_ref());
    let by = by.map(|party| party.account.clone()).unwrap_or_default();
    Ok(Agreement { stage: Stage::Deleted.into(), by, ..told })
}

/// After a restart either side may know more than the other.
pub(crate) fn rebuild(region: &Arc<Region>) {
    for found in region.vpc_peering_connections.index().all() {
        if found.state.side.elsewhere().is_some() {
            let region = Arc::clone(region);
            tokio::spawn(async move { region.vpc_peering_connections.ask(&found.id, PeeringCommand::Reconcile).await });
        }
    }
}
