//! The attributes of an image.

use archipelago_proto::ec2::v1::{
    AttributeValue, DescribeImageAttributeRequest, ImageAttribute, ModifyImageAttributeRequest,
};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::find::owned;
use super::permissions::{self, listed};
use super::{ImageCommand, ImageState};
use crate::entity::Published;
use crate::families::account_settings;
use crate::families::ebs_settings;
use crate::request::{Context, required};

pub(super) fn describe(cx: &Context, input: &DescribeImageAttributeRequest) -> Ec2Result<ImageAttribute> {
    let attribute = required("attribute", input.attribute.as_deref())?;
    let image = owned(cx, input.image_id())?;
    let public = &image.state.public;
    let value = |value: &Option<String>| Some(AttributeValue { value: value.clone() });
    let mut result = ImageAttribute { image_id: Some(image.id.to_string()), ..ImageAttribute::default() };
    match attribute {
        "description" => result.description = value(&public.description),
        "kernel" => result.kernel_id = value(&public.kernel_id),
        "ramdisk" => result.ramdisk_id = value(&public.ramdisk_id),
        "launchPermission" => result.launch_permissions = permissions::of(&image.state),
        "productCodes" => result.product_codes.clone_from(&public.product_codes),
        "blockDeviceMapping" => result.block_device_mappings.clone_from(&public.block_device_mappings),
        "sriovNetSupport" => result.sriov_net_support = value(&public.sriov_net_support),
        "bootMode" => result.boot_mode = value(&public.boot_mode),
        "tpmSupport" => result.tpm_support = value(&public.tpm_support),
        "uefiData" => {
            let data = Some(image.state.uefi_data.clone()).filter(|data| !data.is_empty());
            result.uefi_data = value(&data);
        }
        "lastLaunchedTime" => result.last_launched_time = value(&public.last_launched_time),
        "imdsSupport" => result.imds_support = value(&public.imds_support),
        "deregistrationProtection" => {
            let protection = public.deregistration_protection.clone().or(Some("disabled".into()));
            result.deregistration_protection = value(&protection);
        }
        other => return Err(Ec2Error::invalid_value("attribute", other)),
    }
    Ok(result)
}

/// The one attribute that a request changes.
pub(super) enum Change {
    Permissions(permissions::Change),
    Description(String),
    ProductCodes(Vec<String>),
    RequireImdsV2,
}

/// A request names the attribute by its own parameter, or by `Attribute` and general parameters.
pub(super) fn change(input: &ModifyImageAttributeRequest) -> Ec2Result<Change> {
    let named = input.attribute.as_deref().filter(|name| !name.is_empty());
    let by_parameter = [
        ("launchPermission", input.launch_permission.is_some() || !listed(input).is_empty()),
        ("description", input.description.is_some()),
        ("productCodes", !input.product_codes.is_empty()),
        ("imdsSupport", input.imds_support.is_some()),
    ];
    let mut attributes: Vec<_> = by_parameter.iter().filter(|(_, given)| *given).map(|(name, _)| *name).collect();
    attributes.extend(named.filter(|name| !attributes.contains(name)));
    let attribute = match attributes[..] {
        [attribute] => attribute,
        [] => return Err(Ec2Error::missing_parameter("Attribute")),
        _ => {
            return Err(Ec2Error::invalid_combination(
                "Fields for multiple attribute types specified. Only one attribute can be modified at a time.",
            ));
        }
    };
    let value = |own: &Option<AttributeValue>| {
        own.as_ref().and_then(|value| value.value.clone()).or_else(|| input.value.clone())
    };
    match attribute {
        "launchPermission" => permissions::Change::of(input).map(Change::Permissions),
        "description" => {
            let text = value(&input.description).ok_or_else(|| Ec2Error::missing_parameter("Description.Value"))?;
            Ok(Change::Description(text))
        }
        "productCodes" if input.operation_type() == "remove" => {
            Err(Ec2Error::invalid_parameter("Product codes cannot be removed from an image."))
        }
        "productCodes" if input.product_codes.is_empty() => Err(Ec2Error::missing_parameter("ProductCode")),
        "productCodes" => Ok(Change::ProductCodes(input.product_codes.clone())),
        "imdsSupport" => match value(&input.imds_support).as_deref() {
            Some("v2.0") => Ok(Change::RequireImdsV2),
            Some(other) => Err(Ec2Error::invalid_value("ImdsSupport", other)),
            None => Err(Ec2Error::missing_parameter("ImdsSupport.Value")),
        },
        other => Err(Ec2Error::invalid_parameter(format!("The attribute {other} cannot be modified."))),
    }
}

impl Change {
    pub(super) fn command(self, cx: &Context, image: &Published<ImageState>) -> Ec2Result<ImageCommand> {
        match self {
            Self::Permissions(change) => {
                check_encryption(cx, &image.state, &change)?;
                Ok(ImageCommand::Share(change))
            }
            Self::Description(text) => Ok(ImageCommand::Describe(text)),
            Self::ProductCodes(codes) => Ok(ImageCommand::AddProductCodes(codes)),
            Self::RequireImdsV2 => Ok(ImageCommand::RequireImdsV2),
        }
    }
}

/// AWS: "Share an AMI": not with everybody if a snapshot is encrypted, with nobody if by the default key.
fn check_encryption(cx: &Context, image: &ImageState, change: &permissions::Change) -> Ec2Result<()> {
    let snapshots = image.snapshots().filter_map(|id| cx.snapshots.index().get(id));
    let keys: Vec<_> = snapshots.filter_map(|snapshot| snapshot.state.public.kms_key_id.clone()).collect();
    if change.adds_everyone() {
        account_settings::check_image_sharing(cx)?;
    }
    if change.adds_everyone() && !keys.is_empty() {
        return Err(Ec2Error::new("OperationNotPermitted", "Images with encrypted snapshots cannot be made public."));
    }
    if change.adds() && keys.contains(&ebs_settings::aws_key(cx)) {
        return Err(Ec2Error::new(
            "InvalidParameter",
            "Images with snapshots that are encrypted with the EBS default key cannot be shared",
        ));
    }
    Ok(())
}
