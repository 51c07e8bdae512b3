//! How instances come to hosts: to the one that is named, or to any that takes untargeted launches.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::HostState;
use super::capacity;
use super::state::HostCommand;
use crate::Region;
use crate::entity::{Id, Published, Undo};
use crate::request::Context;

/// What instances want of a host.
pub(crate) struct Wish<'a> {
    pub(crate) host: Option<&'a str>,
    /// Tried first, if no host is named.
    pub(crate) last: Option<&'a str>,
    pub(crate) zone: &'a str,
    pub(crate) instance_type: &'a str,
}

/// A host for each of the instances, or an error; their places are given back if the workflow fails.
pub(crate) async fn place(cx: &Context, undo: &mut Undo, wish: &Wish<'_>, ids: &[Id]) -> Ec2Result<Vec<Id>> {
    let mut hosts = match wish.host {
        Some(id) => vec![named(cx, id, wish)?],
        None => automatic(cx, wish),
    };
    hosts.sort_by_key(|host| (Some(host.id.as_str()) != wish.last, host.sequence));
    let mut placed = Vec::with_capacity(ids.len());
    for host in hosts {
        let left = ids[placed.len()..].to_vec();
        if left.is_empty() {
            break;
        }
        let place = HostCommand::Place { ids: left, instance_type: wish.instance_type.to_owned() };
        // A host that is gone by now has no room.
        let Ok(answer) = cx.hosts.ask(&host.id, place).await else { continue };
        placed.extend(answer.reply.iter().map(|_| host.id.clone()));
        let (host_of, region) = (host.id.clone(), Arc::clone(&cx.region));
        undo.push(async move { leave(&region, &host_of, answer.reply).await });
    }
    if placed.len() == ids.len() { Ok(placed) } else { Err(insufficient()) }
}

fn insufficient() -> Ec2Error {
    Ec2Error::new(
        "InsufficientHostCapacity",
        "There is insufficient capacity on your Dedicated Hosts to complete the request.",
    )
}

fn named(cx: &Context, id: &str, wish: &Wish<'_>) -> Ec2Result<Arc<Published<HostState>>> {
    let host = cx.hosts.find(&cx.account, id)?;
    if !host.state.is_available() {
        let state = host.state.public.state();
        return Err(Ec2Error::new("InvalidHostState", format!("The host '{id}' is in the '{state}' state.")));
    }
    if host.state.public.availability_zone() != wish.zone {
        return Err(Ec2Error::invalid_combination(format!("The host '{id}' is not in the zone {}.", wish.zone)));
    }
    if !capacity::takes(&host.state.properties(), wish.instance_type) {
        return Err(Ec2Error::invalid_combination(format!(
            "The host '{id}' does not support the instance type {}.",
            wish.instance_type
        )));
    }
    Ok(host)
}

fn automatic(cx: &Context, wish: &Wish<'_>) -> Vec<Arc<Published<HostState>>> {
    let hosts = cx.hosts.owned_by(&cx.account);
    let fits = |host: &&Arc<Published<HostState>>| {
        host.state.is_available()
            && host.state.public.auto_placement() == "on"
            && host.state.public.availability_zone() == wish.zone
            && capacity::takes(&host.state.properties(), wish.instance_type)
    };
    hosts.values().filter(fits).cloned().collect()
}

pub(crate) async fn leave(region: &Region, host: &Id, ids: Vec<Id>) {
    let _ = region.hosts.ask(host, HostCommand::Leave(ids)).await;
}

/// An instance is where it was before a restart.
pub(crate) async fn restore(region: &Region, host: &Id, id: Id, instance_type: &str) {
    let _ = region.hosts.ask(host, HostCommand::Restore { id, instance_type: instance_type.to_owned() }).await;
}
