//! What a reference to a prefix list counts: as many rules or routes as the list can have entries
//! (AWS: "Prefix list quotas").

use std::sync::Arc;

use archipelago_proto::ec2::v1::{Route, SecurityGroupRule};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::PrefixListState;
use crate::entity::{Entity as _, Id, Published};
use crate::request::Context;

/// AWS's quotas. Where they are not enforced, they are held only against references to prefix lists.
const MOST_RULES: u64 = 60;
const MOST_ROUTES: u64 = 500;

fn most(cx: &Context, quota: &str, otherwise: u64) -> i64 {
    let most = cx.shell.quotas.limit(&cx.account, quota).unwrap_or(otherwise);
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// A list of the caller's, or one of AWS's.
pub fn find(cx: &Context, id: &str) -> Ec2Result<Arc<Published<PrefixListState>>> {
    PrefixListState::KIND.check(id)?;
    let found = cx.prefix_lists.index().get(id);
    let found = found.filter(|list| list.account == cx.account || list.state.is_aws());
    found.ok_or_else(|| PrefixListState::KIND.not_found(id))
}

/// AWS's own lists say how much they weigh; the others as much as they may hold.
fn weight(list: &PrefixListState) -> i64 {
    match list.public.prefix_list_name().rsplit('.').next() {
        Some("origin-facing") if list.is_aws() => 55,
        Some("s3express") if list.is_aws() => 6,
        _ if list.is_aws() => i64::try_from(list.entries().len()).unwrap_or(1),
        _ => list.public.max_entries().into(),
    }
}

fn total(cx: &Context, lists: &[Option<&str>]) -> i64 {
    let weigh = |id: &str| cx.prefix_lists.index().get(id).map_or(1, |list| weight(&list.state));
    lists.iter().map(|list| list.map_or(1, weigh)).sum()
}

/// Whether there are lists, and quotas that they count against.
fn counts_lists(cx: &Context, known: &[Option<&str>]) -> bool {
    cx.shell.quotas.on() && known.iter().any(Option::is_some)
}

/// The list that a new route leads to, if it does, which the table can take.
pub fn weigh_routes(cx: &Context, known: &[Route], new: &Route) -> Ec2Result<Option<Id>> {
    let list = new.destination_prefix_list_id.as_deref().map(|id| find(cx, id)).transpose()?;
    let known: Vec<_> = known.iter().map(|route| route.destination_prefix_list_id.as_deref()).collect();
    let counts = list.is_some() || counts_lists(cx, &known);
    let needed = total(cx, &known) + list.as_ref().map_or(1, |list| weight(&list.state));
    if counts && needed > most(cx, "routes-per-route-table", MOST_ROUTES) {
        return Err(Ec2Error::new("RouteLimitExceeded", "The maximum number of routes has been reached."));
    }
    Ok(list.map(|list| list.id.clone()))
}

/// The lists that new rules of one direction refer to, which the group can take.
pub fn weigh_rules<'a>(
    cx: &Context,
    known: impl Iterator<Item = &'a SecurityGroupRule>,
    new: &[Option<&str>],
    quota: &str,
) -> Ec2Result<Vec<Id>> {
    let mut lists = Vec::new();
    for id in new.iter().flatten() {
        lists.push(find(cx, id)?.id.clone());
    }
    let known: Vec<_> = known.map(|rule| rule.prefix_list_id.as_deref()).collect();
    let counts = !lists.is_empty() || counts_lists(cx, &known);
    if counts && total(cx, &known) + total(cx, new) > most(cx, quota, MOST_RULES) {
        return Err(Ec2Error::new(
            "RulesPerSecurityGroupLimitExceeded",
            "The maximum number of rules per security group has been reached.",
        ));
    }
    Ok(lists)
}
