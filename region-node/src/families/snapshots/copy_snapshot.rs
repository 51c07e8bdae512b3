//! CopySnapshot.

use archipelago_proto::ec2::v1::{CopySnapshotRequest, CopySnapshotResult};
use archipelago_proto::regions;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::copies::{self, Wish};
use super::create::check_description;
use super::{SnapshotState, presigned_url};
use crate::entity::{Entity as _, Id, Undo, workflow};
use crate::families::ebs_settings::Wanted;
use crate::peer::Source;
use crate::request::{Context, tags_for};

/// AWS: "Time-based copies": in steps of 15 minutes, up to 48 hours.
const STEP: i32 = 15;
const LONGEST: i32 = 48 * 60;

pub(super) async fn copy(cx: &Context, input: &CopySnapshotRequest) -> Ec2Result<CopySnapshotResult> {
    let kind = &SnapshotState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    check(cx, input)?;
    kind.check(input.source_snapshot_id())?;
    let source = Source::of(&cx.region, input.source_region()).await?;
    let exported = source.snapshot(&cx.account, input.source_snapshot_id(), "", input.presigned_url()).await?;
    let wish = Wish {
        source_region: input.source_region(),
        source: &exported,
        image_id: "",
        encryption: Wanted { encrypted: input.encrypted, key: input.kms_key_id.as_deref() },
        description: input.description().to_owned(),
        minutes: input.completion_duration_minutes,
        tags: tags.clone(),
    };
    let (mut undo, mut batch) = (Undo::default(), cx.batch());
    let outcome = async {
        let snapshots = copies::create(cx, &mut undo, &mut batch, vec![wish]).await?;
        let snapshot_id = snapshots.into_iter().find_map(|snapshot| snapshot.snapshot_id);
        cx.commit(batch, CopySnapshotResult { tags, snapshot_id }).await
    };
    let outcome = outcome.await;
    let result = workflow(undo, outcome).await?;
    cx.snapshots.follow_up(&Id::new(result.snapshot_id())).await;
    Ok(result)
}

fn check(cx: &Context, input: &CopySnapshotRequest) -> Ec2Result<()> {
    check_description(input.description())?;
    check_source_region(cx, input.source_region())?;
    if input.destination_region.as_deref().is_some_and(|region| region != cx.facts.name) {
        return Err(Ec2Error::invalid_value("DestinationRegion", input.destination_region()));
    }
    if input.destination_outpost_arn.is_some() || input.destination_availability_zone.is_some() {
        return Err(Ec2Error::unsupported(
            "Snapshots are copied to regions: there are no Outposts and no local snapshots.",
        ));
    }
    if let Some(url) = input.presigned_url.as_deref().filter(|url| !url.is_empty()) {
        presigned_url::check(url, input, cx.facts.name)?;
    }
    check_minutes("CompletionDurationMinutes", input.completion_duration_minutes.map(i64::from))
}

/// A region of the same partition.
pub(crate) fn check_source_region(cx: &Context, name: &str) -> Ec2Result<()> {
    let known = regions::find(name).is_some_and(|source| source.partition == cx.facts.partition);
    if known { Ok(()) } else { Err(Ec2Error::invalid_value("SourceRegion", name)) }
}

pub(crate) fn check_minutes(parameter: &str, minutes: Option<i64>) -> Ec2Result<()> {
    let (step, longest) = (i64::from(STEP), i64::from(LONGEST));
    match minutes {
        Some(minutes) if minutes % step != 0 || !(step..=longest).contains(&minutes) => {
            Err(Ec2Error::invalid_value(parameter, minutes))
        }
        _ => Ok(()),
    }
}
