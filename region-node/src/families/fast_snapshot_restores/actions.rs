//! The actions on fast snapshot restores (AWS: "Amazon EBS fast snapshot restore").

use archipelago_proto::ec2::v1::{
    DescribeFastSnapshotRestoreSuccessItem, DescribeFastSnapshotRestoresRequest, DescribeFastSnapshotRestoresResult,
    DisableFastSnapshotRestoreErrorItem, DisableFastSnapshotRestoreStateError,
    DisableFastSnapshotRestoreStateErrorItem, DisableFastSnapshotRestoreSuccessItem,
    DisableFastSnapshotRestoresRequest, DisableFastSnapshotRestoresResult, EnableFastSnapshotRestoreErrorItem,
    EnableFastSnapshotRestoreStateError, EnableFastSnapshotRestoreStateErrorItem, EnableFastSnapshotRestoreSuccessItem,
    EnableFastSnapshotRestoresRequest, EnableFastSnapshotRestoresResult,
};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::FastRestoreState;
use super::filters::FILTERS;
use super::state::{ENABLING, FastRestoreCommand, INITIATED, id};
use crate::entity::{Published, Shelf};
use crate::families::snapshots;
use crate::request::{Action, Context, Describe, zone};
use crate::time::Transition;

/// AWS: snapshots of at most 16 TiB.
const LARGEST_GIB: i32 = 16 * 1024;

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(enable_fast_snapshot_restores),
        Action::new(disable_fast_snapshot_restores),
        Action::new(describe_fast_snapshot_restores),
    ]
}

/// Whether volumes that the account makes of the snapshot in the zone are at full speed at once.
pub(crate) fn enabled(cx: &Context, snapshot: &str, zone: &str) -> bool {
    let known = cx.fast_restores.index().get(&id(&cx.account, snapshot, zone));
    known.is_some_and(|known| known.state.is_enabled())
}

fn zones(cx: &Context, names: &[String], ids: &[String]) -> Ec2Result<Vec<&'static Zone>> {
    if !names.is_empty() && !ids.is_empty() {
        return Err(Ec2Error::invalid_combination(
            "The parameters AvailabilityZone and AvailabilityZoneId may not be specified together",
        ));
    }
    let named = names.iter().map(|name| zone(cx, Some(name), None));
    let zones = named.chain(ids.iter().map(|id| zone(cx, None, Some(id)))).collect::<Ec2Result<Vec<_>>>()?;
    if zones.is_empty() { Err(Ec2Error::missing_parameter("AvailabilityZone")) } else { Ok(zones) }
}

async fn enable(cx: &Context, snapshot: &str, zone: &Zone) -> Ec2Result<DescribeFastSnapshotRestoreSuccessItem> {
    let known = snapshots::find(cx, snapshot)?;
    if !known.state.is_completed() || known.state.public.volume_size() > LARGEST_GIB {
        return Err(Ec2Error::new(
            "InvalidSnapshotState",
            format!("Fast snapshot restores cannot be enabled for the snapshot '{snapshot}'."),
        ));
    }
    let id = id(&cx.account, snapshot, zone.name);
    if cx.fast_restores.index().get(&id).is_some() {
        let answer = cx.fast_restores.ask(&id, FastRestoreCommand::Enable).await?;
        return Ok(answer.published.state.public.clone());
    }
    let now = cx.shell.clock.now();
    let public = DescribeFastSnapshotRestoreSuccessItem {
        snapshot_id: Some(snapshot.to_owned()),
        availability_zone: Some(zone.name.to_owned()),
        availability_zone_id: Some(zone.id.to_owned()),
        state: Some(ENABLING.into()),
        state_transition_reason: Some(INITIATED.into()),
        owner_id: Some(cx.account.to_string()),
        enabling_time: Some(now),
        ..DescribeFastSnapshotRestoreSuccessItem::default()
    };
    let changes = Some(now + cx.shell.lifecycle.duration(Transition::FastSnapshotRestore));
    let mut batch = cx.batch();
    batch.create(&cx.fast_restores, &id, FastRestoreState { public: public.clone(), changes })?;
    batch.commit().await?;
    Ok(public)
}

async fn disable(cx: &Context, snapshot: &str, zone: &Zone) -> Ec2Result<DescribeFastSnapshotRestoreSuccessItem> {
    let id = id(&cx.account, snapshot, zone.name);
    let known = cx.fast_restores.index().get(&id).filter(|known| !known.state.is_off());
    if known.is_none() {
        snapshots::find(cx, snapshot)?;
        return Err(Ec2Error::new(
            "InvalidFastSnapshotRestoreState",
            format!("Fast snapshot restores are not enabled for the snapshot '{snapshot}' in {}.", zone.name),
        ));
    }
    let answer = cx.fast_restores.ask(&id, FastRestoreCommand::Disable).await?;
    Ok(answer.published.state.public.clone())
}

