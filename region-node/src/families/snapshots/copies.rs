//! Copies of snapshots. A copy is an intent in the new snapshot's state: it fetches blocks from its source as fast
//! as the region's model of bandwidth has it, and goes on after a restart with the block that it had come to.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{Snapshot, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::content::BLOCK_BYTES;
use super::state::PENDING;
use super::{Copy, SnapshotCommand, SnapshotState};
use crate::Region;
use crate::entity::{Batch, Id, Published, Undo};
use crate::families::accounts::{AccountCommand, account_id};
use crate::families::ebs_settings::{Wanted, data_key, encryption};
use crate::peer::{Exported, Source};
use crate::request::Context;
use crate::time::Millis;

/// Blocks are fetched in about so many steps, each of which is seen as progress and survives a restart. Where copying
/// takes no time nobody sees progress, and there are as few steps as can be.
const STEPS: u64 = 20;
const MOST_AT_ONCE: u64 = 4096;

/// How often a source may fail to answer, and the first pause between; each further one is twice as long.
const MOST_FAILURES: u32 = 8;
const FIRST_PAUSE: Millis = 1_000;

/// AWS gives a copy no volume of its own.
const NO_VOLUME: &str = "vol-ffffffff";

/// A copy that is asked for.
pub(crate) struct Wish<'a> {
    pub(crate) source_region: &'a str,
    pub(crate) source: &'a Exported,
    /// The image that is copied with it, or nothing.
    pub(crate) image_id: &'a str,
    pub(crate) encryption: Wanted<'a>,
    pub(crate) description: String,
    pub(crate) minutes: Option<i32>,
    pub(crate) tags: Vec<Tag>,
}

/// Adds copies to a batch, as far as the account may have more at a time.
pub(crate) async fn create(
    cx: &Context,
    undo: &mut Undo,
    batch: &mut Batch,
    wishes: Vec<Wish<'_>>,
) -> Ec2Result<Vec<Snapshot>> {
    let mut snapshots = Vec::new();
    for wish in wishes {
        let state = state(cx, &cx.snapshots.fresh_id(), wish)?;
        snapshots.push(state.public.clone());
        batch.create(&cx.snapshots, &Id::new(state.public.snapshot_id()), state)?;
    }
    let ids: Vec<_> = snapshots.iter().map(|snapshot| Id::new(snapshot.snapshot_id())).collect();
    cx.accounts.ask(&account_id(&cx.account), AccountCommand::BeginCopies(ids.clone())).await?;
    let (region, account) = (Arc::clone(&cx.region), cx.account.clone());
    undo.push(async move {
        for id in ids {
            end(&region, &account, &id).await;
        }
    });
    Ok(snapshots)
}

fn state(cx: &Context, id: &Id, wish: Wish<'_>) -> Ec2Result<SnapshotState> {
    let (now, Exported { snapshot, content, refusal }) = (cx.shell.clock.now(), wish.source);
    if snapshot.encrypted() && wish.encryption.encrypted == Some(false) {
        return Err(Ec2Error::invalid_parameter(
            "A copy of an encrypted snapshot is encrypted: Encrypted may not be false.",
        ));
    }
    let encrypted = if snapshot.encrypted() { Some(true) } else { wish.encryption.encrypted };
    let key = encryption(cx, Wanted { encrypted, ..wish.encryption }, None)?;
    let public = Snapshot {
        snapshot_id: Some(id.to_string()),
        volume_id: Some(NO_VOLUME.into()),
        state: Some(PENDING.into()),
        start_time: Some(now),
        progress: Some("0%".into()),
        owner_id: Some(cx.account.to_string()),
        description: Some(wish.description),
        volume_size: snapshot.volume_size,
        encrypted: Some(key.is_some()),
        data_encryption_key_id: key.is_some().then(|| data_key(id)),
        kms_key_id: key,
        storage_tier: Some("standard".into()),
        transfer_type: Some(if wish.minutes.is_some() { "time-based" } else { "standard" }.into()),
        completion_duration_minutes: wish.minutes,
        tags: wish.tags,
        ..Snapshot::default()
    };
    let copy = Copy {
        region: wish.source_region.to_owned(),
        snapshot_id: snapshot.snapshot_id().to_owned(),
        image_id: wish.image_id.to_owned(),
        blocks: content.blocks(),
        refusal: refusal.clone(),
        ..Copy::default()
    };
    let next = Some(now + pace(cx, &copy, wish.minutes).1);
    Ok(SnapshotState { public, seed: content.seed, copy: Some(Copy { next, ..copy }), ..SnapshotState::default() })
}

