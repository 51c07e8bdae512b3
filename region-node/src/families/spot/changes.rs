//! What happens around requests: to their instances, to the room for them, and by the operator's hand.

use std::sync::Arc;

use archipelago_proto::Ec2Result;

use crate::Region;
use crate::entity::Id;
use crate::families::instances::Phase;
use crate::families::spot_market::{Cause, SpotRequestCommand};
use crate::request::Context;

/// Tells an instance's request what became of it.
pub(crate) async fn instance_changed(cx: &Context, id: &Id) {
    let Some(instance) = cx.instances.index().get(id) else { return };
    let Some(request) = instance.state.public.spot_instance_request_id.as_deref() else { return };
    let Some(known) = cx.spot_requests.index().get(request) else { return };
    // A request that opened again may have another by now.
    if known.state.public.instance_id.as_deref() != Some(id) {
        return;
    }
    let command = match instance.state.phase() {
        Phase::Terminated => SpotRequestCommand::InstanceTerminated,
        Phase::Stopped => SpotRequestCommand::InstanceStopped,
        Phase::Pending | Phase::Running => SpotRequestCommand::InstanceStarted,
        Phase::Stopping | Phase::ShuttingDown => return,
    };
    let _ = cx.spot_requests.ask(&known.id, command).await;
}

/// Who waits for room has another look.
pub(crate) async fn room_changed(region: &Arc<Region>) {
    for request in region.spot_requests.index().all() {
        if matches!(request.state.state(), "open" | "disabled") && request.state.private.attempts > 0 {
            let _ = region.spot_requests.ask(&request.id, SpotRequestCommand::Reevaluate).await;
        }
    }
}

/// Takes instances away, after the notice that AWS gives; with an instance, its whole launch group.
pub(crate) async fn interrupt(region: &Arc<Region>, ids: &[String]) -> Ec2Result<()> {
    let mut marked = Vec::new();
    for id in ids {
        let instance = region.instances.index().get(id).ok_or_else(|| not_spot(id))?;
        let request = instance.state.public.spot_instance_request_id.as_deref().ok_or_else(|| not_spot(id))?;
        marked.push(region.spot_requests.index().get(request).ok_or_else(|| not_spot(id))?);
    }
    for request in marked {
        let group = request.state.public.launch_group.as_deref();
        let all = region.spot_requests.owned_by(&request.account);
        let together = all.values().filter(|other| {
            other.id == request.id || (group.is_some() && other.state.public.launch_group.as_deref() == group)
        });
        for other in together {
            region.spot_requests.ask(&other.id, SpotRequestCommand::Mark(Cause::Capacity)).await?;
        }
    }
    Ok(())
}

fn not_spot(id: &str) -> archipelago_proto::Ec2Error {
    archipelago_proto::Ec2Error::invalid_parameter(format!("'{id}' is no Spot Instance"))
}
