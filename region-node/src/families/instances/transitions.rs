//! Start, stop, reboot, terminate, monitor: each of several instances, all or none where AWS checks first.

use std::collections::HashSet;
use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    InstanceMonitoring, InstanceStateChange, MonitorInstancesRequest, MonitorInstancesResult, Monitoring,
    RebootInstancesRequest, RebootInstancesResponse, StartInstancesRequest, StartInstancesResult, StopInstancesRequest,
    StopInstancesResult, TerminateInstancesRequest, TerminateInstancesResult, UnmonitorInstancesRequest,
    UnmonitorInstancesResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};
use futures::future::join_all;

use super::lifecycle::Phase;
use super::state::{InstanceCommand, InstanceState};
use super::{launch, outage, seats};
use crate::Region;
use crate::entity::{Answer, Entity as _, Facts, Id, Published, Undo, workflow};
use crate::request::Context;

type Instance = Arc<Published<InstanceState>>;

/// The instances of those ids, each once.
fn named(cx: &Context, ids: &[String]) -> Ec2Result<Vec<Instance>> {
    let mut seen = HashSet::new();
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for id in ids.iter().filter(|id| seen.insert(id.as_str())) {
        if let Some(instance) = cx.instances.index().get(id).filter(|instance| *instance.account == *cx.account) {
            found.push(instance);
        } else {
            InstanceState::KIND.check(id)?;
            missing.push(id.as_str());
        }
    }
    if ids.is_empty() {
        return Err(Ec2Error::missing_parameter("InstanceId"));
    }
    if missing.is_empty() { Ok(found) } else { Err(InstanceState::KIND.none_found(&missing)) }
}

/// Refuses before anything is changed, if one of the instances would refuse.
fn try_all(cx: &Context, instances: &[Instance], command: fn() -> InstanceCommand) -> Ec2Result<()> {
    instances.iter().try_for_each(|instance| try_one(cx, instance, command()))
}

fn try_one(cx: &Context, instance: &Instance, command: InstanceCommand) -> Ec2Result<()> {
    let facts = Facts {
        id: &instance.id,
        account: &instance.account,
        now: cx.shell.clock.now(),
        region: cx.facts.name,
        lifecycle: &cx.shell.lifecycle,
        dependents: &instance.dependents,
        ids: &cx.shell.ids,
    };
    instance.state.decide(command, &facts).map(drop)
}

/// Asks all at once, so that a store on disk commits them together.
async fn ask_all(
    cx: &Context,
    instances: &[Instance],
    command: impl Fn() -> InstanceCommand,
) -> Ec2Result<Vec<Answer<InstanceState>>> {
    let answers = join_all(instances.iter().map(|instance| cx.instances.ask(&instance.id, command()))).await;
    answers.into_iter().collect()
}

async fn change(
    cx: &Context,
    instances: &[Instance],
    command: impl Fn() -> InstanceCommand,
) -> Ec2Result<Vec<InstanceStateChange>> {
    let answers = ask_all(cx, instances, command).await?;
    let changes = answers.into_iter().map(|answer| InstanceStateChange {
        instance_id: Some(answer.published.id.to_string()),
        current_state: Some(answer.published.state.phase().public()),
        previous_state: Some(answer.reply.phase.public()),
    });
    Ok(changes.collect())
}

pub(super) async fn start_instances(cx: Context, input: StartInstancesRequest) -> Ec2Result<StartInstancesResult> {
    if input.additional_info.is_some() {
        return Err(Ec2Error::unsupported("The parameter AdditionalInfo is reserved."));
    }
    let instances = named(&cx, &input.instance_ids)?;
    try_all(&cx, &instances, || InstanceCommand::Start)?;
    check_spot(&cx, &instances, true)?;
    let mut undo = Undo::default();
    let outcome = async {
        check_power(&cx, &instances)?;
        seats::take_again(&cx, &mut undo, &instances).await?;
        take_places(&cx, &mut undo, &instances)?;
        let changes = change(&cx, &instances, || InstanceCommand::Start).await?;
        overtaken(&cx, &instances).await;
        Ok(changes)
    };
    let outcome = outcome.await;
    Ok(StartInstancesResult { starting_instances: workflow(undo, outcome).await? })
}