/// How many blocks are fetched next, and how long they take.
fn pace(region: &Region, copy: &Copy, minutes: Option<i32>) -> (u64, Millis) {
    let instant = region.shell.lifecycle.copying(BLOCK_BYTES) == 0;
    let step = if instant { MOST_AT_ONCE } else { (copy.blocks / STEPS).clamp(1, MOST_AT_ONCE) };
    let step = step.min(copy.blocks - copy.done.min(copy.blocks));
    let modelled = region.shell.lifecycle.copying(step * BLOCK_BYTES);
    let asked_for = minutes.map(|minutes| {
        let whole = Millis::from(minutes) * 60_000;
        let share = whole * Millis::try_from(step).unwrap_or_default();
        share / Millis::try_from(copy.blocks.max(1)).unwrap_or(1)
    });
    (step, asked_for.map_or(modelled, |most| most.min(modelled)))
}

/// Fetches blocks for as long as some are to be had now.
pub(crate) async fn go_on(region: &Arc<Region>, id: &Id) {
    while let Some(snapshot) = region.snapshots.index().get(id) {
        let Some(copy) = &snapshot.state.copy else { break };
        if copy.next.is_some() {
            return;
        }
        let refused = copy.refusal.clone().map(|message| SnapshotCommand::Fail { message });
        let command = match refused {
            Some(refused) => refused,
            None => step(region, &snapshot, copy).await,
        };
        if let Err(error) = region.snapshots.ask(id, command).await {
            // It is there as long as it is pending, unless it was deleted just now.
            tracing::warn!(%id, %error, "a copy could not go on");
            return;
        }
        if region.snapshots.index().get(id).is_none_or(|snapshot| snapshot.state.copy.is_none()) {
            end(region, &snapshot.account, id).await;
        }
    }
}

/// The next blocks, or what comes of their not being there.
async fn step(region: &Arc<Region>, snapshot: &Published<SnapshotState>, copy: &Copy) -> SnapshotCommand {
    let now = region.shell.clock.now();
    match fetch(region, &snapshot.account, &snapshot.state, copy).await {
        Ok(up_to) => {
            let then = Copy { done: up_to, ..copy.clone() };
            let minutes = snapshot.state.public.completion_duration_minutes;
            SnapshotCommand::Received { up_to, next: now + pace(region, &then, minutes).1 }
        }
        Err(error) if error.code == "Unavailable" && copy.failures < MOST_FAILURES => {
            tracing::warn!(id = %snapshot.id, %error, "a copy's source does not answer");
            SnapshotCommand::Retry { next: now + (FIRST_PAUSE << copy.failures) }
        }
        Err(error) => SnapshotCommand::Fail {
            message: format!("The copy of {} from {} failed: {}", copy.snapshot_id, copy.region, error.message),
        },
    }
}

/// Another copy may begin.
pub(crate) async fn end(region: &Region, account: &str, id: &Id) {
    if let Err(error) = region.accounts.ask(&account_id(account), AccountCommand::EndCopy(id.clone())).await {
        tracing::warn!(%id, %error, "a copy's place was not given back");
    }
}

/// The block that the copy has then come to.
async fn fetch(region: &Arc<Region>, account: &str, state: &SnapshotState, copy: &Copy) -> Ec2Result<u64> {
    let (step, _) = pace(region, copy, None);
    let source = Source::of(region, &copy.region).await?;
    let checksums = source.blocks(account, &copy.snapshot_id, &copy.image_id, copy.done, step).await?;
    let up_to = copy.done + checksums.len() as u64;
    if up_to != copy.done + step {
        return Err(Ec2Error::unavailable("the source broke off"));
    }
    if checksums != state.content().checksums(copy.done..up_to) {
        return Err(Ec2Error::new("InternalError", "the contents of the source have changed"));
    }
    Ok(up_to)
}

/// Counts the copies under way again after a restart.
pub(crate) async fn rebuild(region: &Arc<Region>) {
    for snapshot in region.snapshots.index().all() {
        if snapshot.state.copy.is_some() {
            let begin = AccountCommand::BeginCopies(vec![snapshot.id.clone()]);
            if let Err(error) = region.accounts.ask(&account_id(&snapshot.account), begin).await {
                tracing::warn!(id = %snapshot.id, %error, "a copy has no place");
            }
        }
    }
}
