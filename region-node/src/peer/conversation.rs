//! What two regions say to each other about an agreement, whatever it is on.

use std::sync::Arc;

use archipelago_proto::Ec2Result;
use archipelago_proto::cluster::v1::{Agreement, Stage};

use super::{Handshake, agree};
use crate::Region;
use crate::entity::{Entity, Host, Id, Published};

/// A kind of resource that is, or may be, a side of an agreement.
pub(crate) trait Agreeing: Entity {
    fn side(&self) -> Option<&Handshake>;

    /// The command by which it takes in what was heard.
    fn hearing(heard: Heard) -> Self::Command;
}

#[derive(Clone)]
pub enum Heard {
    /// The other region tells how far it is.
    Told(Box<Agreement>),
    /// It has answered, or has not.
    Answered(Box<Agreement>),
    Nothing,
    /// The node has been away: the other region may know more, or less.
    Restarted,
}

/// Tells the other region what it has to know: what the follower of an agreeing kind does.
pub(crate) async fn tell<E: Agreeing>(region: &Arc<Region>, host: &Host<E>, found: &Published<E>) {
    let Some((side, with)) = found.state.side().and_then(|side| Some((side, side.elsewhere()?))) else { return };
    let heard = match agree(region, with, side.agreement.clone()).await {
        Ok(answer) => Heard::Answered(Box::new(answer)),
        Err(error) => {
            tracing::warn!(id = %found.id, %error, "the other side of an agreement was not told");
            Heard::Nothing
        }
    };
    if let Err(error) = host.ask(&found.id, E::hearing(heard)).await {
        tracing::warn!(id = %found.id, %error, "one side of an agreement is gone");
    }
}

/// Another region tells how far an agreement is there; it is answered how far it is here. `receive` takes in a new one.
pub(crate) async fn listen<E: Agreeing, F: Future<Output = Ec2Result<Agreement>>>(
    region: &Arc<Region>,
    host: &Host<E>,
    told: Agreement,
    receive: impl FnOnce(Agreement) -> F,
) -> Ec2Result<Agreement> {
    E::KIND.check(&told.id)?;
    let id = Id::new(&told.id);
    if host.index().get(&id).is_none() && told.stage() == Stage::Requested {
        // A request that was told twice is received once.
        let _one = region.settling.lock().await;
        if host.index().get(&id).is_none() {
            let answer = receive(told).await?;
            let Some(found) = host.index().get(&id) else { return Ok(answer) };
            // By this region's clock it may have expired already.
            let host = host.clone();
            tokio::spawn(async move { host.follow_up(&id).await });
            return Ok(found.state.side().map_or(answer, |side| side.agreement.clone()));
        }
    }
    if host.index().get(&id).is_some() {
        let now = host.ask(&id, E::hearing(Heard::Told(Box::new(told.clone())))).await?.published;
        return Ok(now.state.side().map_or(told, |side| side.agreement.clone()));
    }
    if told.is_over() {
        return Ok(told);
    }
    // It has been here and is forgotten: then there is no agreement.
    let by = told.accepter.as_ref().filter(|party| party.region == region.facts.name).or(told.requester.as_ref());
    let by = by.map(|party| party.account.clone()).unwrap_or_default();
    Ok(Agreement { stage: Stage::Deleted.into(), by, ..told })
}

/// After a restart either side may know more than the other. Nobody waits for that.
pub(crate) fn reconcile<E: Agreeing>(host: &Host<E>) {
    for found in host.index().all() {
        if found.state.side().is_some_and(|side| side.elsewhere().is_some()) {
            let host = host.clone();
            tokio::spawn(async move { host.ask(&found.id, E::hearing(Heard::Restarted)).await });
        }
    }
}
