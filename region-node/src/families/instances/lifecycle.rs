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
            next.private.impaired_since = None;
            next.private.checked_from = due + facts.lifecycle.duration(Transition::InstanceStatusCheck);
        }
        Phase::Stopping => {
            let reason = next.public.state_reason.take();
            next.enter(Phase::Stopped, None);
            next.public.state_reason = reason;
            next.set_intent(Intent::Stopped);
        }
        Phase::ShuttingDown => {
            let reason = next.public.state_reason.take();
            next.enter(Phase::Terminated, None);
            next.public.state_reason = reason;
            next.changes = Some(due + VISIBLE);
            next.public.monitoring.get_or_insert_default().state = Some("disabled".into());
            (next.public.subnet_id, next.public.vpc_id) = (None, None);
            next.private.profile = None;
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

    /// Says why the service itself did something.
    pub(super) fn blame(&mut self, code: &str, message: &str) {
        let message = format!("{code}: {message}");
        self.public.state_reason = Some(StateReason { code: Some(code.to_owned()), message: Some(message) });
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

#[cfg(test)]
mod tests {
    use archipelago_proto::ec2::v1::{HibernationOptions, Instance};
    use imbl::OrdSet;

    use super::super::state::{InstanceCommand as Command, Place, Private};
    use super::*;
    use crate::entity::{Account, Entity as _, Id, Ids};
    use crate::time::Lifecycle;

    const NOW: Millis = 1_767_225_600_000;

    fn ask_at(now: Millis, instance: &InstanceState, command: Command) -> Ec2Result<InstanceState> {
        with_facts(now, |facts| {
            Ok(match instance.decide(command, facts)?.next {
                Next::Become(next) => next,
                _ => instance.clone(),
            })
        })
    }

    fn with_facts<T>(now: Millis, with: impl FnOnce(&Facts<'_>) -> T) -> T {
        let (id, account, ids) = (Id::new("i-1"), Account::from("000000000000"), Ids::seeded(1));
        let (lifecycle, dependents) = (Lifecycle::realistic(), OrdSet::new());
        let facts = Facts {
            id: &id,
            account: &account,
            now,
            region: "us-east-1",
            lifecycle: &lifecycle,
            dependents: &dependents,
            ids: &ids,
        };
        with(&facts)
    }

    fn ask(instance: &InstanceState, command: Command) -> Ec2Result<InstanceState> {
        ask_at(NOW, instance, command)
    }

    fn elapsed(instance: &InstanceState) -> InstanceState {
        let due = instance.changes.expect("something is under way");
        match with_facts(due, |facts| instance.elapse(facts)) {
            Next::Become(next) => next,
            _ => panic!("the instance is still there"),
        }
    }

    fn pending() -> InstanceState {
        let public = Instance {
            state: Some(Phase::Pending.public()),
            root_device_type: Some("ebs".into()),
            hibernation_options: Some(HibernationOptions { configured: Some(false) }),
            ..Instance::default()
        };
        InstanceState::new(public, Private::default(), NOW + 1)
    }

    fn stop(force: bool) -> Command {
        Command::Stop { hibernate: false, force }
    }

    #[test]
    fn an_instance_goes_through_its_states_with_the_reasons_that_aws_gives() {
        let running = elapsed(&pending());
        assert_eq!((running.phase(), &running.public.state_reason), (Phase::Running, &None));
        let stopping = ask(&running, stop(false)).unwrap();
        assert_eq!(stopping.phase(), Phase::Stopping);
        let stopped = elapsed(&stopping);
        assert_eq!((stopped.phase(), stopped.private.intent()), (Phase::Stopped, Intent::Stopped));
        assert_eq!(stopped.public.state_reason.as_ref().unwrap().code(), "Client.UserInitiatedShutdown");
        let started = ask(&stopped, Command::Start).unwrap();
        assert_eq!((started.phase(), started.public.launch_time()), (Phase::Pending, NOW));
        let terminated = elapsed(&ask(&started, Command::Terminate).unwrap());
        assert_eq!((terminated.phase(), terminated.private.intent()), (Phase::Terminated, Intent::Terminated));
        let due = terminated.changes.unwrap();
        assert!(matches!(with_facts(due, |facts| terminated.elapse(facts)), Next::Gone(_)));
    }

    #[test]
    fn what_does_not_fit_the_state_is_an_incorrect_instance_state() {
        let refused = |instance: &InstanceState, command| ask(instance, command).map(drop).unwrap_err().code;
        assert_eq!(refused(&pending(), stop(false)), "IncorrectInstanceState");
        let running = elapsed(&pending());
        let stopping = ask(&running, stop(false)).unwrap();
        assert_eq!(refused(&stopping, Command::Start), "IncorrectInstanceState");
        assert_eq!(refused(&stopping, Command::Reboot), "IncorrectInstanceState");
        let terminated = elapsed(&ask(&running, Command::Terminate).unwrap());
        for command in [Command::Start, stop(false), Command::Reboot, Command::Monitor(true)] {
            assert_eq!(refused(&terminated, command), "IncorrectInstanceState");
        }
        assert_eq!(ask(&terminated, Command::Terminate).unwrap().phase(), Phase::Terminated, "which repeats");
    }

    #[test]
    fn a_forced_stop_ends_a_stop_that_hangs() {
        let stopping = ask(&elapsed(&pending()), stop(false)).unwrap();
        assert!(stopping.changes.unwrap() > NOW);
        assert_eq!(ask(&stopping, stop(true)).unwrap().changes, Some(NOW));
    }

    #[test]
    fn an_instance_store_root_cannot_be_stopped() {
        let mut running = elapsed(&pending());
        running.public.root_device_type = Some("instance-store".into());
        assert_eq!(ask(&running, stop(false)).map(drop).unwrap_err().code, "UnsupportedOperation");
    }

    #[test]
    fn only_an_instance_that_is_configured_for_it_hibernates() {
        let hibernate = Command::Stop { hibernate: true, force: false };
        let error = ask(&elapsed(&pending()), hibernate).map(drop).unwrap_err();
        assert_eq!(error.code, "UnsupportedHibernationConfiguration");
    }

    #[test]
    fn a_place_is_reserved_once() {
        let device = || Place::Device("/dev/sdf".into());
        let reserved = ask(&elapsed(&pending()), Command::Reserve(device())).unwrap();
        assert_eq!(ask(&reserved, Command::Reserve(device())).map(drop).unwrap_err().code, "InvalidParameterValue");
        let free = ask(&reserved, Command::Unreserve(device())).unwrap();
        assert!(ask(&free, Command::Reserve(device())).is_ok());
    }
}
