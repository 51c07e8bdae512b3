//! The states of a fleet (AWS: "EC2 Fleet request states"): submitted, active, modifying, deleted_running,
//! deleted_terminating, deleted.

use archipelago_proto::{Ec2Error, Ec2Result};

use super::state::{Change, Fleet, FleetCommand as Command, FleetIntent};
use crate::entity::Next;
use crate::time::Millis;

/// How long an ended fleet is still described.
const VISIBLE: Millis = 48 * 3600 * 1000;
/// After that time missing capacity is looked for again; each time twice as long, up to an hour.
const RETRY: Millis = 60_000;
const LONGEST_RETRY: Millis = 3_600_000;

pub(super) fn change(fleet: &mut Fleet, command: Command, now: Millis) -> Ec2Result<()> {
    let live = matches!(fleet.state(), "submitted" | "active" | "modifying");
    match command {
        Command::Filled { errors, launched, complete } => filled(fleet, errors, launched, complete, now),
        Command::Shrunk(instances) => {
            terminated(fleet, instances, now);
            if fleet.intent() == FleetIntent::Shrink {
                fleet.intend(FleetIntent::Fill);
            }
        }
        Command::Modify(change) if fleet.state() == "active" && !fleet.is_instant() => modify(fleet, *change, now),
        Command::Modify(_) => {
            return Err(Ec2Error::new(
                "InvalidFleetState",
                format!(
                    "The fleet cannot be modified: it is of type '{}' and {}.",
                    fleet.public.r#type(),
                    fleet.state()
                ),
            ));
        }
        Command::Delete { terminate } if live || (terminate && fleet.state() == "deleted_running") => {
            enter(fleet, if terminate { "deleted_terminating" } else { "deleted_running" }, now);
            fleet.check = None;
            fleet.intend(if terminate { FleetIntent::Terminate } else { FleetIntent::Nothing });
        }
        Command::Delete { .. } => {
            let message = "The fleet is not in a state in which it can be deleted.";
            return Err(Ec2Error::new("fleetNotInDeletableState", message));
        }
        Command::Emptied(instances) => {
            terminated(fleet, instances, now);
            fleet.intend(FleetIntent::Nothing);
            end(fleet, now);
        }
        Command::InstanceLost(instance) => {
            let description = "{\"reason\":\"The instance is no longer running\"}".to_owned();
            fleet.tell(now, "instance-change", "terminated", description, Some(instance));
            if live && fleet.maintains() && fleet.intent() == FleetIntent::Nothing {
                fleet.attempts = 0;
                fleet.intend(FleetIntent::Fill);
            }
        }
        Command::Replace(instance) => {
            let description = "{\"reason\":\"The instance is at elevated risk of interruption\"}".to_owned();
            fleet.tell(now, "instance-change", "rebalance-recommendation", description, Some(instance));
            if live && fleet.intent() == FleetIntent::Nothing {
                fleet.attempts = 0;
                fleet.intend(FleetIntent::Fill);
            }
        }
        Command::Reevaluate => {
            if live && fleet.check.is_some() {
                fleet.check = Some(now);
            }
        }
    }
    Ok(())
}

fn filled(
    fleet: &mut Fleet,
    errors: Vec<archipelago_proto::ec2::v1::DescribeFleetError>,
    launched: Vec<archipelago_proto::ec2::v1::DescribeFleetsInstances>,
    complete: bool,
    now: Millis,
) {
    if fleet.intent() == FleetIntent::Fill {
        fleet.intend(FleetIntent::Nothing);
    }
    for group in &launched {
        for id in &group.instance_ids {
            let description =
                format!("{{\"instanceType\":\"{}\",\"lifecycle\":\"{}\"}}", group.instance_type(), group.lifecycle());
            fleet.tell(now, "instance-change", "launched", description, Some(id.clone()));
        }
    }
    for error in &errors {
        fleet.tell(now, "service-error", error.error_code(), error.error_message().to_owned(), None);
    }
    if fleet.is_instant() {
        (fleet.public.errors, fleet.public.instances) = (errors, launched);
        fleet.complete = true;
        return;
    }
    fleet.public.activity_status = Some(if errors.is_empty() { "pending_fulfillment" } else { "error" }.to_owned());
    fleet.complete |= complete;
    fleet.check = None;
    if fleet.state() == "modifying" {
        enter(fleet, "active", now);
    }
    if !complete && fleet.state() == "active" {
        let wait = RETRY.saturating_mul(1 << fleet.attempts.min(6)).min(LONGEST_RETRY);
        fleet.attempts += 1;
        fleet.check = Some(now + wait);
    } else {
        fleet.attempts = 0;
    }
}

fn terminated(fleet: &mut Fleet, instances: Vec<String>, now: Millis) {
    for id in instances {
        fleet.tell(now, "instance-change", "terminated", "{\"reason\":\"Capacity is reduced\"}".to_owned(), Some(id));
    }
}

fn modify(fleet: &mut Fleet, change: Change, now: Millis) {
    if let Some(target) = change.target {
        fleet.public.target_capacity_specification = Some(target);
    }
    if !change.configs.is_empty() {
        fleet.public.launch_template_configs = change.configs;
    }
    if change.excess.is_some() {
        fleet.public.excess_capacity_termination_policy = change.excess;
    }
    if change.context.is_some() {
        fleet.public.context = change.context;
    }
    if change.request.is_some() {
        fleet.request = change.request;
    }
    fleet.complete = false;
    fleet.attempts = 0;
    enter(fleet, "modifying", now);
    fleet.intend(FleetIntent::Shrink);
}

fn enter(fleet: &mut Fleet, state: &str, now: Millis) {
    fleet.public.fleet_state = Some(state.to_owned());
    fleet.tell(now, "fleet-change", state, String::new(), None);
}

fn end(fleet: &mut Fleet, now: Millis) {
    enter(fleet, "deleted", now);
    fleet.forgotten = Some(now + VISIBLE);
}

pub(super) fn due(fleet: &Fleet) -> Option<Millis> {
    match fleet.state() {
        "submitted" => Some(fleet.public.valid_from.unwrap_or(0)),
        "active" | "modifying" => {
            let until = fleet.public.valid_until.filter(|_| !fleet.is_instant());
            fleet.check.into_iter().chain(until).min()
        }
        _ => fleet.forgotten,
    }
}

pub(super) fn elapse(fleet: &Fleet, now: Millis) -> Next<Fleet> {
    let mut next = fleet.clone();
    let is_due = |time: Option<Millis>| time.is_some_and(|time| time <= now);
    match fleet.state() {
        "submitted" => {
            enter(&mut next, "active", now);
            next.intend(FleetIntent::Fill);
        }
        "active" | "modifying" if is_due(fleet.public.valid_until) && !fleet.is_instant() => {
            next.check = None;
            next.tell(now, "fleet-change", "expired", String::new(), None);
            let terminate = fleet.public.terminate_instances_with_expiration();
            enter(&mut next, if terminate { "deleted_terminating" } else { "deleted_running" }, now);
            next.intend(if terminate { FleetIntent::Terminate } else { FleetIntent::Nothing });
        }
        "active" | "modifying" if is_due(fleet.check) => {
            next.check = None;
            next.intend(FleetIntent::Fill);
        }
        _ if is_due(fleet.forgotten) => return Next::Gone(next),
        _ => return Next::Keep,
    }
    Next::Become(next)
}
