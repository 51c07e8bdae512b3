//! CopyImage: copies of an image's snapshots, and an image of these that waits for them.

use std::sync::Arc;

use archipelago_proto::ec2::v1::{BlockDeviceMapping, CopyImageRequest, CopyImageResult, EbsBlockDevice, Image, Tag};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::create::add;
use super::{ImageCommand, ImageCopy, ImageState, names};
use crate::Region;
use crate::entity::{Entity as _, Id, Shelf, Undo, workflow};
use crate::families::ebs_settings::Wanted;
use crate::families::snapshots::{SnapshotState, check_minutes, check_source_region, copies};
use crate::peer::{Exported, Source};
use crate::request::{Context, tags_for};
use crate::time::Transition;

pub(super) async fn copy(cx: &Context, input: &CopyImageRequest) -> Ec2Result<CopyImageResult> {
    let (image_kind, snapshot_kind) = (&ImageState::KIND, &SnapshotState::KIND);
    let kinds = [image_kind, snapshot_kind];
    let image_tags = tags_for(image_kind, &kinds, &input.tag_specifications)?;
    let snapshot_tags = tags_for(snapshot_kind, &kinds, &input.tag_specifications)?;
    check(cx, input)?;

    let source = Source::of(&cx.region, input.source_region()).await?;
    let original = source.image(&cx.account, input.source_image_id()).await?;
    let original = if input.source_region() == cx.facts.name {
        original
    } else {
        kernels(cx, input.source_region(), &source, original).await?
    };
    let exported = exported(cx, &source, &original).await?;
    let mut wishes = Vec::new();
    for snapshot in &exported {
        let source_id = snapshot.snapshot.snapshot_id();
        wishes.push(copies::Wish {
            source_region: input.source_region(),
            source: snapshot,
            image_id: input.source_image_id(),
            encryption: Wanted { encrypted: input.encrypted, key: input.kms_key_id.as_deref() },
            description: format!(
                "Copied for SourceAmi {} from {} for SourceSnapshot {source_id}.",
                input.source_image_id(),
                input.source_region()
            ),
            minutes: input.snapshot_copy_completion_duration_minutes.and_then(|minutes| i32::try_from(minutes).ok()),
            tags: snapshot_tags.clone(),
        });
    }

    let (mut undo, mut batch) = (Undo::default(), cx.batch());
    let outcome = async {
        let snapshots = copies::create(cx, &mut undo, &mut batch, wishes).await?;
        let copied: Vec<_> = exported.iter().map(|one| one.snapshot.snapshot_id()).zip(&snapshots).collect();
        let devices = original.block_device_mappings.iter().map(|device| {
            let ebs = device.ebs.as_ref().map(|ebs| {
                let copy = copied.iter().find(|(id, _)| *id == ebs.snapshot_id());
                EbsBlockDevice {
                    snapshot_id: copy.and_then(|(_, copy)| copy.snapshot_id.clone()),
                    encrypted: copy.map_or(ebs.encrypted, |(_, copy)| copy.encrypted),
                    ..ebs.clone()
                }
            });
            BlockDeviceMapping { ebs, ..device.clone() }
        });
        let state = state(cx, input, &original, devices.collect(), image_tags, !snapshots.is_empty());
        let id = add(cx, &mut undo, &mut batch, state).await?;
        let result = cx.commit(batch, CopyImageResult { image_id: Some(id.to_string()) }).await?;
        Ok((result, snapshots))
    };
    let outcome = outcome.await;
    let (result, snapshots) = workflow(undo, outcome).await?;
    for snapshot in snapshots {
        cx.snapshots.follow_up(&Id::new(snapshot.snapshot_id())).await;
    }
    Ok(result)
}

fn check(cx: &Context, input: &CopyImageRequest) -> Ec2Result<()> {
    names::check(input.name())?;
    check_source_region(cx, input.source_region())?;
    let elsewhere =
        [&input.destination_outpost_arn, &input.destination_availability_zone, &input.destination_availability_zone_id];
    if elsewhere.iter().any(|place| place.is_some()) {
        return Err(Ec2Error::unsupported(
            "Images are copied to regions: there are no Outposts and no local snapshots.",
        ));
    }
    if input.kms_key_id.is_some() && input.encrypted != Some(true) {
        return Err(Ec2Error::new(
            "InvalidParameterDependency",
            "The parameter KmsKeyId requires the parameter Encrypted to be set.",
        ));
    }
    check_minutes("SnapshotCopyCompletionDurationMinutes", input.snapshot_copy_completion_duration_minutes)?;
    super::find::check(input.source_image_id())
}

