//! The block devices of a launch: the image's, as the request changes them (AWS: "Block device mappings").

use std::collections::HashSet;

use archipelago_proto::ec2::v1::{BlockDeviceMapping, EbsBlockDevice, Image};
use archipelago_proto::{Ec2Error, Ec2Result};

/// What the instance has: its EBS volumes. Instance-store volumes come with the type and are not told.
pub(super) fn merge(image: &Image, wanted: &[BlockDeviceMapping]) -> Ec2Result<Vec<BlockDeviceMapping>> {
    let mut seen = HashSet::new();
    let mut merged: Vec<BlockDeviceMapping> = image.block_device_mappings.clone();
    for mapping in wanted {
        let name = mapping.device_name.as_deref().filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Ec2Error::missing_parameter("BlockDeviceMapping.DeviceName"))?;
        if !seen.insert(name) {
            return Err(invalid(format!("The device '{name}' is used in more than one block-device mapping")));
        }
        check_shape(mapping, name)?;
        let known = merged.iter().position(|known| known.device_name() == name);
        let root = image.root_device_name() == name && image.root_device_type() == "ebs";
        match known {
            _ if root && (mapping.no_device.is_some() || mapping.virtual_name.is_some()) => {
                return Err(invalid(format!("The root device '{name}' must be an EBS volume")));
            }
            Some(at) if mapping.no_device.is_some() => drop(merged.remove(at)),
            None if mapping.no_device.is_some() => {}
            Some(at) => merged[at] = overlay(&merged[at], mapping, root)?,
            None => merged.push(mapping.clone()),
        }
    }
    merged.retain(|mapping| mapping.ebs.is_some() && mapping.no_device.is_none());
    Ok(merged)
}

fn check_shape(mapping: &BlockDeviceMapping, name: &str) -> Ec2Result<()> {
    if let Some(virtual_name) = mapping.virtual_name.as_deref() {
        let number = virtual_name.strip_prefix("ephemeral").and_then(|number| number.parse::<u8>().ok());
        if number.is_none_or(|number| number > 23) {
            return Err(invalid(format!("Unknown virtual name '{virtual_name}'")));
        }
        if mapping.ebs.is_some() {
            return Err(invalid(format!("The device '{name}' may not have both a virtual name and an EBS volume")));
        }
    }
    if mapping.ebs.is_none() && mapping.virtual_name.is_none() && mapping.no_device.is_none() {
        return Err(invalid(format!("The mapping of '{name}' must have one of ebs, virtualName and noDevice")));
    }
    Ok(())
}

/// What the request says comes first.
fn overlay(image: &BlockDeviceMapping, wanted: &BlockDeviceMapping, root: bool) -> Ec2Result<BlockDeviceMapping> {
    let (Some(of_image), Some(ebs)) = (&image.ebs, &wanted.ebs) else { return Ok(wanted.clone()) };
    let snapshot_id = ebs.snapshot_id.clone().filter(|id| !id.is_empty());
    if root && snapshot_id.is_some() && snapshot_id != of_image.snapshot_id {
        return Err(invalid("The snapshotId of the root device cannot be modified".to_owned()));
    }
    // Performance figures belong to a volume type: another type does not inherit them.
    let same_type = ebs.volume_type.is_none() || ebs.volume_type == of_image.volume_type;
    let inherited = |value: Option<i32>| value.filter(|_| same_type);
    let ebs = EbsBlockDevice {
        delete_on_termination: ebs.delete_on_termination.or(of_image.delete_on_termination),
        iops: ebs.iops.or(inherited(of_image.iops)),
        snapshot_id: snapshot_id.or_else(|| of_image.snapshot_id.clone()),
        volume_size: ebs.volume_size.or(of_image.volume_size),
        volume_type: ebs.volume_type.clone().or_else(|| of_image.volume_type.clone()),
        throughput: ebs.throughput.or(inherited(of_image.throughput)),
        encrypted: ebs.encrypted.or(of_image.encrypted),
        ..ebs.clone()
    };
    Ok(BlockDeviceMapping { ebs: Some(ebs), ..wanted.clone() })
}

