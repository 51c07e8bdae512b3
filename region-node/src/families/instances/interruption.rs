//! A Spot Instance that is taken away (AWS: "Spot Instance interruptions"). No protection holds against that.

use super::lifecycle::Phase;
use super::state::InstanceState;
use crate::entity::Facts;
use crate::families::spot_market::Behavior;
use crate::time::Transition;

pub(super) fn interrupt(instance: &mut InstanceState, behavior: Behavior, facts: &Facts<'_>) {
    let terminate = behavior == Behavior::Terminate;
    match (instance.phase(), terminate) {
        (Phase::ShuttingDown | Phase::Terminated, _) | (Phase::Stopping | Phase::Stopped, false) => return,
        _ => {}
    }
    if terminate {
        instance.enter(Phase::ShuttingDown, None);
        instance.blame("Server.SpotInstanceTermination", "Spot Instance termination");
        instance.changes = Some(facts.after(Transition::InstanceTerminate));
    } else {
        instance.enter(Phase::Stopping, None);
        instance.blame("Server.SpotInstanceShutdown", "Spot Instance shutdown");
        instance.changes = Some(facts.after(Transition::InstanceStop));
    }
    instance.public.state_transition_reason = Some("Server.SpotInstanceInterruption".to_owned());
}
