//! The block devices of a new image.

use archipelago_proto::ec2::v1::{BlockDeviceMapping, EbsBlockDevice};
use archipelago_proto::{Ec2Error, Ec2Result};

use crate::families::ebs_settings::{Wish, takes_iops};
use crate::families::snapshots;
use crate::request::Context;

/// The mapping as the image has it: sizes, encryption and the like are told of every volume.
pub(super) fn check(cx: &Context, devices: Vec<BlockDeviceMapping>) -> Ec2Result<Vec<BlockDeviceMapping>> {
    let mut checked: Vec<BlockDeviceMapping> = Vec::new();
    for device in devices {
        let name = device.device_name().to_owned();
        if name.is_empty() {
            return Err(Ec2Error::missing_parameter("BlockDeviceMapping.DeviceName"));
        }
        if checked.iter().any(|known| known.device_name() == name) {
            return Err(invalid(format!("The device '{name}' is used in more than one block-device mapping")));
        }
        checked.push(one(cx, device, &name)?);
    }
    Ok(checked)
}

fn one(cx: &Context, device: BlockDeviceMapping, name: &str) -> Ec2Result<BlockDeviceMapping> {
    match (&device.ebs, device.virtual_name.as_deref(), device.no_device.as_deref()) {
        (None, None, Some(_)) => Ok(device),
        (None, Some(store), None) => match store.strip_prefix("ephemeral").map(str::parse::<u8>) {
            Some(Ok(0..=23)) => Ok(device),
            _ => Err(invalid(format!("Invalid virtual name '{store}' for device '{name}'"))),
        },
        (Some(ebs), None, None) => {
            let ebs = Some(volume(cx, ebs, name)?);
            Ok(BlockDeviceMapping { ebs, ..device })
        }
        _ => Err(invalid(format!("Device '{name}' must have one of Ebs, VirtualName and NoDevice"))),
    }
}

fn volume(cx: &Context, ebs: &EbsBlockDevice, name: &str) -> Ec2Result<EbsBlockDevice> {
    for (parameter, given) in [
        ("KmsKeyId", ebs.kms_key_id.is_some()),
        ("OutpostArn", ebs.outpost_arn.is_some()),
        ("AvailabilityZone", ebs.availability_zone.is_some() || ebs.availability_zone_id.is_some()),
        ("VolumeInitializationRate", ebs.volume_initialization_rate.is_some()),
        ("EbsCardIndex", ebs.ebs_card_index.is_some()),
    ] {
        if given {
            let message = format!("The parameter {parameter} is not supported for the devices of an image.");
            return Err(Ec2Error::invalid_combination(message));
        }
    }
    let snapshot = ebs.snapshot_id.as_deref().filter(|id| !id.is_empty());
    let snapshot = snapshot.map(|id| snapshots::find(cx, id)).transpose()?;
    let mut encrypted = ebs.encrypted.unwrap_or_default();
    let mut size = ebs.volume_size;
    if let Some(snapshot) = &snapshot {
        if ebs.encrypted.is_some() {
            return Err(invalid(format!(
                "the encrypted flag cannot be specified since device {name} has a snapshot specified."
            )));
        }
        let (id, public) = (&snapshot.id, &snapshot.state.public);
        if !snapshot.state.is_completed() {
            let message = format!("Snapshot {id} is in invalid state - {}", public.state());
            return Err(Ec2Error::new("IncorrectState", message));
        }
        let least = public.volume_size();
        if size.is_some_and(|size| size < least) {
            return Err(invalid(format!(
                "Volume of size {}GB is smaller than snapshot '{id}', expect size >= {least}GB",
                size.unwrap_or_default()
            )));
        }
        encrypted = public.encrypted();
        size = size.or(public.volume_size);
    }
    let size = size.ok_or_else(|| invalid(format!("Device '{name}' must have a snapshot or a size")))?;
    let wish = Wish {
        volume_type: ebs.volume_type.as_deref(),
        size,
        iops: ebs.iops,
        throughput: ebs.throughput,
        multi_attach: false,
    };
    let spec = wish.check()?;
    Ok(EbsBlockDevice {
        delete_on_termination: Some(ebs.delete_on_termination.unwrap_or(true)),
        // A launch would take what is told for what is asked.
        iops: spec.iops.filter(|_| takes_iops(spec.volume_type)),
        throughput: spec.throughput,
        snapshot_id: snapshot.map(|snapshot| snapshot.id.to_string()),
        volume_size: Some(size),
        volume_type: Some(spec.volume_type.to_owned()),
        encrypted: Some(encrypted),
        ..EbsBlockDevice::default()
    })
}

pub(super) fn invalid(message: String) -> Ec2Error {
    Ec2Error::new("InvalidBlockDeviceMapping", message)
}