/// The image with this region's kernel and ramdisk in the place of those that it has where it is from (AWS: "How AMI
/// copy works": AWS looks for a match).
async fn kernels(cx: &Context, region: &str, source: &Source, mut image: Image) -> Ec2Result<Image> {
    for part in [&mut image.kernel_id, &mut image.ramdisk_id] {
        if let Some(id) = part.as_deref().filter(|id| !id.is_empty()) {
            let there = source.image(&cx.account, id).await?;
            *part = Some(match_of(cx, &there, region).ok_or_else(|| {
                Ec2Error::unsupported(format!("The region {} has no match for {id}.", cx.facts.name))
            })?);
        }
    }
    Ok(image)
}

/// The public image of the same publisher that has the same name, or the same place if it is from before names.
fn match_of(cx: &Context, there: &Image, region: &str) -> Option<String> {
    let location = there.image_location().replace(region, cx.facts.name);
    let same = |image: &Image| {
        (&image.owner_id, &image.image_type, &image.name) == (&there.owner_id, &there.image_type, &there.name)
            && (there.name.is_some() || image.image_location() == location)
    };
    let public = cx.images.index().shelf(&Shelf::Everyone);
    public.values().find(|known| same(&known.state.public)).map(|known| known.id.to_string())
}

/// The snapshots of the image's devices, each once.
async fn exported(cx: &Context, source: &Source, image: &Image) -> Ec2Result<Vec<Exported>> {
    let mut exported: Vec<Exported> = Vec::new();
    let volumes = image.block_device_mappings.iter().filter_map(|device| device.ebs.as_ref());
    for id in volumes.filter_map(|ebs| ebs.snapshot_id.as_deref()).filter(|id| !id.is_empty()) {
        if exported.iter().all(|known| known.snapshot.snapshot_id() != id) {
            exported.push(source.snapshot(&cx.account, id, image.image_id(), "").await?);
        }
    }
    Ok(exported)
}

fn state(
    cx: &Context,
    input: &CopyImageRequest,
    original: &Image,
    block_device_mappings: Vec<BlockDeviceMapping>,
    mut tags: Vec<Tag>,
    waits: bool,
) -> ImageState {
    if input.copy_image_tags() {
        let own = original.tags.iter().filter(|tag| !tag.key().starts_with("aws:"));
        let own: Vec<_> = own.filter(|tag| tags.iter().all(|given| given.key != tag.key)).cloned().collect();
        tags.extend(own);
    }
    let copy = ImageCopy { region: input.source_region().to_owned(), image_id: input.source_image_id().to_owned() };
    let at_once = cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::ImageCreate);
    ImageState {
        public: Image {
            name: input.name.clone(),
            description: input.description.clone(),
            source_image_id: Some(copy.image_id.clone()),
            source_image_region: Some(copy.region.clone()),
            block_device_mappings,
            tags,
            // What belongs to the original alone.
            image_location: None,
            image_owner_alias: None,
            deprecation_time: None,
            deregistration_protection: None,
            last_launched_time: None,
            source_instance_id: None,
            free_tier_eligible: None,
            state_reason: None,
            ..original.clone()
        },
        changes: (!waits).then_some(at_once),
        copy: waits.then_some(copy),
        ..ImageState::default()
    }
}

/// Looks whether the snapshots that a copied image waits for are there.
pub(crate) async fn go_on(region: &Arc<Region>, id: &Id) {
    let Some(image) = region.images.index().get(id).filter(|image| image.state.copy.is_some()) else { return };
    let mut complete = true;
    let mut failure = None;
    for id in image.state.snapshots() {
        match region.snapshots.index().get(id) {
            Some(snapshot) if snapshot.state.is_completed() => {}
            Some(snapshot) if snapshot.state.copy.is_some() => complete = false,
            Some(snapshot) => failure = snapshot.state.public.state_message.clone().or(Some(String::new())),
            None => failure = Some(format!("The snapshot {id} was deleted")),
        }
    }
    let command = match failure {
        Some(message) => ImageCommand::Fail { message },
        None if complete => ImageCommand::Complete,
        None => return,
    };
    if let Err(error) = region.images.ask(id, command).await {
        tracing::warn!(%id, %error, "a copied image could not go on");
    }
}

/// A snapshot has been copied, or could not be: images that wait for it learn of it.
pub(crate) async fn snapshot_ended(region: &Arc<Region>, id: &Id) {
    for image in region.images.linked_to(id).values() {
        region.images.follow_up(&image.id).await;
    }
}