fn invalid(message: String) -> Ec2Error {
    Ec2Error::new("InvalidBlockDeviceMapping", message)
}

/// AWS, "Device names for volumes": `/dev/sd[a-z]` or `/dev/xvd[a-z]` and what may follow, on Windows `xvd..` too.
pub(in super::super) fn check_name(device: &str, windows: bool) -> Ec2Result<()> {
    let name = device.strip_prefix("/dev/").unwrap_or(if windows { device } else { "" });
    let rest = ["sd", "xvd", "hd"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or_default();
    let letters = rest.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let number = &rest[letters.len()..];
    let lower = letters.bytes().all(|letter| letter.is_ascii_lowercase());
    let numbered = number.is_empty() || (!number.starts_with('0') && number.parse::<u8>().is_ok_and(|n| n <= 15));
    if (1..=2).contains(&letters.len()) && lower && numbered {
        return Ok(());
    }
    Err(Ec2Error::invalid_parameter(format!(
        "Value ({device}) for parameter device is invalid. {device} is not a valid EBS device name."
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ebs(name: &str, ebs: EbsBlockDevice) -> BlockDeviceMapping {
        BlockDeviceMapping { device_name: Some(name.into()), ebs: Some(ebs), ..BlockDeviceMapping::default() }
    }

    fn image() -> Image {
        let root = EbsBlockDevice {
            snapshot_id: Some("snap-1".into()),
            volume_size: Some(8),
            volume_type: Some("gp3".into()),
            iops: Some(3000),
            delete_on_termination: Some(true),
            ..EbsBlockDevice::default()
        };
        Image {
            root_device_name: Some("/dev/xvda".into()),
            root_device_type: Some("ebs".into()),
            block_device_mappings: vec![ebs("/dev/xvda", root), ebs("/dev/sdb", EbsBlockDevice::default())],
            ..Image::default()
        }
    }

    #[test]
    fn the_request_changes_what_the_image_has() {
        let wider = ebs("/dev/xvda", EbsBlockDevice { volume_size: Some(20), ..EbsBlockDevice::default() });
        let without = BlockDeviceMapping {
            device_name: Some("/dev/sdb".into()),
            no_device: Some(String::new()),
            ..BlockDeviceMapping::default()
        };
        let merged = merge(&image(), &[wider, without]).unwrap();
        assert_eq!(merged.len(), 1);
        let root = merged[0].ebs.as_ref().unwrap();
        assert_eq!((root.volume_size(), root.snapshot_id(), root.iops()), (20, "snap-1", 3000));
    }

    #[test]
    fn another_volume_type_does_not_inherit_figures() {
        let other = ebs("/dev/xvda", EbsBlockDevice { volume_type: Some("gp2".into()), ..EbsBlockDevice::default() });
        assert_eq!(merge(&image(), &[other]).unwrap()[0].ebs.as_ref().unwrap().iops, None);
    }

    #[test]
    fn mappings_that_make_no_sense_are_refused() {
        let twice = [ebs("/dev/sdf", EbsBlockDevice::default()), ebs("/dev/sdf", EbsBlockDevice::default())];
        assert_eq!(merge(&image(), &twice).unwrap_err().code, "InvalidBlockDeviceMapping");
        let rootless = BlockDeviceMapping {
            device_name: Some("/dev/xvda".into()),
            no_device: Some(String::new()),
            ..BlockDeviceMapping::default()
        };
        assert_eq!(merge(&image(), &[rootless]).unwrap_err().code, "InvalidBlockDeviceMapping");
    }

    #[test]
    fn device_names_follow_the_operating_system() {
        for name in ["/dev/sdf", "/dev/sda1", "/dev/xvdba", "/dev/sdp15"] {
            assert!(check_name(name, false).is_ok(), "{name}");
        }
        for name in ["", "sdf", "/dev/", "/dev/sd", "/dev/sdF", "/dev/sdf16", "/dev/nvme1n1", "xvdf"] {
            assert!(check_name(name, false).is_err(), "{name}");
        }
        assert!(check_name("xvdf", true).is_ok());
    }
}
