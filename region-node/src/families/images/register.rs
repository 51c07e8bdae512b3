//! RegisterImage: an image of snapshots, or of a bundle that a manifest describes.

use archipelago_proto::ec2::v1::{Image, RegisterImageRequest, RegisterImageResult};
use archipelago_proto::{Ec2Error, Ec2Result};

use super::create::add;
use super::{ImageState, devices, find, names};
use crate::entity::{Entity as _, Undo, workflow};
use crate::request::{Context, tags_for};
use crate::time::Transition;

pub(super) async fn register(cx: &Context, input: RegisterImageRequest) -> Ec2Result<RegisterImageResult> {
    let kind = &ImageState::KIND;
    let tags = tags_for(kind, &[kind], &input.tag_specifications)?;
    names::check(input.name())?;
    check(&input)?;
    for (prefix, id) in [("aki", &input.kernel_id), ("ari", &input.ramdisk_id)] {
        if let Some(id) = id {
            check_part(cx, prefix, id)?;
        }
    }
    let state = ImageState {
        uefi_data: input.uefi_data().to_owned(),
        changes: Some(cx.shell.clock.now() + cx.shell.lifecycle.duration(Transition::ImageCreate)),
        public: Image { tags, ..image(cx, input)? },
        ..ImageState::default()
    };
    let (mut undo, mut batch) = (Undo::default(), cx.batch());
    let outcome = async {
        let id = add(cx, &mut undo, &mut batch, state).await?;
        cx.commit(batch, RegisterImageResult { image_id: Some(id.to_string()) }).await
    };
    let outcome = outcome.await;
    workflow(undo, outcome).await
}

fn check(input: &RegisterImageRequest) -> Ec2Result<()> {
    if !input.billing_products.is_empty() {
        return Err(Ec2Error::unsupported("The account is not authorized to specify billing products."));
    }
    let virtualization = input.virtualization_type.as_deref().unwrap_or("paravirtual");
    if !matches!(virtualization, "hvm" | "paravirtual") {
        return Err(Ec2Error::invalid_value("virtualizationType", virtualization));
    }
    if input.sriov_net_support.as_deref().is_some_and(|support| support != "simple") {
        return Err(Ec2Error::invalid_value("sriovNetSupport", input.sriov_net_support()));
    }
    let hvm = virtualization == "hvm";
    if hvm && (input.kernel_id.is_some() || input.ramdisk_id.is_some()) {
        return Err(Ec2Error::invalid_combination(
            "The parameters kernelId and ramdiskId are not supported for hvm images.",
        ));
    }
    for (parameter, given) in [
        ("enaSupport", input.ena_support()),
        ("sriovNetSupport", input.sriov_net_support.is_some()),
        ("bootMode", input.boot_mode.is_some()),
        ("tpmSupport", input.tpm_support.is_some()),
    ] {
        if given && !hvm {
            return Err(Ec2Error::invalid_combination(format!(
                "The parameter {parameter} is supported for hvm images only."
            )));
        }
    }
    if input.tpm_support.is_some() && input.boot_mode() != "uefi" {
        return Err(Ec2Error::invalid_combination("The parameter tpmSupport requires the boot mode 'uefi'."));
    }
    if input.uefi_data.is_some() && !input.boot_mode().starts_with("uefi") {
        return Err(Ec2Error::invalid_combination("The parameter uefiData requires a boot mode with UEFI."));
    }
    Ok(())
}

/// A kernel or a ramdisk that the caller may launch.
fn check_part(cx: &Context, prefix: &str, id: &str) -> Ec2Result<()> {
    if id.starts_with(prefix) {
        return find::launchable(cx, id).map(drop);
    }
    Err(Ec2Error::new("InvalidAMIID.Malformed", format!("Invalid id: \"{id}\" (expecting \"{prefix}-...\")")))
}

fn image(cx: &Context, input: RegisterImageRequest) -> Ec2Result<Image> {
    let manifest = input.image_location.clone().filter(|location| !location.is_empty());
    if let Some(location) = &manifest
        && !(location.contains('/') && location.ends_with(".manifest.xml"))
    {
        let message = format!("The manifest '{location}' cannot be read: expecting bucket/name.manifest.xml");
        return Err(Ec2Error::new("InvalidManifest", message));
    }
    let block_device_mappings = devices::check(cx, input.block_device_mappings)?;
    let default_root = if manifest.is_some() { Some("/dev/sda1".to_owned()) } else { None };
    let root = input.root_device_name.or(default_root);
    let root_volume = block_device_mappings.iter().find(|device| device.device_name == root);
    let root_volume = root_volume.and_then(|device| device.ebs.as_ref());
    let root_device_type = match (&manifest, root_volume) {
        (Some(_), None) => "instance-store",
        (Some(_), Some(_)) => {
            return Err(Ec2Error::invalid_combination(
                "The parameter ImageLocation cannot be used with a root device that is a volume.",
            ));
        }
        (None, Some(volume)) if volume.snapshot_id.is_some() => "ebs",
        (None, _) if block_device_mappings.is_empty() => {
            return Err(Ec2Error::new(
                "MissingParameter",
                "The request must contain the parameter ImageLocation or BlockDeviceMapping",
            ));
        }
        (None, _) => {
            let root = root.unwrap_or_default();
            return Err(devices::invalid(format!("The root device '{root}' must have a snapshot")));
        }
    };
    Ok(Image {
        name: input.name,
        description: input.description,
        // The manifest would tell: most images are of this architecture.
        architecture: input.architecture.or(Some(if manifest.is_some() { "x86_64" } else { "i386" }.to_owned())),
        image_location: manifest,
        kernel_id: input.kernel_id,
        ramdisk_id: input.ramdisk_id,
        root_device_name: root,
        root_device_type: Some(root_device_type.to_owned()),
        virtualization_type: Some(input.virtualization_type.unwrap_or_else(|| "paravirtual".to_owned())),
        sriov_net_support: input.sriov_net_support,
        ena_support: input.ena_support,
        boot_mode: input.boot_mode,
        tpm_support: input.tpm_support,
        imds_support: input.imds_support,
        platform_details: Some("Linux/UNIX".to_owned()),
        usage_operation: Some("RunInstances".to_owned()),
        block_device_mappings,
        ..Image::default()
    })
}
