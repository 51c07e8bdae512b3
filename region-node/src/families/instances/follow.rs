//! What an instance's changes mean to the resources around it. Each step bears repetition, since a crash may come
//! between any two.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{Instance, Reservation};
use archipelago_proto::{Ec2Error, Ec2Result};
use futures::future::{BoxFuture, join_all, try_join_all};

use super::classic;
use super::lifecycle::Phase;
use super::row::attached_interfaces;
use super::seats;
use super::state::{InstanceCommand, InstanceState, Intent};
use super::transitions::{has_no_place, is_reserved};
use crate::Region;
use crate::entity::{Id, Published};
use crate::families::network_interfaces::launch as interfaces;
use crate::families::placement_groups;
use crate::families::volumes::VolumeCommand;
use crate::request::Context;

type Tell = fn(Context, Id) -> BoxFuture<'static, ()>;

/// Carries out what an instance is left to do, until nothing is.
///
/// `tell` tells those above the instance of its change; it must bear repetition too.
pub(crate) async fn follow(region: Arc<Region>, instance: Arc<Published<InstanceState>>, tell: Tell) {
    let cx = Context::internal(&region, &instance.account);
    let mut next = Some(instance);
    while let Some(instance) = next.take() {
        let intent = instance.state.private.intent();
        if let Err(error) = carry_out(&cx, &instance, intent).await {
            tracing::error!(id = %instance.id, ?intent, %error, "an instance's follow-up failed; it is tried again at boot");
            return;
        }
        tell(cx.clone(), instance.id.clone()).await;
        if cx.instances.ask(&instance.id, InstanceCommand::Done(intent)).await.is_err() {
            return;
        }
        let left = |now: &Arc<Published<InstanceState>>| now.state.private.intent() != Intent::Nothing;
        next = cx.instances.index().get(&instance.id).filter(left);
    }
}

async fn carry_out(cx: &Context, instance: &Published<InstanceState>, intent: Intent) -> Ec2Result<()> {
    let id = &instance.id;
    if let Some(classic) = &instance.state.private.classic {
        match intent {
            Intent::Nothing => {}
            Intent::Started => classic::started(cx, id, classic).await?,
            Intent::Stopped | Intent::Terminated => classic::stopped(cx, id, classic).await?,
        }
    }
    match intent {
        Intent::Nothing => Ok(()),
        Intent::Started => {
            // Whatever came between its stop and its start.
            if !is_reserved(instance) {
                cx.capacity.hold(&instance.state.pool(), id);
            }
            let attached = attached_interfaces(cx, id);
            try_join_all(attached.iter().map(|interface| interfaces::started(cx, &interface.id))).await.map(drop)
        }
        Intent::Stopped => {
            seats::leave(cx, id).await?;
            give_place_back(cx, instance);
            let attached = attached_interfaces(cx, id);
            try_join_all(attached.iter().map(|interface| interfaces::stopped(cx, &interface.id))).await.map(drop)
        }
        Intent::Terminated => {
            seats::leave(cx, id).await?;
            give_place_back(cx, instance);
            let volumes: Vec<_> = cx.volumes.linked_to(id).values().map(|volume| volume.id.clone()).collect();
            let gone = || VolumeCommand::InstanceTerminated { instance_id: id.to_string() };
            // A volume that is gone already needs nothing more.
            join_all(volumes.iter().map(|volume| cx.volumes.ask(volume, gone()))).await;
            if let Some(group) =
                instance.state.public.placement.as_ref().and_then(|placement| placement.group_id.as_ref())
            {
                placement_groups::leave(cx, group, vec![id.clone()]).await;
            }
            interfaces::terminated(cx, id).await
        }
    }
}

fn give_place_back(cx: &Context, instance: &Published<InstanceState>) {
    let ids = std::slice::from_ref(&instance.id);
    cx.capacity.release(&instance.state.pool(), ids, |id| has_no_place(&cx.region, id));
}

/// A launch is not repeated for a token whose instances have terminated (AWS: "Ensuring idempotency").
pub(super) async fn replayed(cx: Context, reservation: Reservation) -> Ec2Result<Reservation> {
    let mut ids = reservation.instances.iter().map(Instance::instance_id);
    let gone = ids.find(|id| {
        let known = cx.instances.index().get(id);
        known.is_none_or(|known| matches!(known.state.phase(), Phase::ShuttingDown | Phase::Terminated))
    });
    match gone {
        None => Ok(reservation),
        Some(id) => Err(Ec2Error::new(
            "IdempotentInstanceTerminated",
            format!("The client token is associated with the instance '{id}', which is terminated."),
        )),
    }
}
