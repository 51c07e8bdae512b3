//! The actions on event windows (AWS: "Event windows for scheduled events").

use archipelago_proto::ec2::v1::{
    AssociateInstanceEventWindowRequest, AssociateInstanceEventWindowResult, CreateInstanceEventWindowRequest,
    CreateInstanceEventWindowResult, DeleteInstanceEventWindowRequest, DeleteInstanceEventWindowResult,
    DescribeInstanceEventWindowsRequest, DescribeInstanceEventWindowsResult, DisassociateInstanceEventWindowRequest,
    DisassociateInstanceEventWindowResult, InstanceEventWindow, InstanceEventWindowAssociationTarget,
    InstanceEventWindowStateChange, ModifyInstanceEventWindowRequest, ModifyInstanceEventWindowResult,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::FILTERS;
use super::state::{CREATING, DELETING, EventWindowCommand};
use super::{EventWindowState, times};
use crate::entity::{Entity as _, Id};
use crate::families::instances::Phase;
use crate::request::{Action, Context, Describe, required, tags_for};
use crate::time::Transition;

/// AWS: up to 200 event windows, and 100 instances in one.
const MOST_WINDOWS: usize = 200;
const MOST_INSTANCES: usize = 100;

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_instance_event_window),
        Action::new(modify_instance_event_window),
        Action::new(delete_instance_event_window),
        Action::new(associate_instance_event_window),
        Action::new(disassociate_instance_event_window),
        Action::new(describe_instance_event_windows),
    ]
}

async fn create_instance_event_window(
    cx: Context,
    input: CreateInstanceEventWindowRequest,
) -> Ec2Result<CreateInstanceEventWindowResult> {
    let kind = &EventWindowState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    let times = times::read(&input.time_ranges, input.cron_expression.as_deref())?;
    let times = times.ok_or_else(|| {
        Ec2Error::new("MissingParameter", "The request must contain the parameter TimeRange or CronExpression")
    })?;
    if cx.event_windows.owned_by(&cx.account).len() >= MOST_WINDOWS {
        return Err(Ec2Error::new(
            "InstanceEventWindowLimitExceeded",
            format!("There may be at most {MOST_WINDOWS} event windows."),
        ));
    }
    let id = cx.event_windows.fresh_id();
    let public = InstanceEventWindow {
        instance_event_window_id: Some(id.to_string()),
        name: input.name,
        state: Some(CREATING.into()),
        tags,
        ..InstanceEventWindow::default()
    };
    let changes = Some(cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::CapacityChange));
    let mut state = EventWindowState { public, changes };
    state.set_times(times);
    let answer = CreateInstanceEventWindowResult { instance_event_window: Some(state.public.clone()) };
    let mut batch = cx.batch();
    batch.create(&cx.event_windows, &id, state)?;
    cx.commit(batch, answer).await
}

async fn change(cx: &Context, id: &str, command: EventWindowCommand) -> Ec2Result<Option<InstanceEventWindow>> {
    let window = cx.event_windows.find(&cx.account, id)?;
    let answer = cx.event_windows.ask(&window.id, command).await?;
    Ok(Some(answer.published.state.public.clone()))
}

async fn modify_instance_event_window(
    cx: Context,
    input: ModifyInstanceEventWindowRequest,
) -> Ec2Result<ModifyInstanceEventWindowResult> {
    let times = times::read(&input.time_ranges, input.cron_expression.as_deref())?;
    if times.is_none() && input.name.is_none() {
        return Err(Ec2Error::new(
            "MissingParameter",
            "The request must contain the parameter Name, TimeRange or CronExpression",
        ));
    }
    let modify = EventWindowCommand::Modify { name: input.name.clone(), times };
    let instance_event_window = change(&cx, input.instance_event_window_id(), modify).await?;
    Ok(ModifyInstanceEventWindowResult { instance_event_window })
}

async fn delete_instance_event_window(
    cx: Context,
    input: DeleteInstanceEventWindowRequest,
) -> Ec2Result<DeleteInstanceEventWindowResult> {
    let delete = EventWindowCommand::Delete { force: input.force_delete() };
    change(&cx, input.instance_event_window_id(), delete).await?;
    let state = InstanceEventWindowStateChange {
        instance_event_window_id: input.instance_event_window_id,
        state: Some(DELETING.into()),
    };
    Ok(DeleteInstanceEventWindowResult { instance_event_window_state: Some(state) })
}

async fn associate_instance_event_window(
    cx: Context,
    input: AssociateInstanceEventWindowRequest,
) -> Ec2Result<AssociateInstanceEventWindowResult> {
    let target = required("AssociationTarget", input.association_target.clone().as_ref())?.clone();
    let window = cx.event_windows.find(&cx.account, input.instance_event_window_id())?;
    for id in &target.instance_ids {
        let instance = cx.instances.find(&cx.account, id)?;
        if instance.state.phase() == Phase::Terminated {
            return Err(Ec2Error::new("IncorrectInstanceState", format!("The instance '{id}' is terminated.")));
        }
    }
    for id in &target.dedicated_host_ids {
        cx.hosts.find(&cx.account, id)?;
    }
    for id in target.instance_ids.iter().chain(&target.dedicated_host_ids) {
        let mut others = cx.event_windows.linked_to(&Id::new(id)).values().cloned().collect::<Vec<_>>();
        others.retain(|other| other.id != window.id);
        if let Some(other) = others.first() {
            return Err(Ec2Error::invalid_parameter(format!(
                "'{id}' is associated with the event window '{}' already.",
                other.id
            )));
        }
    }
    if window.state.targets().instance_ids.len() + target.instance_ids.len() > MOST_INSTANCES {
        return Err(Ec2Error::invalid_parameter(format!(
            "An event window may have at most {MOST_INSTANCES} instances."
        )));
    }
    let new = InstanceEventWindowAssociationTarget {
        instance_ids: target.instance_ids,
        tags: target.instance_tags,
        dedicated_host_ids: target.dedicated_host_ids,
    };
    let instance_event_window = change(&cx, &window.id, EventWindowCommand::Associate(new)).await?;
    Ok(AssociateInstanceEventWindowResult { instance_event_window })
}

async fn disassociate_instance_event_window(
    cx: Context,
    input: DisassociateInstanceEventWindowRequest,
) -> Ec2Result<DisassociateInstanceEventWindowResult> {
    let target = required("AssociationTarget", input.association_target.clone().as_ref())?.clone();
    let old = InstanceEventWindowAssociationTarget {
        instance_ids: target.instance_ids,
        tags: target.instance_tags,
        dedicated_host_ids: target.dedicated_host_ids,
    };
    let id = input.instance_event_window_id();
    let instance_event_window = change(&cx, id, EventWindowCommand::Disassociate(old)).await?;
    Ok(DisassociateInstanceEventWindowResult { instance_event_window })
}

async fn describe_instance_event_windows(
    cx: Context,
    input: DescribeInstanceEventWindowsRequest,
) -> Ec2Result<DescribeInstanceEventWindowsResult> {
    let describe = Describe {
        ids: &input.instance_event_window_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 20..=500,
        ..Describe::default()
    };
    let page = describe.find(&cx, &cx.event_windows, FILTERS)?;
    let instance_event_windows = page.map(|item| item.state.public.clone());
    Ok(DescribeInstanceEventWindowsResult { instance_event_windows, next_token: page.next_token })
}
