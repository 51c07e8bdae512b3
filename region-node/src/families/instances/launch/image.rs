//! Whether an image runs on an instance type.

use archipelago_proto::ec2::v1::{Image, InstanceTypeInfo};
use archipelago_proto::regions::Zone;
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::families::instance_types;
use crate::request::Context;

/// AWS: the type of an instance when nothing is said.
const DEFAULT_TYPE: &str = "m1.small";

/// What the catalogue has of a type, and the zones of this region that offer it.
pub(in super::super) fn instance_type(
    cx: &Context,
    name: Option<&str>,
) -> Ec2Result<(InstanceTypeInfo, Vec<&'static Zone>)> {
    let name = name.filter(|name| !name.is_empty()).unwrap_or(DEFAULT_TYPE);
    let known = instance_types::find(name);
    let known =
        known.ok_or_else(|| Ec2Error::invalid_parameter(format!("Invalid value '{name}' for InstanceType.")))?;
    let zones = instance_types::zones_offering(cx.facts, name);
    if zones.is_empty() {
        return Err(Ec2Error::new(
            "Unsupported",
            "The requested configuration is currently not supported. Please check the documentation for supported \
             configurations.",
        ));
    }
    Ok((known.info(), zones))
}

pub(in super::super) fn check(image: &Image, info: &InstanceTypeInfo) -> Ec2Result<()> {
    let name = info.instance_type();
    architecture(image.architecture(), info)?;
    let virtualization = image.virtualization_type.as_deref().unwrap_or("hvm");
    if !info.supported_virtualization_types.iter().any(|known| known == virtualization) {
        return Err(Ec2Error::invalid_combination(format!(
            "The virtualization type '{virtualization}' of the image is not supported by the instance type '{name}'."
        )));
    }
    let root = image.root_device_type();
    if !info.supported_root_device_types.iter().any(|known| known == root) {
        return Err(Ec2Error::invalid_combination(format!(
            "The instance type '{name}' does not support an AMI with the root device type '{root}'."
        )));
    }
    let boot = &info.supported_boot_modes;
    let bootable = |mode: &str| boot.iter().any(|known| known == mode);
    if matches!(image.boot_mode(), "uefi" | "legacy-bios") && !bootable(image.boot_mode()) {
        return Err(Ec2Error::invalid_combination(format!(
            "The instance type '{name}' does not support the boot mode '{}' of the AMI.",
            image.boot_mode()
        )));
    }
    let network = info.network_info.as_ref();
    if network.is_some_and(|network| network.ena_support() == "required") && !image.ena_support() {
        return Err(Ec2Error::invalid_combination(format!(
            "Enhanced networking with the Elastic Network Adapter (ENA) is required for the '{name}' instance type. \
             Ensure that your AMI '{}' is enabled for ENA.",
            image.image_id()
        )));
    }
    if image.tpm_support() == "v2.0" && info.nitro_tpm_support() != "supported" {
        return Err(Ec2Error::invalid_combination(format!(
            "The instance type '{name}' does not support NitroTPM, which the AMI requires."
        )));
    }
    Ok(())
}

fn architecture(wanted: &str, info: &InstanceTypeInfo) -> Ec2Result<()> {
    let supported = info.processor_info.as_ref().map(|processor| processor.supported_architectures.as_slice());
    let supported = supported.unwrap_or_default();
    if supported.iter().any(|known| known == wanted) {
        return Ok(());
    }
    Err(Ec2Error::invalid_parameter(format!(
        "The architecture '{}' of the specified instance type does not match the architecture '{wanted}' of the \
         specified AMI. Specify an instance type and an AMI that have matching architectures, and try again. You can \
         use 'describe-instance-types' or 'describe-images' to discover the architecture of the instance type or AMI.",
        supported.join(",")
    )))
}

/// How the instance boots: as the image says, where it leaves a choice by what the type prefers.
pub(super) fn boot_mode(image: &Image, info: &InstanceTypeInfo) -> &'static str {
    let uefi = info.supported_boot_modes.iter().any(|mode| mode == "uefi");
    let legacy = info.supported_boot_modes.iter().any(|mode| mode == "legacy-bios");
    match image.boot_mode() {
        "uefi" => "uefi",
        "legacy-bios" => "legacy-bios",
        "uefi-preferred" if uefi => "uefi",
        _ if legacy && image.architecture() != "arm64" => "legacy-bios",
        _ => "uefi",
    }
}
