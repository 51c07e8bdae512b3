//! Instances whose zone loses its power: their hosts are lost. No protection holds against that.

use archipelago_proto::regions::Zone;
use futures::future::join_all;

use super::lifecycle::Phase;
use super::state::{InstanceCommand, InstanceState};
use crate::Region;
use crate::entity::{Facts, Id, Published};
use crate::families::spot_market::{Behavior, SpotRequestCommand};

/// What AWS shows of an instance that it stopped by itself (StateReason).
const FAILED: (&str, &str) = ("Server.InternalError", "Internal error: the instance's host has failed");

/// At once, without notice. What has its root on a store of the host is gone with it.
pub(super) fn lose_power(instance: &mut InstanceState, behavior: Option<Behavior>, facts: &Facts<'_>) {
    match instance.phase() {
        Phase::Pending | Phase::Running => {}
        Phase::Stopping | Phase::ShuttingDown => {
            instance.changes = Some(facts.now);
            return;
        }
        Phase::Stopped | Phase::Terminated => return,
    }
    let terminate = behavior == Some(Behavior::Terminate) || instance.public.root_device_type() != "ebs";
    instance.enter(if terminate { Phase::ShuttingDown } else { Phase::Stopping }, None);
    let (code, message) = match (behavior, terminate) {
        (None, _) => FAILED,
        (Some(_), true) => ("Server.SpotInstanceTermination", "Spot Instance termination"),
        (Some(_), false) => ("Server.SpotInstanceShutdown", "Spot Instance shutdown"),
    };
    instance.blame(code, message);
    instance.public.state_transition_reason = Some(code.to_owned());
    instance.changes = Some(facts.now);
}

/// All instances of a zone that lose their power with it. Bears repetition.
pub(crate) async fn black_out(region: &Region, zone: &Zone) {
    let all = region.instances.index().all();
    let struck: Vec<_> = all.into_iter().filter(|instance| *instance.state.pool().zone == *zone.name).collect();
    join_all(struck.iter().map(|instance| strike(region, instance))).await;
}

/// Those of a launch or a start that the loss of power has overtaken.
pub(super) async fn overtaken<'i>(region: &Region, zone: &str, ids: impl Iterator<Item = &'i Id>) {
    if region.dark_zones.has(zone) {
        let instances: Vec<_> = ids.filter_map(|id| region.instances.index().get(id)).collect();
        join_all(instances.iter().map(|instance| strike(region, instance))).await;
    }
}

async fn strike(region: &Region, instance: &Published<InstanceState>) {
    if matches!(instance.state.phase(), Phase::Stopped | Phase::Terminated) {
        return;
    }
    let request = instance.state.public.spot_instance_request_id.as_deref();
    let request = request.and_then(|id| region.spot_requests.index().get(id));
    if let Some(request) = &request {
        // So that it knows why its instance went.
        let _ = region.spot_requests.ask(&request.id, SpotRequestCommand::Lost).await;
    }
    let behavior = request.map(|request| request.state.behavior());
    if let Err(error) = region.instances.ask(&instance.id, InstanceCommand::LosePower(behavior)).await {
        tracing::warn!(id = %instance.id, %error, "an instance without power goes on");
    }
}

#[cfg(test)]
mod tests {
    use archipelago_proto::ec2::v1::Instance;

    use super::super::state::Private;
    use super::*;
    use crate::entity::Ids;
    use crate::time::Lifecycle;

    /// The state of an instance that has lost its power, and the code of the reason.
    fn lost(phase: Phase, root: &str, behavior: Option<Behavior>) -> (Phase, String) {
        let public = Instance { root_device_type: Some(root.into()), ..Instance::default() };
        let mut instance = InstanceState::new(public, Private { disable_api_stop: true, ..Private::default() }, 0);
        instance.enter(phase, None);
        let id = Id::new("i-0123456789abcdef0");
        let facts = Facts {
            id: &id,
            account: &"123456789012".into(),
            now: 7,
            region: "us-east-1",
            lifecycle: &Lifecycle::realistic(),
            dependents: &imbl::OrdSet::new(),
            ids: &Ids::seeded(1),
        };
        lose_power(&mut instance, behavior, &facts);
        let reason = instance.public.state_reason.as_ref().map(|reason| reason.code().to_owned());
        (instance.phase(), reason.unwrap_or_default())
    }

    #[test]
    fn what_can_stop_stops_and_the_rest_is_lost() {
        let is = |phase, reason: &str| (phase, reason.to_owned());
        let failed = is(Phase::Stopping, "Server.InternalError");
        assert_eq!(lost(Phase::Running, "ebs", None), failed);
        assert_eq!(lost(Phase::Pending, "ebs", None), failed);
        assert_eq!(lost(Phase::Running, "instance-store", None), is(Phase::ShuttingDown, "Server.InternalError"));
        let spot = |behavior| lost(Phase::Running, "ebs", Some(behavior));
        assert_eq!(spot(Behavior::Terminate), is(Phase::ShuttingDown, "Server.SpotInstanceTermination"));
        assert_eq!(spot(Behavior::Hibernate), is(Phase::Stopping, "Server.SpotInstanceShutdown"));
        for phase in [Phase::Stopped, Phase::Stopping, Phase::ShuttingDown, Phase::Terminated] {
            assert_eq!(lost(phase, "ebs", None), is(phase, ""));
        }
    }
}
