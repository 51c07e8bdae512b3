//! Room for a launch (AWS: InsufficientInstanceCapacity).

use std::cmp::Reverse;
use std::sync::Arc;

use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::capacity::{Market, Pool};
use crate::entity::{Id, Undo};
use crate::request::Context;

pub(in super::super) const INSUFFICIENT: &str = "InsufficientInstanceCapacity";

/// The zones in the order in which a launch that names none tries them: those with room come first.
pub(super) fn preferred(
    cx: &Context,
    mut zones: Vec<&'static Zone>,
    instance_type: &str,
    market: Market,
    count: i32,
) -> Vec<&'static Zone> {
    let count = usize::try_from(count).unwrap_or(0);
    zones.sort_by_key(|zone| Reverse(cx.capacity.room(&Pool::new(zone.name, instance_type, market)).min(count)));
    zones
}

/// Takes places; they are given back when the workflow fails.
pub(super) fn reserve(cx: &Context, undo: &mut Undo, pool: &Pool, ids: &[Id], offering: &[&Zone]) -> Ec2Result<()> {
    let taken = cx.capacity.reserve(pool, ids).map_err(|_| insufficient(cx, pool, ids.len(), offering))?;
    let (region, pool) = (Arc::clone(&cx.region), pool.clone());
    undo.push(async move { region.capacity.release(&pool, &taken, |_| true) });
    Ok(())
}

/// No reservation and no Dedicated Host is of use in a zone without power.
pub(in super::super) fn check_power(cx: &Context, pool: &Pool, count: usize, offering: &[&Zone]) -> Ec2Result<()> {
    if cx.dark_zones.has(&pool.zone) { Err(insufficient(cx, pool, count, offering)) } else { Ok(()) }
}

/// AWS names the zones that would do.
fn insufficient(cx: &Context, pool: &Pool, count: usize, offering: &[&Zone]) -> Ec2Error {
    if pool.market == Market::Spot {
        return Ec2Error::new(INSUFFICIENT, "There is no Spot capacity available that matches your request.");
    }
    let (name, zone) = (&pool.instance_type, &pool.zone);
    let mut others: Vec<_> = offering.iter().map(|zone| zone.name).filter(|other| **zone != **other).collect();
    others.retain(|other| cx.capacity.room(&pool.in_zone(other)) >= count);
    others.sort_unstable();
    let elsewhere = if others.is_empty() {
        String::new()
    } else {
        format!(
            " You can currently get {name} capacity by not specifying an Availability Zone in your request or choosing {}.",
            others.join(", ")
        )
    };
    Ec2Error::new(
        INSUFFICIENT,
        format!(
            "We currently do not have sufficient {name} capacity in the Availability Zone you requested ({zone}). Our \
             system will be working on provisioning additional capacity.{elsewhere}"
        ),
    )
}
