//! The states of an instance and how one follows another (AWS: "Instance lifecycle").

use archipelago_proto::ec2::v1::{InstanceState as Public, StateReason};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::state::{InstanceState, Intent};
use crate::entity::{Facts, Next};
use crate::time::{Millis, Transition};

/// How long a terminated instance is still described.
const VISIBLE: Millis = 3_600_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Pending,
    Running,
    ShuttingDown,
    Terminated,
    Stopping,
    Stopped,
}

impl Phase {
    const ALL: [Self; 6] =
        [Self::Pending, Self::Running, Self::ShuttingDown, Self::Terminated, Self::Stopping, Self::Stopped];

    pub fn code(self) -> i32 {
        match self {
            Self::Pending => 0,
            Self::Running => 16,
            Self::ShuttingDown => 32,
            Self::Terminated => 48,
            Self::Stopping => 64,
            Self::Stopped => 80,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::ShuttingDown => "shutting-down",
            Self::Terminated => "terminated",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        }
    }

    pub fn public(self) -> Public {
        Public { code: Some(self.code()), name: Some(self.name().to_owned()) }
    }

    pub(super) fn of(public: Option<&Public>) -> Self {
        let code = public.map_or(0, Public::code);
        Self::ALL.into_iter().find(|phase| phase.code() == code).unwrap_or(Self::Pending)
    }
}

pub(super) fn start(instance: &mut InstanceState, facts: &Facts<'_>) -> Ec2Result<()> {
    match instance.phase() {
        Phase::Stopped => {}
        Phase::Pending | Phase::Running => return Ok(()),
        Phase::Stopping | Phase::ShuttingDown | Phase::Terminated => return Err(cannot_be(facts, "started")),
    }
    instance.enter(Phase::Pending, None);
    instance.public.state_transition_reason = Some(String::new());
    instance.public.launch_time = Some(facts.now);
    instance.changes = Some(facts.after(Transition::InstanceLaunch));
    instance.set_intent(Intent::Started);
    Ok(())
}

pub(super) fn stop(instance: &mut InstanceState, hibernate: bool, force: bool, facts: &Facts<'_>) -> Ec2Result<()> {
    match instance.phase() {
        Phase::Running => {}
        Phase::Stopping if force => {
            instance.changes = Some(facts.now);
            return Ok(());
        }
        Phase::Stopping | Phase::Stopped => return Ok(()),
        Phase::Pending | Phase::ShuttingDown | Phase::Terminated => return Err(cannot_be(facts, "stopped")),
    }
    may_stop(instance, hibernate, facts.id)?;
    let reason = if hibernate { "UserInitiatedHibernate: User initiated hibernate" } else { SHUTDOWN };
    instance.enter(Phase::Stopping, Some(reason));
    instance.public.state_transition_reason = Some(user_initiated(facts.now));
    instance.changes = Some(if force { facts.now } else { facts.after(Transition::InstanceStop) });
    Ok(())
}

/// Whether the instance may be stopped at all, whatever its state.
fn may_stop(instance: &InstanceState, hibernate: bool, id: &str) -> Ec2Result<()> {
    if instance.public.root_device_type() != "ebs" {
        return Err(Ec2Error::unsupported(format!(
            "The instance '{id}' does not have an 'ebs' root device type and cannot be stopped."
        )));
    }
    if instance.private.disable_api_stop {
        return Err(protected(id, "stopped", "disableApiStop"));
    }
    if hibernate && !instance.public.hibernation_options.unwrap_or_default().configured() {
        return Err(Ec2Error::new(
            "UnsupportedHibernationConfiguration",
            format!("The following instance(s) are not configured for hibernation: {id}"),
        ));
    }
    Ok(())
}

pub(super) fn reboot(instance: &InstanceState, facts: &Facts<'_>) -> Ec2Result<()> {
    match instance.phase() {
        Phase::Running | Phase::Pending => Ok(()),
        _ => Err(cannot_be(facts, "rebooted")),
    }
}

pub(super) fn terminate(instance: &mut InstanceState, facts: &Facts<'_>) -> Ec2Result<()> {
    if matches!(instance.phase(), Phase::ShuttingDown | Phase::Terminated) {
        return Ok(());
    }
    if instance.private.disable_api_termination {
        return Err(protected(facts.id, "terminated", "disableApiTermination"));
    }
    instance.enter(Phase::ShuttingDown, Some(SHUTDOWN));
    instance.public.state_transition_reason = Some(user_initiated(facts.now));
    instance.changes = Some(facts.after(Transition::InstanceTerminate));
    Ok(())
}

pub(super) fn elapse(instance: &InstanceState, facts: &Facts<'_>) -> Next<InstanceState> {
    let mut next = instance.clone();
    let due = next.changes.take().unwrap_or(facts.now);
    match instance.phase() {
        Phase::Pending => {
            next.enter(Phase::Running, None);
            next.private.checked_from = due + facts.lifecycle.duration(Transition::InstanceStatusCheck);
        }
        Phase::Stopping => {
            let reason = next.public.state_reason.take();
            next.enter(Phase::Stopped, None);
            next.public.state_reason = reason;
            next.set_intent(Intent::Stopped);
        }
        Phase::ShuttingDown => {
            next.enter(Phase::Terminated, Some(SHUTDOWN));
            next.changes = Some(due + VISIBLE);
            next.public.monitoring.get_or_insert_default().state = Some("disabled".into());
            (next.public.subnet_id, next.public.vpc_id) = (None, None);
            next.set_intent(Intent::Terminated);
        }
        Phase::Terminated => return Next::Gone(next),
        Phase::Running | Phase::Stopped => {}
    }
    Next::Become(next)
}

const SHUTDOWN: &str = "UserInitiatedShutdown: User initiated shutdown";

impl InstanceState {
    pub fn phase(&self) -> Phase {
        Phase::of(self.public.state.as_ref())
    }

    /// `reason` is a client's, as `UserInitiatedShutdown: User initiated shutdown`.
    pub(super) fn enter(&mut self, phase: Phase, reason: Option<&str>) {
        self.public.state = Some(phase.public());
        self.public.state_reason = reason.map(|reason| {
            let code = reason.split_once(':').map_or(reason, |(code, _)| code);
            StateReason { code: Some(format!("Client.{code}")), message: Some(format!("Client.{reason}")) }
        });
    }
}

pub(super) fn cannot_be(facts: &Facts<'_>, done: &str) -> Ec2Error {
    let message = format!("The instance '{}' is not in a state from which it can be {done}.", facts.id);
    Ec2Error::new("IncorrectInstanceState", message)
}

fn protected(id: &str, done: &str, attribute: &str) -> Ec2Error {
    Ec2Error::new(
        "OperationNotPermitted",
        format!("The instance '{id}' may not be {done}. Modify its '{attribute}' instance attribute and try again."),
    )
}

fn user_initiated(now: Millis) -> String {
    let time = jiff::Timestamp::from_millisecond(now).unwrap_or_default();
    format!("User initiated ({} GMT)", time.strftime("%Y-%m-%d %H:%M:%S"))
}