async fn enable_fast_snapshot_restores(
    cx: Context,
    input: EnableFastSnapshotRestoresRequest,
) -> Ec2Result<EnableFastSnapshotRestoresResult> {
    let zones = zones(&cx, &input.availability_zones, &input.availability_zone_ids)?;
    let mut result = EnableFastSnapshotRestoresResult::default();
    for snapshot in &input.source_snapshot_ids {
        let mut errors = Vec::new();
        for zone in &zones {
            match enable(&cx, snapshot, zone).await {
                Ok(item) => result.successful.push(EnableFastSnapshotRestoreSuccessItem {
                    snapshot_id: item.snapshot_id,
                    availability_zone: item.availability_zone,
                    availability_zone_id: item.availability_zone_id,
                    state: item.state,
                    state_transition_reason: item.state_transition_reason,
                    owner_id: item.owner_id,
                    owner_alias: item.owner_alias,
                    enabling_time: item.enabling_time,
                    optimizing_time: item.optimizing_time,
                    enabled_time: item.enabled_time,
                    disabling_time: item.disabling_time,
                    disabled_time: item.disabled_time,
                }),
                Err(error) => errors.push(EnableFastSnapshotRestoreStateErrorItem {
                    availability_zone: Some(zone.name.to_owned()),
                    availability_zone_id: Some(zone.id.to_owned()),
                    error: Some(EnableFastSnapshotRestoreStateError {
                        code: Some(error.code),
                        message: Some(error.message),
                    }),
                }),
            }
        }
        if !errors.is_empty() {
            result.unsuccessful.push(EnableFastSnapshotRestoreErrorItem {
                snapshot_id: Some(snapshot.clone()),
                fast_snapshot_restore_state_errors: errors,
            });
        }
    }
    Ok(result)
}

async fn disable_fast_snapshot_restores(
    cx: Context,
    input: DisableFastSnapshotRestoresRequest,
) -> Ec2Result<DisableFastSnapshotRestoresResult> {
    let zones = zones(&cx, &input.availability_zones, &input.availability_zone_ids)?;
    let mut result = DisableFastSnapshotRestoresResult::default();
    for snapshot in &input.source_snapshot_ids {
        let mut errors = Vec::new();
        for zone in &zones {
            match disable(&cx, snapshot, zone).await {
                Ok(item) => result.successful.push(DisableFastSnapshotRestoreSuccessItem {
                    snapshot_id: item.snapshot_id,
                    availability_zone: item.availability_zone,
                    availability_zone_id: item.availability_zone_id,
                    state: item.state,
                    state_transition_reason: item.state_transition_reason,
                    owner_id: item.owner_id,
                    owner_alias: item.owner_alias,
                    enabling_time: item.enabling_time,
                    optimizing_time: item.optimizing_time,
                    enabled_time: item.enabled_time,
                    disabling_time: item.disabling_time,
                    disabled_time: item.disabled_time,
                }),
                Err(error) => errors.push(DisableFastSnapshotRestoreStateErrorItem {
                    availability_zone: Some(zone.name.to_owned()),
                    availability_zone_id: Some(zone.id.to_owned()),
                    error: Some(DisableFastSnapshotRestoreStateError {
                        code: Some(error.code),
                        message: Some(error.message),
                    }),
                }),
            }
        }
        if !errors.is_empty() {
            result.unsuccessful.push(DisableFastSnapshotRestoreErrorItem {
                snapshot_id: Some(snapshot.clone()),
                fast_snapshot_restore_state_errors: errors,
            });
        }
    }
    Ok(result)
}

async fn describe_fast_snapshot_restores(
    cx: Context,
    input: DescribeFastSnapshotRestoresRequest,
) -> Ec2Result<DescribeFastSnapshotRestoresResult> {
    let describe = Describe {
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        sizes: 1..=200,
        ..Describe::default()
    };
    // With a snapshot its fast restores go too.
    let shown = |item: &Published<FastRestoreState>| {
        *item.account == *cx.account && cx.snapshots.index().get(item.state.public.snapshot_id()).is_some()
    };
    let shelves = [Shelf::Owner(cx.account.clone())];
    let page = describe.find_where(&cx.fast_restores, FILTERS, &shelves, shown, |item| item)?;
    let fast_snapshot_restores = page.map(|item| item.state.public.clone());
    Ok(DescribeFastSnapshotRestoresResult { fast_snapshot_restores, next_token: page.next_token })
}
