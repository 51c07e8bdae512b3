//! The actions on snapshots (reference: "Amazon EBS").

use std::sync::Arc;

use archipelago_proto::ec2::v1::{
    CopySnapshotRequest, CopySnapshotResult, CreateSnapshotRequest, DeleteSnapshotRequest, DeleteSnapshotResponse,
    DescribeSnapshotAttributeRequest, DescribeSnapshotAttributeResult, DescribeSnapshotsRequest,
    DescribeSnapshotsResult, ModifySnapshotAttributeRequest, ModifySnapshotAttributeResponse,
    ResetSnapshotAttributeRequest, ResetSnapshotAttributeResponse, Snapshot,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::filters::{FILTERS, SnapshotRow};
use super::{SnapshotCommand, SnapshotState, attributes, copies, copy_snapshot, create, owned, view, visible};
use crate::entity::{Entity as _, Published, Shelf};
use crate::request::{Action, Context, Describe, check_account, tags_for};

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(create_snapshot),
        Action::new(delete_snapshot),
        Action::new(describe_snapshots),
        Action::new(copy_snapshot),
        Action::new(describe_snapshot_attribute),
        Action::new(modify_snapshot_attribute),
        Action::new(reset_snapshot_attribute),
    ]
}

async fn create_snapshot(cx: Context, input: CreateSnapshotRequest) -> Ec2Result<Snapshot> {
    let kind = &SnapshotState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    if input.outpost_arn.is_some() || input.location() == "local" {
        return Err(Ec2Error::unsupported(
            "Snapshots are kept in the region: there are no Outposts and no local snapshots.",
        ));
    }
    let volume = cx.volumes.find(&cx.account, input.volume_id())?;
    let mut batch = cx.batch();
    let (_, snapshot) =
        create(&cx, &mut batch, &volume.state.public, &volume.state.data_key, input.description(), tags)?;
    cx.commit(batch, snapshot).await
}

async fn delete_snapshot(cx: Context, input: DeleteSnapshotRequest) -> Ec2Result<DeleteSnapshotResponse> {
    let snapshot = owned(&cx, input.snapshot_id())?;
    cx.snapshots.ask(&snapshot.id, SnapshotCommand::Delete).await?;
    if snapshot.state.copy.is_some() {
        copies::end(&cx, &cx.account, &snapshot.id).await;
    }
    Ok(DeleteSnapshotResponse {})
}

async fn describe_snapshots(cx: Context, input: DescribeSnapshotsRequest) -> Ec2Result<DescribeSnapshotsResult> {
    input.owner_ids.iter().try_for_each(|owner| check_account(owner, &["self", "amazon"]))?;
    input.restorable_by_user_ids.iter().try_for_each(|user| check_account(user, &["self", "all"]))?;
    let describe = Describe {
        ids: &input.snapshot_ids,
        filters: &input.filters,
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
        scope: &[&input.owner_ids, &input.restorable_by_user_ids],
        ..Describe::default()
    };
    let shelves = [Shelf::Owner(cx.account.clone()), Shelf::SharedWith(cx.account.clone()), Shelf::Everyone];
    let wanted = |snapshot: &Published<SnapshotState>| {
        visible(&cx, snapshot)
            && any(&input.owner_ids, |owner| is_owner(&cx, snapshot, owner))
            && any(&input.restorable_by_user_ids, |user| may_restore(&cx, snapshot, user))
    };
    // What is asked for by id and does not pass is left out; what does not exist is an error.
    let seen = |snapshot: &Published<SnapshotState>| {
        if input.snapshot_ids.is_empty() { wanted(snapshot) } else { visible(&cx, snapshot) }
    };
    let now = cx.shell.clock.now();
    let row = |snapshot: Arc<Published<SnapshotState>>| {
        let mut public = view(&snapshot.state, now);
        if *snapshot.account != *cx.account {
            public.tags.clear();
        }
        SnapshotRow { wanted: wanted(&snapshot), public }
    };
    let page = describe.find_where(&cx.snapshots, FILTERS, &shelves, seen, row)?;
    let snapshots = page.items.into_iter().filter(|row| row.wanted).map(|row| row.public).collect();
    Ok(DescribeSnapshotsResult { next_token: page.next_token, snapshots })
}

/// Whether any of the values passes; none at all restricts nothing.
fn any(values: &[String], test: impl Fn(&str) -> bool) -> bool {
    values.is_empty() || values.iter().any(|value| test(value))
}

fn is_owner(cx: &Context, snapshot: &Published<SnapshotState>, owner: &str) -> bool {
    match owner {
        "self" => *snapshot.account == *cx.account,
        "amazon" => snapshot.state.public.owner_alias() == owner,
        account => *snapshot.account == *account,
    }
}

fn may_restore(cx: &Context, snapshot: &Published<SnapshotState>, user: &str) -> bool {
    let account = match user {
        "all" => return snapshot.state.everyone,
        "self" => &*cx.account,
        account => account,
    };
    *snapshot.account == *account || snapshot.state.users.iter().any(|user| user == account)
}

async fn copy_snapshot(cx: Context, input: CopySnapshotRequest) -> Ec2Result<CopySnapshotResult> {
    copy_snapshot::copy(&cx, &input).await
}

async fn describe_snapshot_attribute(
    cx: Context,
    input: DescribeSnapshotAttributeRequest,
) -> Ec2Result<DescribeSnapshotAttributeResult> {
    attributes::describe(&cx, &input)
}

async fn modify_snapshot_attribute(
    cx: Context,
    input: ModifySnapshotAttributeRequest,
) -> Ec2Result<ModifySnapshotAttributeResponse> {
    attributes::modify(&cx, &input).await
}

async fn reset_snapshot_attribute(
    cx: Context,
    input: ResetSnapshotAttributeRequest,
) -> Ec2Result<ResetSnapshotAttributeResponse> {
    attributes::reset(&cx, &input).await
}
