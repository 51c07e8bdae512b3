//! The actions on images (reference: "AMIs").

use archipelago_proto::ec2::v1::{
    CopyImageRequest, CopyImageResult, DeleteSnapshotReturnCode, DeregisterImageRequest, DeregisterImageResult,
    DescribeImageAttributeRequest, DescribeImagesRequest, DescribeImagesResult, DisableImageDeprecationRequest,
    DisableImageDeprecationResult, DisableImageDeregistrationProtectionRequest,
    DisableImageDeregistrationProtectionResult, DisableImageRequest, DisableImageResult, EnableImageDeprecationRequest,
    EnableImageDeprecationResult, EnableImageDeregistrationProtectionRequest,
    EnableImageDeregistrationProtectionResult, EnableImageRequest, EnableImageResult, ImageAttribute,
    ModifyImageAttributeRequest, ModifyImageAttributeResponse, RegisterImageRequest, RegisterImageResult,
    ResetImageAttributeRequest, ResetImageAttributeResponse,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::create::iso;
use super::find::owned;
use super::{ImageCommand, attributes, copies, describe, names, register};
use crate::entity::Id;
use crate::families::snapshots::SnapshotCommand;
use crate::request::{Action, Context, required};
use crate::time::Millis;

pub(crate) fn actions() -> Vec<Action> {
    vec![
        Action::new(describe_images),
        Action::new(register_image),
        Action::new(deregister_image),
        Action::new(copy_image),
        Action::new(describe_image_attribute),
        Action::new(modify_image_attribute),
        Action::new(reset_image_attribute),
        Action::new(enable_image),
        Action::new(disable_image),
        Action::new(enable_image_deprecation),
        Action::new(disable_image_deprecation),
        Action::new(enable_image_deregistration_protection),
        Action::new(disable_image_deregistration_protection),
    ]
}

async fn describe_images(cx: Context, input: DescribeImagesRequest) -> Ec2Result<DescribeImagesResult> {
    describe::describe(&cx, &input)
}

async fn register_image(cx: Context, input: RegisterImageRequest) -> Ec2Result<RegisterImageResult> {
    register::register(&cx, input).await
}

async fn deregister_image(cx: Context, input: DeregisterImageRequest) -> Ec2Result<DeregisterImageResult> {
    let image = owned(&cx, input.image_id())?;
    cx.images.ask(&image.id, ImageCommand::Deregister).await?;
    names::release(&cx, image.state.public.name(), &image.id).await;
    let mut delete_snapshot_results = Vec::new();
    if input.delete_associated_snapshots() {
        for id in image.state.snapshots() {
            let code = delete_snapshot(&cx, id).await;
            delete_snapshot_results.push(DeleteSnapshotReturnCode {
                snapshot_id: Some(id.to_owned()),
                return_code: Some(code.to_owned()),
            });
        }
    }
    Ok(DeregisterImageResult { r#return: Some(true), delete_snapshot_results })
}

/// A snapshot that other images have, or another account, stays.
async fn delete_snapshot(cx: &Context, id: &str) -> &'static str {
    match cx.snapshots.index().get(id) {
        Some(snapshot) if *snapshot.account != *cx.account => "missing-permissions",
        None => "client-error",
        Some(_) => match cx.snapshots.ask(&Id::new(id), SnapshotCommand::Delete).await {
            Ok(_) => "success",
            Err(error) if error.code == "InvalidSnapshot.InUse" => "skipped",
            Err(_) => "internal-error",
        },
    }
}

async fn copy_image(cx: Context, input: CopyImageRequest) -> Ec2Result<CopyImageResult> {
    copies::copy(&cx, &input).await
}

async fn describe_image_attribute(cx: Context, input: DescribeImageAttributeRequest) -> Ec2Result<ImageAttribute> {
    attributes::describe(&cx, &input)
}

async fn modify_image_attribute(
    cx: Context,
    input: ModifyImageAttributeRequest,
) -> Ec2Result<ModifyImageAttributeResponse> {
    let change = attributes::change(&input)?;
    let image = owned(&cx, input.image_id())?;
    let command = change.command(&cx, &image)?;
    cx.images.ask(&image.id, command).await?;
    Ok(ModifyImageAttributeResponse {})
}

async fn reset_image_attribute(
    cx: Context,
    input: ResetImageAttributeRequest,
) -> Ec2Result<ResetImageAttributeResponse> {
    let attribute = required("attribute", input.attribute.as_deref())?;
    if attribute != "launchPermission" {
        return Err(Ec2Error::invalid_value("attribute", attribute));
    }
    let image = owned(&cx, input.image_id())?;
    cx.images.ask(&image.id, ImageCommand::Unshare).await?;
    Ok(ResetImageAttributeResponse {})
}

async fn enable_image(cx: Context, input: EnableImageRequest) -> Ec2Result<EnableImageResult> {
    let image = owned(&cx, input.image_id())?;
    cx.images.ask(&image.id, ImageCommand::Enable).await?;
    Ok(EnableImageResult { r#return: Some(true) })
}

async fn disable_image(cx: Context, input: DisableImageRequest) -> Ec2Result<DisableImageResult> {
    let image = owned(&cx, input.image_id())?;
    cx.images.ask(&image.id, ImageCommand::Disable).await?;
    Ok(DisableImageResult { r#return: Some(true) })
}

const MINUTE: Millis = 60_000;
/// AWS: "Deprecate an AMI": at most ten years ahead.
const FARTHEST_DEPRECATION: Millis = 3_653 * 24 * 60 * MINUTE;

async fn enable_image_deprecation(
    cx: Context,
    input: EnableImageDeprecationRequest,
) -> Ec2Result<EnableImageDeprecationResult> {
    let at = *required("DeprecateAt", input.deprecate_at.as_ref())?;
    let now = cx.shell.clock.now();
    if at <= now || at > now.saturating_add(FARTHEST_DEPRECATION) {
        return Err(Ec2Error::invalid_parameter(format!(
            "The deprecation time {} must lie in the future, and within ten years.",
            iso(at)
        )));
    }
    let image = owned(&cx, input.image_id())?;
    // AWS rounds to the nearest minute.
    let time = iso((at + MINUTE / 2).div_euclid(MINUTE) * MINUTE);
    cx.images.ask(&image.id, ImageCommand::Deprecate(Some(time))).await?;
    Ok(EnableImageDeprecationResult { r#return: Some(true) })
}

async fn disable_image_deprecation(
    cx: Context,
    input: DisableImageDeprecationRequest,
) -> Ec2Result<DisableImageDeprecationResult> {
    let image = owned(&cx, input.image_id())?;
    cx.images.ask(&image.id, ImageCommand::Deprecate(None)).await?;
    Ok(DisableImageDeprecationResult { r#return: Some(true) })
}

async fn enable_image_deregistration_protection(
    cx: Context,
    input: EnableImageDeregistrationProtectionRequest,
) -> Ec2Result<EnableImageDeregistrationProtectionResult> {
    let image = owned(&cx, input.image_id())?;
    cx.images.ask(&image.id, ImageCommand::Protect { cooldown: input.with_cooldown() }).await?;
    Ok(EnableImageDeregistrationProtectionResult { r#return: Some("true".into()) })
}

async fn disable_image_deregistration_protection(
    cx: Context,
    input: DisableImageDeregistrationProtectionRequest,
) -> Ec2Result<DisableImageDeregistrationProtectionResult> {
    let image = owned(&cx, input.image_id())?;
    cx.images.ask(&image.id, ImageCommand::Unprotect).await?;
    Ok(DisableImageDeregistrationProtectionResult { r#return: Some("true".into()) })
}
