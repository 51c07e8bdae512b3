//! The health of instances (reference: DescribeInstanceStatus).

use std::sync::Arc;

use archipelago_proto::Ec2Error;
use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::{
    DescribeInstanceStatusRequest, DescribeInstanceStatusResult, EbsStatusDetails, EbsStatusSummary, InstanceStatus,
    InstanceStatusDetails, InstanceStatusSummary, OperatorResponse, Placement, ReportInstanceStatusRequest,
    ReportInstanceStatusResponse,
};

use super::lifecycle::Phase;
use super::state::InstanceState;
use crate::entity::Published;
use crate::request::{Column, Context, Describe, Row, Table};
use crate::time::Millis;

pub(super) struct StatusRow(InstanceStatus, Phase);

impl Row for StatusRow {
    fn id(&self) -> &str {
        self.0.instance_id()
    }
}

/// Reference and AWS: DescribeInstanceStatus.
const FILTERS: Table<StatusRow> = &[
    ("availability-zone", Column::Of(|row, probe| probe.text(row.0.availability_zone()))),
    ("availability-zone-id", Column::Of(|row, probe| probe.text(row.0.availability_zone_id()))),
    ("event.code", Column::Of(|row, probe| row.0.events.iter().for_each(|event| probe.text(event.code())))),
    (
        "event.description",
        Column::Of(|row, probe| row.0.events.iter().for_each(|event| probe.text(event.description()))),
    ),
    (
        "event.instance-event-id",
        Column::Of(|row, probe| row.0.events.iter().for_each(|event| probe.text(event.instance_event_id()))),
    ),
    ("event.not-after", Column::Of(|row, probe| row.0.events.iter().for_each(|event| probe.time(event.not_after)))),
    ("event.not-before", Column::Of(|row, probe| row.0.events.iter().for_each(|event| probe.time(event.not_before)))),
    (
        "event.not-before-deadline",
        Column::Of(|row, probe| row.0.events.iter().for_each(|event| probe.time(event.not_before_deadline))),
    ),
    ("instance-state-code", Column::Of(|row, probe| probe.number(Some(row.1.code())))),
    ("instance-state-name", Column::Of(|row, probe| probe.text(row.1.name()))),
    ("instance-status.reachability", Column::Of(|row, probe| reachability(row.0.instance_status.as_ref(), probe))),
    ("instance-status.status", Column::Of(|row, probe| status(row.0.instance_status.as_ref(), probe))),
    ("operator.managed", Column::Of(|row, probe| probe.flag(row.0.operator.as_ref().and_then(|o| o.managed)))),
    ("operator.principal", Column::Of(|_, _| {})),
    ("system-status.reachability", Column::Of(|row, probe| reachability(row.0.system_status.as_ref(), probe))),
    ("system-status.status", Column::Of(|row, probe| status(row.0.system_status.as_ref(), probe))),
    (
        "attached-ebs-status.status",
        Column::Of(|row, probe| probe.maybe(row.0.attached_ebs_status.as_ref().and_then(|s| s.status.as_deref()))),
    ),
];

fn status(summary: Option<&InstanceStatusSummary>, probe: &mut crate::request::Probe<'_>) {
    probe.maybe(summary.and_then(|summary| summary.status.as_deref()));
}

fn reachability(summary: Option<&InstanceStatusSummary>, probe: &mut crate::request::Probe<'_>) {
    let details = summary.into_iter().flat_map(|summary| &summary.details);
    details.for_each(|detail| probe.maybe(detail.status.as_deref()));
}

