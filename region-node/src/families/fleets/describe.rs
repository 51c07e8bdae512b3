//! DescribeFleets, DescribeFleetInstances and DescribeFleetHistory.

use std::sync::Arc;

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    ActiveInstance, DescribeFleetHistoryRequest, DescribeFleetHistoryResult, DescribeFleetInstancesRequest,
    DescribeFleetInstancesResult, DescribeFleetsRequest, DescribeFleetsResult, EventInformation, FleetData,
    HistoryRecordEntry,
};

use super::history::records;
use super::members::{fulfilled, members};
use super::state::{Fleet, FleetState};
use crate::entity::{Id, Published, Shelf};
use crate::families::instances::InstanceState;
use crate::request::{Column, Context, Describe, FilterTable, Row, Table};

/// AWS: DescribeFleets.
const FILTERS: FilterTable<FleetState<false>> = &[
    ("activity-status", Column::Of(|fleet, probe| probe.maybe(fleet.state.0.public.activity_status.as_deref()))),
    (
        "excess-capacity-termination-policy",
        Column::Of(|fleet, probe| {
            let policy = fleet.state.0.public.excess_capacity_termination_policy.as_deref();
            probe.text(if policy.unwrap_or("termination") == "termination" { "true" } else { "false" });
            probe.maybe(policy);
        }),
    ),
    ("fleet-state", Column::Of(|fleet, probe| probe.text(fleet.state.0.state()))),
    (
        "replace-unhealthy-instances",
        Column::Of(|fleet, probe| probe.flag(fleet.state.0.public.replace_unhealthy_instances)),
    ),
    ("type", Column::Of(|fleet, probe| probe.maybe(fleet.state.0.public.r#type.as_deref()))),
];

pub(super) async fn describe_fleets(cx: Context, input: DescribeFleetsRequest) -> Ec2Result<DescribeFleetsResult> {
    let describe = Describe {
        ids: &input.fleet_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=1000,
        ..Describe::default()
    };
    // AWS: instant fleets are described by their ids only.
    let named = !input.fleet_ids.is_empty();
    let visible =
        |fleet: &Published<FleetState<false>>| *fleet.account == *cx.account && (named || !fleet.state.0.is_instant());
    let shelves = [Shelf::Owner(cx.account.clone())];
    let page = describe.find_where(&cx.fleets, FILTERS, &shelves, visible, |fleet| fleet)?;
    let fleets = page.map(|fleet| view(&cx, &fleet.id, &fleet.state.0));
    Ok(DescribeFleetsResult { next_token: page.next_token, fleets })
}

/// With what its instances make of its capacity.
fn view(cx: &Context, id: &Id, fleet: &Fleet) -> FleetData {
    let got = fulfilled(cx, id);
    let mut shown = fleet.public.clone();
    shown.fulfilled_capacity = Some(got.total());
    shown.fulfilled_on_demand_capacity = Some(got.on_demand);
    shown.activity_status = Some(activity(fleet, got.total()));
    shown
}

/// `fulfilled`, or what keeps it from being so.
pub(crate) fn activity(fleet: &Fleet, got: f64) -> String {
    let target = f64::from(fleet.target().total_target_capacity());
    match fleet.state() {
        "deleted_terminating" => "pending_termination",
        _ if got >= target || (fleet.complete && !fleet.maintains()) => "fulfilled",
        _ => fleet.public.activity_status.as_deref().unwrap_or("pending_fulfillment"),
    }
    .to_owned()
}

/// An instance of a fleet.
pub(crate) struct MemberRow(pub(crate) Arc<Published<InstanceState>>);

impl Row for MemberRow {
    fn id(&self) -> &str {
        &self.0.id
    }
}

const MEMBER_FILTERS: Table<MemberRow> =
    &[("instance-type", Column::Of(|row, probe| probe.text(row.0.state.public.instance_type())))];

/// The instances of a fleet in pages.
pub(crate) fn active_instances(
    cx: &Context,
    fleet: &Id,
    describe: &Describe<'_>,
) -> Ec2Result<(Vec<ActiveInstance>, Option<String>)> {
    let page = describe.pick(&format!("fleet-instances/{fleet}"), MEMBER_FILTERS, |after| {
        let mut rows: Vec<_> = members(cx, fleet).into_iter().map(MemberRow).collect();
        rows.sort_by(|a, b| a.0.id.cmp(&b.0.id));
        let after = after.map(str::to_owned);
        rows.into_iter().filter(move |row| after.as_deref().is_none_or(|after| row.id() > after))
    })?;
    let shown = page.items.iter().map(|row| ActiveInstance {
        instance_id: Some(row.0.id.to_string()),
        instance_type: row.0.state.public.instance_type.clone(),
        spot_instance_request_id: row.0.state.public.spot_instance_request_id.clone(),
        instance_health: Some(
            if row.0.state.private.impaired_since.is_some() { "unhealthy" } else { "healthy" }.to_owned(),
        ),
    });
    Ok((shown.collect(), page.next_token))
}

pub(super) async fn describe_fleet_instances(
    cx: Context,
    input: DescribeFleetInstancesRequest,
) -> Ec2Result<DescribeFleetInstancesResult> {
    let fleet = cx.fleets.find(&cx.account, input.fleet_id())?;
    if fleet.state.0.is_instant() {
        return Err(archipelago_proto::Ec2Error::unsupported(
            "The instances of a fleet of type 'instant' are told by DescribeFleets.",
        ));
    }
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=1000,
        ..Describe::default()
    };
    let (active_instances, next_token) = active_instances(&cx, &fleet.id, &describe)?;
    Ok(DescribeFleetInstancesResult { active_instances, next_token, fleet_id: input.fleet_id })
}

pub(super) async fn describe_fleet_history(
    cx: Context,
    input: DescribeFleetHistoryRequest,
) -> Ec2Result<DescribeFleetHistoryResult> {
    let fleet = cx.fleets.find(&cx.account, input.fleet_id())?;
    let (kind, since) = (input.event_type.as_deref(), input.start_time());
    let token = input.next_token.as_deref();
    let (page, last) = records(&cx, &fleet.id, &fleet.state.0, kind, since, input.max_results, token)?;
    let history_records = page.map(|row| HistoryRecordEntry {
        event_information: Some(EventInformation {
            event_description: Some(row.event.description.clone()),
            event_sub_type: Some(row.event.sub_type.clone()),
            instance_id: row.event.instance.clone(),
        }),
        event_type: Some(row.event.kind.clone()),
        timestamp: Some(row.event.time),
    });
    Ok(DescribeFleetHistoryResult {
        history_records,
        last_evaluated_time: Some(last),
        next_token: page.next_token,
        fleet_id: input.fleet_id,
        start_time: input.start_time,
    })
}
