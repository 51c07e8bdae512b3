//! New images, of whatever origin.

use archipelago_proto::Ec2Result;
use archipelago_proto::ec2::v1::Image;

use super::state::PENDING;
use super::{ImageState, names};
use crate::entity::{Batch, Id, Undo};
use crate::request::Context;
use crate::time::{Millis, Transition};

/// Adds an image to a batch and takes its name. `image` says what the image is: its name, devices, tags and so on.
/// Ids, owner, state and times are added here.
pub async fn create(cx: &Context, undo: &mut Undo, batch: &mut Batch, image: Image) -> Ec2Result<Id> {
    let changes = Some(cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::ImageCreate));
    add(cx, undo, batch, ImageState { public: image, changes, ..ImageState::default() }).await
}

/// As [`create`], under an id that was chosen before, and available at once.
pub(crate) async fn create_as(
    cx: &Context,
    undo: &mut Undo,
    batch: &mut Batch,
    id: &Id,
    image: Image,
) -> Ec2Result<()> {
    let changes = Some(cx.shell.clock.now());
    add_as(cx, undo, batch, id, ImageState { public: image, changes, ..ImageState::default() }).await
}

pub(super) async fn add(cx: &Context, undo: &mut Undo, batch: &mut Batch, state: ImageState) -> Ec2Result<Id> {
    let id = cx.images.fresh_id();
    add_as(cx, undo, batch, &id, state).await?;
    Ok(id)
}

async fn add_as(cx: &Context, undo: &mut Undo, batch: &mut Batch, id: &Id, mut state: ImageState) -> Ec2Result<()> {
    let image = &mut state.public;
    let name = image.name().to_owned();
    names::check(&name)?;
    names::claim(cx, undo, &name, id).await?;
    image.image_id = Some(id.to_string());
    image.owner_id = Some(cx.account.to_string());
    image.image_location.get_or_insert_with(|| format!("{}/{name}", cx.account));
    image.creation_date = Some(iso(cx.shell.clock.now()));
    image.state = Some(PENDING.into());
    image.public = Some(false);
    image.image_type.get_or_insert_with(|| "machine".into());
    image.hypervisor.get_or_insert_with(|| "xen".into());
    batch.create(&cx.images, id, state)
}

/// `2014-10-01T12:00:00.000Z`, as images bear their times.
pub(super) fn iso(time: Millis) -> String {
    jiff::Timestamp::from_millisecond(time).map(|time| format!("{time:.3}")).unwrap_or_default()
}