pub(super) async fn describe_instance_status(
    cx: Context,
    input: DescribeInstanceStatusRequest,
) -> Ec2Result<DescribeInstanceStatusResult> {
    if input.instance_ids.len() > 100 {
        return Err(Ec2Error::invalid_parameter("At most 100 instance IDs may be specified"));
    }
    let describe = Describe {
        ids: &input.instance_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        ..Describe::default()
    };
    let all = input.include_all_instances();
    let now = cx.shell.clock.now();
    let shown = |instance: &Published<InstanceState>| {
        *instance.account == *cx.account && (all || instance.state.phase() == Phase::Running)
    };
    let row = |instance: Arc<Published<InstanceState>>| {
        let placement = instance.state.public.placement.as_ref();
        let dark_since = cx.dark_zones.since(placement.map_or("", Placement::availability_zone));
        row(&instance, now, dark_since)
    };
    let page = if input.instance_ids.is_empty() {
        let shelves = [crate::entity::Shelf::Owner(cx.account.clone())];
        describe.find_where(&cx.instances, FILTERS, &shelves, shown, row)?
    } else {
        // Ids must exist whatever the state; those that do not run are left out only then.
        let mut page = describe.find_rows(&cx, &cx.instances, FILTERS, row)?;
        page.items.retain(|row| all || row.1 == Phase::Running);
        page
    };
    let next_token = page.next_token;
    Ok(DescribeInstanceStatusResult {
        instance_statuses: page.items.into_iter().map(|row| row.0).collect(),
        next_token,
    })
}

/// `dark_since`: its zone has had no power since then, which AWS tells as the status of the system.
fn row(instance: &Published<InstanceState>, now: Millis, dark_since: Option<Millis>) -> StatusRow {
    let phase = instance.state.phase();
    let impaired_since = instance.state.private.impaired_since.or(dark_since);
    let (overall, reachability) = match phase {
        Phase::Running if impaired_since.is_some() => ("impaired", "failed"),
        Phase::Running if instance.state.private.checked_from > now => ("initializing", "initializing"),
        Phase::Running => ("ok", "passed"),
        _ => ("not-applicable", ""),
    };
    let detail = InstanceStatusDetails {
        name: Some("reachability".to_owned()),
        status: Some(reachability.to_owned()),
        impaired_since,
    };
    let details: Vec<_> = std::iter::once(detail).filter(|_| phase == Phase::Running).collect();
    let summary = InstanceStatusSummary { status: Some(overall.to_owned()), details: details.clone() };
    let dark = dark_since.filter(|_| phase != Phase::Terminated).map(|since| InstanceStatusSummary {
        status: Some("impaired".to_owned()),
        details: vec![InstanceStatusDetails {
            name: Some("reachability".to_owned()),
            status: Some("failed".to_owned()),
            impaired_since: Some(since),
        }],
    });
    let ebs = details.into_iter().map(|detail| EbsStatusDetails {
        name: detail.name,
        status: detail.status,
        impaired_since: detail.impaired_since,
    });
    let placement = instance.state.public.placement.as_ref();
    let public = InstanceStatus {
        availability_zone: placement.and_then(|placement| placement.availability_zone.clone()),
        availability_zone_id: placement.and_then(|placement| placement.availability_zone_id.clone()),
        operator: Some(OperatorResponse { managed: Some(false), ..OperatorResponse::default() }),
        instance_id: Some(instance.id.to_string()),
        instance_state: Some(phase.public()),
        attached_ebs_status: Some(EbsStatusSummary { details: ebs.collect(), status: summary.status.clone() }),
        system_status: Some(dark.unwrap_or_else(|| summary.clone())),
        instance_status: Some(summary),
        events: instance.state.private.events.clone(),
        ..InstanceStatus::default()
    };
    StatusRow(public, phase)
}

/// AWS collects such reports; they do not change what DescribeInstanceStatus tells.
pub(super) async fn report_instance_status(
    cx: Context,
    input: ReportInstanceStatusRequest,
) -> Ec2Result<ReportInstanceStatusResponse> {
    let (start, end) = (input.start_time, input.end_time);
    if start.zip(end).is_some_and(|(start, end)| end < start) {
        return Err(Ec2Error::invalid_parameter("The end time must not be before the start time"));
    }
    for id in &input.instances {
        let instance = cx.instances.find(&cx.account, id)?;
        if instance.state.phase() != Phase::Running {
            return Err(super::state::incorrect(id));
        }
    }
    Ok(ReportInstanceStatusResponse {})
}
