//! Images that are copied from here, to this region or another.

use archipelago_proto::ec2::v1::Image;
use archipelago_proto::{Ec2Error, Ec2Result};

use super::find::{check, not_found, unavailable};
use super::state::AVAILABLE;
use super::{ImageState, visible};
use crate::Region;
use crate::entity::Published;

/// An image that an account may copy.
pub(crate) fn exportable(region: &Region, account: &str, id: &str) -> Ec2Result<Image> {
    let Some(image) = region.images.index().get(id).filter(|image| visible(account, image)) else {
        return check(id).and_then(|()| Err(not_found(&[id])));
    };
    if image.state.public.state() != AVAILABLE {
        return Err(unavailable(id));
    }
    let owned = *image.account == *account;
    if !owned && !image.state.public.product_codes.is_empty() {
        return Err(Ec2Error::new(
            "OperationNotPermitted",
            format!("The image '{id}' has product codes and can be copied by its owner only."),
        ));
    }
    let mut public = image.state.public.clone();
    if !owned {
        public.tags.clear();
    }
    Ok(public)
}

/// Whether an image that an account may copy has this snapshot.
pub(crate) fn shares(region: &Region, account: &str, image_id: &str, snapshot_id: &str) -> bool {
    let has = |image: &Published<ImageState>| image.state.snapshots().any(|id| id == snapshot_id);
    !image_id.is_empty()
        && region.images.index().get(image_id).is_some_and(|image| visible(account, &image) && has(&image))
}