/// Starts one instance, by the region's own will.
pub(crate) async fn start(cx: &Context, instance: &Instance) -> Ec2Result<()> {
    let instances = std::slice::from_ref(instance);
    let mut undo = Undo::default();
    let outcome = async {
        take_places(cx, &mut undo, instances)?;
        ask_all(cx, instances, || InstanceCommand::Start).await?;
        overtaken(cx, instances).await;
        Ok(())
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await
}

/// Nothing starts in a zone without power.
fn check_power(cx: &Context, instances: &[Instance]) -> Ec2Result<()> {
    let mut stopped = instances.iter().filter(|instance| instance.state.phase() == Phase::Stopped);
    stopped.try_for_each(|instance| launch::check_power(cx, &instance.state.pool(), 1, &[]))
}

async fn overtaken(cx: &Context, instances: &[Instance]) {
    for instance in instances {
        outage::overtaken(&cx.region, &instance.state.pool().zone, std::iter::once(&instance.id)).await;
    }
}

/// What may not be stopped or started, because a Spot request has a say in it (AWS: "Stop a Spot Instance").
fn check_spot(cx: &Context, instances: &[Instance], starting: bool) -> Ec2Result<()> {
    for instance in instances {
        let request = instance.state.public.spot_instance_request_id.as_deref();
        let Some(request) = request.and_then(|id| cx.spot_requests.index().get(id)) else { continue };
        let id = &instance.id;
        if starting
            && request.state.status_code() != "instance-stopped-by-user"
            && instance.state.phase() == Phase::Stopped
        {
            return Err(Ec2Error::new(
                "IncorrectSpotRequestState",
                format!(
                    "You can't start the Spot Instance '{id}' because the associated Spot Instance request is not in an \
                     appropriate state to support start."
                ),
            ));
        }
        if !starting && !request.state.persistent() {
            return Err(Ec2Error::unsupported(format!(
                "You can't stop the Spot Instance '{id}' because it is associated with a one-time Spot Instance request. \
                 You can only stop Spot Instances associated with persistent Spot Instance requests."
            )));
        }
    }
    Ok(())
}

/// A stopped instance has no place: it needs one again. Those that run have theirs.
fn take_places(cx: &Context, undo: &mut Undo, instances: &[Instance]) -> Ec2Result<()> {
    // As they are now: some may have found room in a reservation.
    let now = instances.iter().filter_map(|instance| cx.instances.index().get(&instance.id));
    for instance in now.filter(|instance| !is_reserved(instance)) {
        let pool = instance.state.pool();
        let taken = cx.capacity.reserve(&pool, std::slice::from_ref(&instance.id));
        let taken = taken.map_err(|_| Ec2Error::new("InsufficientInstanceCapacity", "Insufficient capacity."))?;
        let region = Arc::clone(&cx.region);
        undo.push(async move { region.capacity.release(&pool, &taken, |id| has_no_place(&region, id)) });
    }
    Ok(())
}

/// Whether an instance is one that takes no place.
pub(super) fn has_no_place(region: &Region, id: &Id) -> bool {
    let instance = region.instances.index().get(id);
    instance.is_none_or(|instance| {
        is_reserved(&instance) || matches!(instance.state.phase(), Phase::Stopped | Phase::Terminated)
    })
}

/// Whether it has a place of a Capacity Reservation.
pub(super) fn is_reserved(instance: &Published<InstanceState>) -> bool {
    instance.state.public.capacity_reservation_id.is_some()
}

pub(super) async fn stop_instances(cx: Context, input: StopInstancesRequest) -> Ec2Result<StopInstancesResult> {
    let instances = named(&cx, &input.instance_ids)?;
    check_spot(&cx, &instances, false)?;
    let (hibernate, force) = (input.hibernate(), input.force());
    let command = || InstanceCommand::Stop { hibernate, force };
    instances.iter().try_for_each(|instance| try_one(&cx, instance, command()))?;
    Ok(StopInstancesResult { stopping_instances: change(&cx, &instances, command).await? })
}

pub(super) async fn reboot_instances(cx: Context, input: RebootInstancesRequest) -> Ec2Result<RebootInstancesResponse> {
    let instances = named(&cx, &input.instance_ids)?;
    try_all(&cx, &instances, || InstanceCommand::Reboot)?;
    ask_all(&cx, &instances, || InstanceCommand::Reboot).await?;
    Ok(RebootInstancesResponse {})
}

/// AWS, TerminateInstances: where a protected instance is among several, those of its zone stay, those of other zones
/// are terminated, and the request fails all the same.
pub(super) async fn terminate_instances(
    cx: Context,
    input: TerminateInstancesRequest,
) -> Ec2Result<TerminateInstancesResult> {
    let instances = named(&cx, &input.instance_ids)?;
    let zone = |instance: &Instance| instance.state.public.placement.clone().unwrap_or_default().availability_zone;
    let refused = |instance: &&Instance| try_one(&cx, instance, InstanceCommand::Terminate).is_err();
    let protected: HashSet<_> = instances.iter().filter(refused).map(zone).collect();
    let free: Vec<_> = instances.iter().filter(|instance| !protected.contains(&zone(instance))).cloned().collect();
    let terminating_instances = change(&cx, &free, || InstanceCommand::Terminate).await?;
    try_all(&cx, &instances, || InstanceCommand::Terminate)?;
    Ok(TerminateInstancesResult { terminating_instances })
}

pub(super) async fn monitor_instances(
    cx: Context,
    input: MonitorInstancesRequest,
) -> Ec2Result<MonitorInstancesResult> {
    let instance_monitorings = monitor(&cx, &input.instance_ids, true).await?;
    Ok(MonitorInstancesResult { instance_monitorings })
}

pub(super) async fn unmonitor_instances(
    cx: Context,
    input: UnmonitorInstancesRequest,
) -> Ec2Result<UnmonitorInstancesResult> {
    let instance_monitorings = monitor(&cx, &input.instance_ids, false).await?;
    Ok(UnmonitorInstancesResult { instance_monitorings })
}

/// The answer shows that the change is under way.
async fn monitor(cx: &Context, ids: &[String], on: bool) -> Ec2Result<Vec<InstanceMonitoring>> {
    let instances = named(cx, ids)?;
    instances.iter().try_for_each(|instance| try_one(cx, instance, InstanceCommand::Monitor(on)))?;
    ask_all(cx, &instances, || InstanceCommand::Monitor(on)).await?;
    let shown = instances.iter().map(|instance| {
        let before = instance.state.public.monitoring.as_ref().map_or("disabled", |monitoring| monitoring.state());
        let state = match (before, on) {
            ("enabled", true) => "enabled",
            (_, true) => "pending",
            ("enabled", false) => "disabling",
            (_, false) => "disabled",
        };
        InstanceMonitoring {
            instance_id: Some(instance.id.to_string()),
            monitoring: Some(Monitoring { state: Some(state.to_owned()) }),
        }
    });
    Ok(shown.collect())
}
