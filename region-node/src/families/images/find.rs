//! Who sees an image, and who may launch it.

use std::sync::Arc;

use archipelago_proto::{Ec2Error, Ec2Result};

use super::ImageState;
use super::state::{AVAILABLE, DISABLED};
use crate::entity::{Entity as _, Published};
use crate::request::Context;

/// Owners see their images, others those that they may launch.
pub fn visible(account: &str, image: &Published<ImageState>) -> bool {
    *image.account == *account || (image.state.permits(account) && image.state.public.state() != DISABLED)
}

/// An image that the caller sees.
pub(super) fn seen(cx: &Context, id: &str) -> Ec2Result<Arc<Published<ImageState>>> {
    let image = cx.images.index().get(id).filter(|image| visible(&cx.account, image));
    match image {
        Some(image) if image.state.is_deregistered() => Err(unavailable(id)),
        Some(image) => Ok(image),
        None => check(id).and_then(|()| Err(not_found(&[id]))),
    }
}

/// An image that the caller owns.
pub(super) fn owned(cx: &Context, id: &str) -> Ec2Result<Arc<Published<ImageState>>> {
    let image = seen(cx, id)?;
    if *image.account == *cx.account {
        return Ok(image);
    }
    Err(Ec2Error::new("AuthFailure", format!("Not authorized for image:{id}")))
}

/// An image that the caller may launch now.
pub fn launchable(cx: &Context, id: &str) -> Ec2Result<Arc<Published<ImageState>>> {
    let image = seen(cx, id)?;
    if image.state.public.state() == AVAILABLE { Ok(image) } else { Err(unavailable(id)) }
}

pub(super) fn check(id: &str) -> Ec2Result<()> {
    // Kernels and ramdisks are images too, with prefixes of their own.
    match id.split_once('-') {
        Some(("aki" | "ari", digits)) => ImageState::KIND.check(&format!("ami-{digits}")),
        _ => ImageState::KIND.check(id),
    }
}

pub(super) fn not_found(ids: &[&str]) -> Ec2Error {
    let plural = if ids.len() == 1 { ("", "does") } else { ("s", "do") };
    Ec2Error::new(
        ImageState::KIND.not_found,
        format!("The image id{} '[{}]' {} not exist", plural.0, ids.join(", "), plural.1),
    )
}

pub(super) fn unavailable(id: &str) -> Ec2Error {
    Ec2Error::new("InvalidAMIID.Unavailable", format!("The image id '[{id}]' is no longer available"))
}
